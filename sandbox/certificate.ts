/** Certificates that are made up, in DER by the rules of RFC 5280, since Node writes none. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { parseRange } from '../workflow/network/addresses.ts';

export interface Certificate {
  readonly name: string;
  /** Both as PEM. */
  readonly cert: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

export interface CertificateOptions {
  readonly name: string;
  /** Names and addresses that it is for, IPv6 without brackets. */
  readonly hosts?: readonly string[];
  /** Whether it may sign others. */
  readonly isAuthority?: boolean;
  /** Whose key signs it; its own, if nobody is named. */
  readonly issuer?: Certificate;
}

/** An element: its tag, its length, and what is in it. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const ascii = (tag: number, text: string) => der(tag, Buffer.from(text, 'ascii'));

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = oid('550403');
const subjectAltName = oid('551d11');
const basicConstraints = oid('551d13');
const yes = der(0x01, Buffer.from([0xff]));

const nameOf = (name: string) => sequence(der(0x31, sequence(commonName, ascii(0x0c, name))));
const validity = sequence(ascii(0x17, '200101000000Z'), ascii(0x17, '491231235959Z'));

/** A name, or an address in its bytes. */
function generalName(host: string): Buffer {
  const address = parseRange(host);
  if (!address) return ascii(0x82, host);
  const digits = address.family === 4 ? 8 : 32;
  return der(0x87, Buffer.from(address.first.toString(16).padStart(digits, '0'), 'hex'));
}

export function certify({ name, hosts = [], isAuthority = false, issuer }: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    ...(isAuthority ? [sequence(basicConstraints, yes, der(0x04, sequence(yes)))] : []),
    ...(hosts.length > 0 ? [sequence(subjectAltName, der(0x04, sequence(...hosts.map(generalName))))] : []),
  ];
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // The serial number, positive and without a zero at its beginning.
    der(0x02, Buffer.from([0x40]), randomBytes(15)),
    ecdsaWithSha256,
    nameOf(issuer?.name ?? name),
    validity,
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, issuer?.privateKey ?? privateKey);
  const base64 = sequence(content, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature)).toString(
    'base64',
  );
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    name,
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
  };
}
