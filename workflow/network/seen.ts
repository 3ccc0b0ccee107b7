/** What a look has found, or why there was none; `why` names the IAM action, e.g. `ec2:DescribeSubnets is not allowed`. */
export type Seen<T> =
  | { readonly seen: true; readonly value: T }
  | { readonly seen: false; readonly code: UnseenCode; readonly why: string };

/** `AccountUnknown`: nobody knows of which account. */
export type UnseenCode = 'NotAllowed' | 'NotAnswered' | 'AccountUnknown';

export const seen = <T>(value: T): Seen<T> => ({ seen: true, value });

export const unseen = (why: string, code: UnseenCode = 'NotAnswered') =>
  ({ seen: false, code, why }) as const;

/** What was seen, as something else. */
export const mapSeen = <T, U>(fact: Seen<T>, change: (value: T) => U): Seen<U> =>
  fact.seen ? seen(change(fact.value)) : fact;
