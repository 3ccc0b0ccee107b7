/** A certificate that nobody but a test trusts, made anew each time: no private key is kept anywhere. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** One element of DER. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => element(0x30, ...parts);
const hex = (text: string) => Buffer.from(text, 'hex');
const objectId = (bytes: string) => element(0x06, hex(bytes));
const time = (date: Date) => element(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')));

/** ecdsa-with-SHA256, commonName and subjectAltName, as RFC 5758 and RFC 5280 number them. */
const [ecdsaWithSha256, commonName, subjectAltName] = ['2a8648ce3d040302', '550403', '551d11'] as const;
const dayMs = 86_400_000;

/**
 * A certificate for host names, signed by its own key.
 *
 * @returns both in PEM.
 */
export function selfSigned(...names: readonly string[]): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectId(ecdsaWithSha256));
  const name = sequence(
    element(0x31, sequence(objectId(commonName), element(0x0c, Buffer.from('env-recovery test')))),
  );
  const altNames = sequence(...names.map((one) => element(0x82, Buffer.from(one))));
  const content = sequence(
    element(0xa0, element(0x02, hex('02'))),
    element(0x02, Buffer.concat([hex('01'), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(new Date(Date.now() - dayMs)), time(new Date(Date.now() + dayMs))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(sequence(objectId(subjectAltName), element(0x04, altNames)))),
  );
  const signature = sign('sha256', content, privateKey);
  const der = sequence(content, algorithm, element(0x03, hex('00'), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
