/** What a rule makes of what was looked at. */
import type { Seen } from '../network/seen.ts';
import type { BrokenCode, UnknownCode } from './catalogue.ts';

/** The placeholders that the commands of one finding have, besides those of the target. */
export type Names = Readonly<
  Partial<
    Record<
      | 'instance'
      | 'key'
      | 'rule'
      | 'alarm'
      | 'policy'
      | 'reason'
      | 'address'
      | 'role'
      | 'role-arn'
      | 'schedule'
      | 'schedule-group',
      string
    >
  >
>;

/** One thing that was looked at: `says` has what was seen and when, in a sentence without a value. */
export type Check =
  | { readonly state: 'ok'; readonly says: string }
  | {
      readonly state: 'broken';
      readonly code: BrokenCode;
      readonly says: string;
      readonly names: Names;
      /** Commands that put just this right, with placeholders; none if the catalogue's does. */
      readonly commands: readonly string[];
    }
  | { readonly state: 'unknown'; readonly code: UnknownCode; readonly says: string; readonly names: Names };

export const ok = (says: string): Check => ({ state: 'ok', says });

export const broken = (
  code: BrokenCode,
  says: string,
  names: Names = {},
  commands: readonly string[] = [],
): Check => ({ state: 'broken', code, says, names, commands });

export const unknown = (code: UnknownCode, says: string, names: Names = {}): Check => ({
  state: 'unknown',
  code,
  says,
  names,
});

/** Judges what was seen; what could not be looked at is unknown. */
export function judge<T>(fact: Seen<T>, rule: (value: T) => readonly Check[]): readonly Check[] {
  return fact.seen ? rule(fact.value) : [unknown(fact.code, fact.why)];
}

/** What was seen, if it was. */
export const seenIn = <T>(fact: Seen<T> | null): T | undefined => (fact?.seen ? fact.value : undefined);
