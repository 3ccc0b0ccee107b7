/** An env that satisfies a target's contract, with values that are made up. */
import { type EnvContract, inspectEnv, type KeyRule } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { spellValue } from '../../env/edit.ts';
import { valuesOf } from '../../env/entries.ts';
import type { EnvReader } from '../../env/readers/readers.ts';
import { headerKeysOf } from '../../workflow/endpoint-request.ts';
import { canBeHeader } from '../../workflow/http-header.ts';
import type { Target } from '../../workflow/target.ts';
import { candidates } from './made-up-value.ts';

/** Says which key no value could be made up for, and what to do. */
export class NothingFits extends Error {
  override readonly name = 'NothingFits';
}

export interface EnvOptions {
  /** A text whose keys are taken, and values of the same kinds; not the values, and no comment. */
  readonly like?: string | undefined;
  /** Keys with the value that they have to have, if a rule of theirs allows it. */
  readonly wanted?: Readonly<Record<string, string>>;
}

/** Values by key, in the order of their lines. */
export type EnvValues = ReadonlyMap<string, string>;

/**
 * The keys of the text, then those of the contract that it lacks.
 *
 * @throws NothingFits
 */
export function makeUpEnv(target: Target, { like = '', wanted = {} }: EnvOptions = {}): EnvValues {
  const { parameter } = target;
  const given = valuesOf(like, parameter.reader);
  const keys = [
    ...new Set([...given.keys(), ...keysOf(parameter, [...given.keys()]), ...Object.keys(wanted)]),
  ];
  return new Map(
    keys.map((key) => [key, makeUpValue(target, key, { like: given.get(key), wanted: wanted[key] })]),
  );
}

/** What the contract asks for and names; for a prefix, the shortest name that begins with it. */
function keysOf({ requiredKeys, requiredPrefixes, rules }: EnvContract, given: readonly string[]): string[] {
  const named = [...new Set([...requiredKeys, ...Object.keys(rules)])];
  const prefixed = requiredPrefixes
    .filter((prefix) => ![...given, ...named].some((key) => key.startsWith(prefix)))
    .map((prefix) => `${prefix}VALUE`);
  return [...named, ...prefixed];
}

/** @throws NothingFits */
export function makeUpValue(
  { parameter, endpoint }: Target,
  key: string,
  { like, wanted }: { readonly like?: string | undefined; readonly wanted?: string | undefined } = {},
): string {
  const rule: Partial<KeyRule> = parameter.rules[key] ?? {};
  const contract = { requiredKeys: [key], requiredPrefixes: [], rules: parameter.rules };
  const isRight = (value: string) => {
    const line = lineOf(key, value, parameter.reader);
    return line !== undefined && inspectEnv(readEnvText(line, parameter.reader), contract).complete;
  };
  if (wanted !== undefined && isRight(wanted)) return wanted;
  for (const value of candidates(rule, like)) {
    const isOfSomebody = value === like && !rule.oneOf?.includes(value);
    const canBeSent = !headerKeysOf(endpoint).includes(key) || canBeHeader(value);
    if (!isOfSomebody && canBeSent && isRight(value)) return value;
  }
  throw new NothingFits(
    `no value could be made up for ${key}: its rule ${JSON.stringify(rule)} in parameter.rules asks for a value that ${parameter.reader} can't read, or has a pattern with a look-around; write that pattern with groups and classes`,
  );
}

const lineOf = (key: string, value: string, reader: EnvReader): string | undefined => {
  const spelled = spellValue(key, value, reader);
  return spelled === undefined ? undefined : `${key}=${spelled}\n`;
};

/** The text that its reader takes for these values. */
export const textOf = (values: EnvValues, reader: EnvReader): string =>
  [...values].map(([key, value]) => lineOf(key, value, reader) ?? '').join('');
