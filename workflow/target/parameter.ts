/** `parameter` and `restore` of a target: the env, and where a restore looks for it. */
import * as v from 'valibot';
import { KeyRule } from '../../env/contract.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { envKey, keyArn, parameterName, parameterPath, region } from './fields.ts';

const contract = {
  requiredKeys: v.pipe(v.array(envKey), v.minLength(1, 'expected at least one key')),
  requiredPrefixes: v.optional(v.array(envKey), []),
  rules: v.optional(v.record(envKey, KeyRule), {}),
  kmsKeyArn: v.optional(keyArn),
};

/** One parameter that holds a whole text. */
const OneText = v.strictObject({
  name: parameterName,
  reader: v.pipe(
    v.optional(v.picklist(envReaders), 'dotenv'),
    v.transform((reader): EnvReader => reader),
  ),
  ...contract,
});
type OneText = v.InferOutput<typeof OneText>;

/** A parameter for each key below a path. From here on its name is the path, with the slash at its end. */
const OnePerKey = v.pipe(
  v.strictObject({
    path: parameterPath,
    name: v.optional(v.never('expected either name or path')),
    reader: v.optional(
      v.never('below a path there is no text to be read, and each value is what its parameter holds'),
    ),
    ...contract,
  }),
  v.transform(({ path, ...parameter }): OneText => ({ ...parameter, name: path, reader: 'path' })),
);

export const Parameter = v.lazy((input) =>
  typeof input === 'object' && input !== null && 'path' in input ? OnePerKey : OneText,
);

/** The copy is of the same kind as the env: a parameter, or a path in the place of its name. */
export const Restore = v.pipe(
  v.optional(
    v.strictObject({
      backupParameter: v.optional(parameterName),
      backupPath: v.optional(parameterPath),
      backupRegion: v.optional(region),
      backupKmsKeyArn: v.optional(keyArn),
    }),
    {},
  ),
  v.check(
    ({ backupParameter, backupPath }) => backupParameter === undefined || backupPath === undefined,
    'expected either backupParameter or backupPath',
  ),
  v.transform(({ backupPath, ...restore }) =>
    backupPath === undefined ? restore : { ...restore, backupParameter: backupPath },
  ),
);
