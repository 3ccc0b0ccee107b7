/**
 * Policies of IAM, evaluated as "Policy evaluation logic" in its guide says for one account: an explicit Deny wins,
 * then an Allow, and without either it is an implicit Deny. Of the conditions it knows those that the stack's roles
 * have.
 */
import * as v from 'valibot';

const OneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);

const Statement = v.object({
  Effect: v.picklist(['Allow', 'Deny']),
  Action: OneOrMore,
  Resource: OneOrMore,
  Condition: v.optional(
    v.strictObject({
      StringEquals: v.optional(v.record(v.string(), OneOrMore), {}),
      StringLike: v.optional(v.record(v.string(), OneOrMore), {}),
      ArnLike: v.optional(v.record(v.string(), OneOrMore), {}),
      Null: v.optional(v.record(v.string(), v.picklist(['true', 'false'])), {}),
    }),
  ),
});
type Statement = v.InferOutput<typeof Statement>;

/** Anything else in it, such as a `NotAction`, makes it no policy here. */
export const PolicyDocument = v.object({
  Version: v.optional(v.string()),
  Statement: v.union([
    v.array(Statement),
    v.pipe(
      Statement,
      v.transform((one) => [one]),
    ),
  ]),
});
export type PolicyDocument = v.InferOutput<typeof PolicyDocument>;

/** What somebody wants to do; `context` has the values of condition keys. */
export interface Question {
  readonly action: string;
  readonly resource: string;
  readonly context: ReadonlyMap<string, readonly string[]>;
}

export interface Decision {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** The names of the policies that decide it. */
  readonly matched: readonly string[];
  /** Condition keys that the policies go by and the question has no value for. */
  readonly missingKeys: readonly string[];
}

/** @param policies by name. */
export function decide(policies: ReadonlyMap<string, PolicyDocument>, question: Question): Decision {
  const statements = [...policies].flatMap(([name, { Statement }]) =>
    Statement.map((statement) => ({ name, statement })),
  );
  const about = statements.filter(({ statement }) => isAbout(statement, question));
  const keys = about.flatMap(({ statement }) => keysOf(statement));
  const missingKeys = [...new Set(keys)].filter((key) => !question.context.has(key));
  const byEffect = (effect: Statement['Effect']) => [
    ...new Set(
      about
        .filter(({ statement }) => statement.Effect === effect && holds(statement, question.context))
        .map(({ name }) => name),
    ),
  ];
  const [denying, allowing] = [byEffect('Deny'), byEffect('Allow')];
  if (denying.length > 0) return { decision: 'explicitDeny', matched: denying, missingKeys };
  if (allowing.length > 0) return { decision: 'allowed', matched: allowing, missingKeys };
  return { decision: 'implicitDeny', matched: [], missingKeys };
}

/** Names of actions are the same in capitals; ARNs are not. */
const isAbout = ({ Action, Resource }: Statement, { action, resource }: Question) =>
  Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
  Resource.some((pattern) => matches(pattern, resource));

const keysOf = ({ Condition = { StringEquals: {}, StringLike: {}, ArnLike: {}, Null: {} } }: Statement) =>
  Object.values(Condition).flatMap((conditions) => Object.keys(conditions));

/** All conditions of a statement have to hold, and of the values of each any one. */
function holds({ Condition }: Statement, context: Question['context']): boolean {
  if (!Condition) return true;
  const { StringEquals, StringLike, ArnLike, Null } = Condition;
  const is = (
    conditions: Readonly<Record<string, readonly string[]>>,
    test: (wanted: string, value: string) => boolean,
  ) =>
    Object.entries(conditions).every(([key, wanted]) =>
      context.get(key)?.some((value) => wanted.some((one) => test(one, value))),
    );
  return (
    is(StringEquals, (one, value) => one === value) &&
    is(StringLike, matches) &&
    is(ArnLike, matches) &&
    Object.entries(Null).every(([key, isAbsent]) => (isAbsent === 'true') !== context.has(key))
  );
}

/** `*` stands for any characters, `?` for one. */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
