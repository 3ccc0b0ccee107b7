import { paginateGetParameterHistory, type SSMClient } from '@aws-sdk/client-ssm';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { ParameterVersion } from '../workflow/versions.ts';
import { callPages } from './call.ts';

/**
 * What a read of a parameter failed by, with its KMS key if that is the cause. SSM names the key in the text of its
 * error only, and has one name for two causes: `AccessDeniedException` for a read that is denied and for a key that is.
 * If the same read works without decryption, it is the key.
 *
 * @param read the same read, without decryption.
 */
export async function aboutKey(
  ssm: SSMClient,
  name: string,
  error: unknown,
  read: () => Promise<ParameterVersion | undefined>,
): Promise<unknown> {
  const isOfKey =
    error instanceof RecoveryError && (error.name === 'AccessDenied' || error.name === 'KmsKeyUnusable');
  if (!isOfKey) return error;
  try {
    const encrypted = await read();
    if (!encrypted) return error;
    const keyId = await readKeyId(ssm, name, encrypted.version);
    const { cause } = error;
    if (error.name === 'KmsKeyUnusable') {
      const found = `parameter ${name}: its KMS key ${keyId} is disabled, is being deleted, or doesn't exist (${cause?.name}).`;
      return new RecoveryError('KmsKeyUnusable', found, { cause });
    }
    return new RecoveryError(
      'AccessDenied',
      `kms:Decrypt on KMS key ${keyId} of parameter ${name}: denied.`,
      {
        remedy: 'Allow kms:Decrypt with that key in the policy of the role, and in the policy of the key.',
        cause,
      },
    );
  } catch {
    return error;
  }
}

/** As the parameter has it: an id, an ARN or an alias. Only the history tells it. */
async function readKeyId(ssm: SSMClient, name: string, version: number): Promise<string> {
  const versions = await callPages(
    { action: 'ssm:GetParameterHistory', resource: `parameter ${name}` },
    paginateGetParameterHistory({ client: ssm, pageSize: 50 }, { Name: name }),
    'Parameters',
  );
  return versions.find(({ Version }) => Version === version)?.KeyId ?? '(not told)';
}
