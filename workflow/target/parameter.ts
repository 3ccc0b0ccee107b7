/** `parameter` and `restore` of a target: the env, and where a restore looks for it. */
import * as v from 'valibot';
import { KeyRule } from '../../env/contract.ts';
import { envReaders } from '../../env/readers/readers.ts';
import { envKey, keyArn, parameterName, region } from './fields.ts';

export const Parameter = v.strictObject({
  name: parameterName,
  reader: v.optional(v.picklist(envReaders), 'dotenv'),
  requiredKeys: v.pipe(v.array(envKey), v.minLength(1, 'expected at least one key')),
  requiredPrefixes: v.optional(v.array(envKey), []),
  rules: v.optional(v.record(envKey, KeyRule), {}),
  kmsKeyArn: v.optional(keyArn),
});

export const Restore = v.optional(
  v.strictObject({
    backupParameter: v.optional(parameterName),
    backupRegion: v.optional(region),
    backupKmsKeyArn: v.optional(keyArn),
  }),
  {},
);
