/** The certificates that `endpoint.caFile` names. They are public, and shipped with the target. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText, UnreadableText } from '../env/decode-text.ts';

/** What is wrong with the file, as the predicate of a message. */
export class CaFileUnusable extends Error {
  override readonly name = 'CaFileUnusable';
}

/**
 * The certificates of the file as PEM, without what else is in it.
 *
 * @param directory of the target file.
 * @throws CaFileUnusable
 */
export function readCaFile(directory: string, caFile: string): string {
  const text = readPem(join(directory, caFile), caFile);
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    throw new CaFileUnusable(
      `${caFile} holds a private key, which would be shipped with the functions: leave the certificates alone in it, and keep the key out of this folder`,
    );
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    throw new CaFileUnusable(
      `${caFile} holds no certificate as PEM, which begins with -----BEGIN CERTIFICATE-----`,
    );
  const certificates = blocks.map((pem, index) => parsePem(pem, `${caFile}: certificate ${index + 1}`));
  // OpenSSL trusts a chain only down to its root: X509_V_FLAG_PARTIAL_CHAIN in X509_VERIFY_PARAM_set_flags(3) is off.
  if (!certificates.some(({ subject, issuer }) => subject === issuer))
    throw new CaFileUnusable(
      `${caFile} lacks the root: expected the certificate of the CA that nobody else has signed, and not that of the API alone`,
    );
  return certificates.map(String).join('');
}

function readPem(path: string, caFile: string): string {
  try {
    const bytes = readFileSync(path);
    // A SEQUENCE of more than 127 bytes: ITU-T X.690, sections 8.1.3.5 and 8.9.
    if (bytes[0] === 0x30 && (bytes[1] ?? 0) > 0x80)
      throw new CaFileUnusable(
        `${caFile} is DER, expected PEM: openssl x509 -inform der -in ${caFile} -out ca.pem converts a certificate, and so does certutil -encode ${caFile} ca.pem on Windows`,
      );
    return decodeText(bytes, caFile, { path, platform: process.platform });
  } catch (error) {
    if (error instanceof CaFileUnusable) throw error;
    if (error instanceof UnreadableText) throw new CaFileUnusable(error.message);
    if (error instanceof Error && 'code' in error)
      throw new CaFileUnusable(
        `${caFile} can't be read as a file (${String(error.code)}): its path goes on from the target file`,
      );
    throw error;
  }
}

function parsePem(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CaFileUnusable(`${what} is damaged: export it again`);
  }
}
