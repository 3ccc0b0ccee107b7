/** A certificate that is made up: signed by itself, in DER by the rules of RFC 5280, since Node writes none. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { parseRange } from '../workflow/network/addresses.ts';

export interface Certificate {
  /** Both as PEM. */
  readonly key: string;
  readonly cert: string;
}

const validDays = 30;

/** An element: its tag, its length, and what is in it. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), body]);
}

const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const utcTime = (timeMs: number) =>
  der(
    0x17,
    Buffer.from(
      `${new Date(timeMs)
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  );

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const subjectAltName = oid('551d11');
const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('env-recovery sandbox')))));

/** A name, or an address in its bytes. */
function generalName(host: string): Buffer {
  const address = parseRange(host);
  if (!address) return der(0x82, Buffer.from(host));
  const digits = address.family === 4 ? 8 : 32;
  return der(0x87, Buffer.from(address.first.toString(16).padStart(digits, '0'), 'hex'));
}

/** @param hosts names and addresses, IPv6 without brackets. */
export function makeUpCertificate(hosts: readonly string[], nowMs = Date.now()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // Positive, and without a zero at its beginning.
    der(0x02, Buffer.from([0x40]), randomBytes(15)),
    ecdsaWithSha256,
    name,
    sequence(utcTime(nowMs - 3_600_000), utcTime(nowMs + validDays * 24 * 3_600_000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(subjectAltName, der(0x04, sequence(...hosts.map(generalName)))))),
  );
  const certificate = sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, privateKey)));
  const lines = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
