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

const plainWords: Record<string, string> = { Array: 'a list', Object: 'an object' };

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
      : `expected ${plainWords[issue.expected ?? ''] ?? issue.expected}`;
  return field ? `${field}: ${wanted}` : wanted;
}
