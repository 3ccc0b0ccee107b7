import * as v from 'valibot';
import { RecoveryError } from './recovery-error.ts';

/** Parses with a schema; the message says where and what was expected, never what was received. */
export function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  name: 'InvalidInput' | 'InvalidSettings',
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new RecoveryError(name, `${what}: ${describeIssue(result.issues[0])}.`);
}

const plainWords: Record<string, string> = {
  Array: 'a list',
  Object: 'an object',
  boolean: 'true or false',
  number: 'a number',
  string: 'text',
};

/** YAML reads `+821012345678` as a number, and `True` as a boolean. */
const howToBeText = (issue: v.BaseIssue<unknown>): string =>
  issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input)
    ? ': put it in quotes'
    : '';

/** `field: expected …`, without the received value, which may be a secret or as long as a whole payload. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue)?.slice(0, 80);
  if (issue.type.endsWith('object') && issue.expected?.startsWith('"'))
    return `${field}: this field is missing`;
  const isOurMessage = !issue.message.startsWith('Invalid ');
  const wanted = isOurMessage
    ? issue.message
    : issue.expected === 'never'
      ? 'no field of this name is known here'
      : `expected ${plainWords[issue.expected ?? ''] ?? issue.expected}${howToBeText(issue)}`;
  return field ? `${field}: ${wanted}` : wanted;
}
