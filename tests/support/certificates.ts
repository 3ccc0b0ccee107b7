/** X.509 certificates of a CA that nobody knows, made anew in each test: RFC 5280, in DER by hand. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

export interface Authority extends Issued {
  readonly name: string;
  /** A certificate for 127.0.0.1 and for a name. */
  issue(host: string): { readonly cert: string; readonly key: string };
}

const der = (tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const ascii = (text: string) => Buffer.from(text, 'ascii');

const commonName = [0x06, 3, 0x55, 0x04, 0x03];
const basicConstraints = [0x06, 3, 0x55, 0x1d, 0x13];
const subjectAltName = [0x06, 3, 0x55, 0x1d, 0x11];
const ecdsaWithSha256 = sequence(Buffer.from([0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const critical = [0x01, 1, 0xff];
const utcTime = (text: string) => der(0x17, ascii(text));

const nameOf = (name: string) =>
  sequence(der(0x31, sequence(Buffer.from(commonName), der(0x0c, ascii(name)))));

const extension = (id: readonly number[], value: Buffer, isCritical = false) =>
  sequence(Buffer.from(id), Buffer.from(isCritical ? critical : []), der(0x04, value));

let serial = 1;

/** @param by whose key signs it; its own, if nobody is named. */
function certify(name: string, extensions: readonly Buffer[], by?: Issued & { name: string }): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  serial += 1;
  const content = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [serial]),
    ecdsaWithSha256,
    nameOf(by?.name ?? name),
    sequence(utcTime('200101000000Z'), utcTime('491231235959Z')),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, by?.privateKey ?? privateKey);
  const base64 = sequence(content, ecdsaWithSha256, der(0x03, [0], signature)).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    privateKey,
  };
}

export function certificateAuthority(name = 'Test CA'): Authority {
  const isCa = extension(basicConstraints, sequence(Buffer.from(critical)), true);
  const own = { name, ...certify(name, [isCa]) };
  return {
    ...own,
    issue(host) {
      const names = sequence(der(0x82, ascii(host)), der(0x87, [127, 0, 0, 1]));
      const { certificate, privateKey } = certify(host, [extension(subjectAltName, names)], own);
      return { cert: certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}
