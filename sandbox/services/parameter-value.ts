/** What Parameter Store takes as a value, and how it shows one. */
import { AwsError } from '../endpoint.ts';

/** What SSM refuses, according to the API reference of PutParameter. */
export function refuseValue({
  Value,
  AllowedPattern,
}: {
  readonly Value: string;
  readonly AllowedPattern?: string | undefined;
}): void {
  if (/\{\{.*\}\}/.test(Value))
    throw new AwsError(
      'ValidationException',
      'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.',
    );
  if (AllowedPattern !== undefined && !new RegExp(AllowedPattern).test(Value))
    throw new AwsError(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${AllowedPattern}`,
    );
}

/** A key that is gone encrypts nothing, and decrypts nothing that it has encrypted. */
export function refuseLostKey(keyId: string | undefined, lostKeys: ReadonlyMap<string, string>): void {
  const error = keyId === undefined ? undefined : lostKeys.get(keyId);
  if (error !== undefined) throw new AwsError(error, '');
}

interface EncryptedValue {
  readonly Value: string;
  readonly Type: string;
  readonly KeyId: string | undefined;
}

/** A SecureString that isn't decrypted is answered as ciphertext. */
export function shownValue(
  { Value, Type, KeyId }: EncryptedValue,
  decrypt: boolean,
  lostKeys: ReadonlyMap<string, string>,
): string {
  if (decrypt) refuseLostKey(KeyId, lostKeys);
  return Type === 'SecureString' && !decrypt ? `ENCRYPTED-${Buffer.byteLength(Value)}` : Value;
}
