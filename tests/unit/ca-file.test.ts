/** The file that `endpoint.caFile` of a target names. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTarget } from '../../targets/load.ts';
import { certificateAuthority } from '../support/certificates.ts';

const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
afterAll(() => rmSync(directory, { recursive: true }));
const [authority, other] = [certificateAuthority(), certificateAuthority('Other CA')];
const { certificate } = authority;
const { cert: ofApi, key: privateKey } = authority.issue('api.example.com');
const academy = readFileSync(join(import.meta.dirname, '..', '..', 'targets', 'academy-api.yml'), 'utf8');

/** Loads a target that names the file `ca.pem` with these bytes. */
function load(bytes: string | Uint8Array, caFile = 'ca.pem') {
  writeFileSync(join(directory, 'ca.pem'), bytes);
  const text = academy
    .replace('url: &endpointUrl http:', 'url: &endpointUrl https:')
    .replace(/# caFile: .*/, `caFile: ${caFile}`);
  writeFileSync(join(directory, 'mine.yml'), text);
  return loadTarget('mine', directory).endpoint;
}

describe('the file of a CA', () => {
  it('gives its certificates to the target, and nothing else that is in it', () => {
    const { caFile, caCertificates } = load(`# Test CA\nsubject=CN = Test CA\n${certificate}`);
    expect({ caFile, caCertificates }).toEqual({ caFile: 'ca.pem', caCertificates: certificate });
    expect(load(`${other.certificate}\n${certificate}`).caCertificates).toBe(other.certificate + certificate);
  });

  it('may be in a folder beside the target file', () => {
    mkdirSync(join(directory, 'certificates'));
    writeFileSync(join(directory, 'certificates', 'own.pem'), certificate);
    expect(load('', './certificates/own.pem').caCertificates).toBe(certificate);
  });

  it.each([
    ['CRLF', certificate.replaceAll('\n', '\r\n')],
    ['UTF-16, as PowerShell saves it', Buffer.from(`\uFEFF${certificate}`, 'utf16le')],
  ])('can have %s', (_how, bytes) => {
    expect(load(bytes).caCertificates).toBe(certificate);
  });

  it.each<[what: string, bytes: string | Uint8Array, told: string]>([
    ['a private key', `${certificate}${privateKey}`, 'ca.pem holds a private key, which would be shipped'],
    ['nothing', '', 'ca.pem holds no certificate as PEM'],
    [
      'DER',
      Buffer.from(certificate.replaceAll(/-----.*-----|\n/g, ''), 'base64'),
      'ca.pem is DER, expected PEM: openssl x509 -inform der -in ca.pem -out ca.pem',
    ],
    ['the certificate of the API alone', ofApi, 'ca.pem lacks the root: expected the certificate of the CA'],
    ['a part', certificate.replace(/\n.*\n/, '\n'), 'ca.pem: certificate 1 is damaged: export it again'],
    ['bytes of no encoding', Buffer.from([0xc7, 0xd1]), 'ca.pem is neither UTF-8 nor UTF-16'],
  ])('is refused with %s, in one line that shows none of it', (_what, bytes, told) => {
    const shown = expect.objectContaining({
      name: 'TargetInvalid',
      message: expect.stringContaining(`mine.yml: endpoint.caFile: ${told}`),
    });
    expect(() => load(bytes)).toThrow(shown);
    expect(() => load(bytes)).not.toThrow(/MII|MIG/);
  });

  it('is refused if it is not there', () => {
    expect(() => load('', 'other.pem')).toThrow(
      "mine.yml: endpoint.caFile: other.pem can't be read as a file (ENOENT): its path goes on from the target file",
    );
  });
});
