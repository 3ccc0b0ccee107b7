/** `parameter` and `restore` of a target: the env, and where a restore looks for it. */
import * as v from 'valibot';
import { KeyRule } from '../../env/contract.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { nameOfTexts } from '../spread-env.ts';
import { envKey, keyArn, parameterName, parameterNames, parameterPath, region } from './fields.ts';

const contract = {
  requiredKeys: v.pipe(v.array(envKey), v.minLength(1, 'expected at least one key')),
  requiredPrefixes: v.optional(v.array(envKey), []),
  rules: v.optional(v.record(envKey, KeyRule), {}),
  kmsKeyArn: v.optional(keyArn),
};

const textReader = v.pipe(
  v.optional(v.picklist(envReaders), 'dotenv'),
  v.transform((reader): EnvReader => reader),
);

/** One parameter that holds a whole text. */
const OneText = v.strictObject({ name: parameterName, reader: textReader, ...contract });
type OneText = v.InferOutput<typeof OneText>;

const oneOfThree = v.optional(v.never('expected either name, names or path'));

/** Several parameters, each with a text. From here on their name is that of all of them. */
const SeveralTexts = v.pipe(
  v.strictObject({
    names: parameterNames,
    name: oneOfThree,
    path: oneOfThree,
    reader: textReader,
    ...contract,
  }),
  v.transform(({ names, ...parameter }): OneText => ({ ...parameter, name: nameOfTexts(names) })),
);

/** A parameter for each key below a path. From here on its name is the path, with the slash at its end. */
const OnePerKey = v.pipe(
  v.strictObject({
    path: parameterPath,
    name: oneOfThree,
    reader: v.optional(
      v.never('below a path there is no text to be read, and each value is what its parameter holds'),
    ),
    ...contract,
  }),
  v.transform(({ path, ...parameter }): OneText => ({ ...parameter, name: path, reader: 'path' })),
);

const isWith = (field: string, input: unknown): boolean =>
  typeof input === 'object' && input !== null && field in input;

export const Parameter = v.lazy((input) =>
  isWith('names', input) ? SeveralTexts : isWith('path', input) ? OnePerKey : OneText,
);

/** The copy is of the same kind as the env; its name is a parameter's, a path, or that of several texts. */
export const Restore = v.pipe(
  v.optional(
    v.strictObject({
      backupParameter: v.optional(parameterName),
      backupPath: v.optional(parameterPath),
      backupNames: v.optional(parameterNames),
      backupRegion: v.optional(region),
      backupKmsKeyArn: v.optional(keyArn),
    }),
    {},
  ),
  v.check(
    ({ backupParameter, backupPath, backupNames }) =>
      [backupParameter, backupPath, backupNames].filter((copy) => copy !== undefined).length <= 1,
    'expected either backupParameter, backupPath or backupNames',
  ),
  v.transform(({ backupPath, backupNames, ...restore }) => {
    const name = backupPath ?? (backupNames && nameOfTexts(backupNames));
    return name === undefined ? restore : { ...restore, backupParameter: name };
  }),
);
