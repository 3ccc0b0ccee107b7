import { createContext, Script } from 'node:vm';
import * as v from 'valibot';
import { type EnvDocument, type EnvEntry, readEnvText } from './document.ts';
import { effectiveEntries, isBlank, shownKeys } from './entries.ts';
import type { EnvReader } from './readers/readers.ts';
import { standInOf } from './stand-ins.ts';
import { isUrl } from './url.ts';

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}

/** What the value of a key has to be like, if the text has that key. */
export const KeyRule = v.strictObject({
  nonEmpty: v.optional(v.boolean(), false),
  /** Nothing that stands in the place of a value, such as `{{ DB_HOST }}`, `<changeme>` or `None`. */
  noPlaceholder: v.optional(v.boolean(), false),
  type: v.optional(v.picklist(['url', 'integer'])),
  oneOf: v.optional(v.pipe(v.array(v.string()), v.minLength(1, 'expected at least one value'))),
  /** A regular expression; it has to match somewhere, so `^` and `$` are for the whole value. */
  pattern: v.optional(v.pipe(v.string(), v.check(isPattern, 'expected a regular expression'))),
});
export type KeyRule = v.InferOutput<typeof KeyRule>;

/** What a target's .env must hold to count as complete. */
export const EnvContract = v.object({
  /** Each of them neither blank nor a stand-in for a value. */
  requiredKeys: v.array(v.string()),
  /** Each prefix needs at least one key that is not blank. */
  requiredPrefixes: v.array(v.string()),
  rules: v.record(v.string(), KeyRule),
});
export type EnvContract = v.InferOutput<typeof EnvContract>;

/** Key names only: no field of this ever holds a value. */
export interface ContractFinding {
  readonly complete: boolean;
  readonly missingKeys: readonly string[];
  readonly blankKeys: readonly string[];
  readonly missingPrefixes: readonly string[];
  /** Keys that need a value and hold something in its place, each with the predicate of a sentence that says what. */
  readonly standIns: readonly { readonly key: string; readonly says: string }[];
  /** What the value of a key isn't: `a URL`, `an integer`. */
  readonly brokenRules: readonly { readonly key: string; readonly expected: string }[];
}

/** Whether the contract speaks of a key, by its name or its prefix. */
function isRequired(key: string, contract: EnvContract): boolean {
  return (
    contract.requiredKeys.includes(key) || contract.requiredPrefixes.some((prefix) => key.startsWith(prefix))
  );
}

type Gaps = Pick<ContractFinding, 'missingKeys' | 'blankKeys' | 'missingPrefixes'>;

function findGaps(document: EnvDocument, contract: EnvContract): Gaps {
  const byKey = effectiveEntries(document);
  const entries = [...byKey.values()];
  const missingKeys = contract.requiredKeys.filter((key) => !byKey.has(key));
  const blankKeys = entries
    .filter(({ value }) => isBlank(value))
    .map(({ key }) => key)
    .filter((key) => contract.requiredKeys.includes(key) || contract.rules[key]?.nonEmpty);
  const missingPrefixes = contract.requiredPrefixes.filter(
    (prefix) => !entries.some((entry) => entry.key.startsWith(prefix) && !isBlank(entry.value)),
  );
  return { missingKeys, blankKeys, missingPrefixes };
}

/** Checks a text against its contract. Whatever is wrong is a finding, not an error. */
export function inspectEnv(document: EnvDocument, contract: EnvContract): ContractFinding {
  const standIns = standInsOf(document);
  // A blank value is a gap, or allowed; a stand-in would break every rule.
  const withoutValue = new Set(standIns.map(({ key }) => key));
  const found = {
    ...findGaps(document, contract),
    standIns: standIns.filter(({ key }) => mayHoldNoStandIn(key, contract)),
    brokenRules: [...effectiveEntries(document).values()]
      .filter(({ key, value }) => !isBlank(value) && !withoutValue.has(key))
      .flatMap((entry) => breaches(entry, contract.rules[entry.key])),
  };
  return { ...found, complete: [...mistakesOf(document, found), ...gapsOf(found)].length === 0 };
}

/** All keys of a text that hold something in the place of a value, and what. */
function standInsOf(document: EnvDocument): ContractFinding['standIns'] {
  return [...effectiveEntries(document).values()].flatMap(({ key, value }) => {
    const says = standInOf(key, value);
    return says === undefined ? [] : [{ key, says }];
  });
}

function mayHoldNoStandIn(key: string, contract: EnvContract): boolean {
  return isRequired(key, contract) || contract.rules[key]?.noPlaceholder === true;
}

function breaches(
  { key, value }: EnvEntry,
  { type, oneOf, pattern }: Partial<KeyRule> = {},
): ContractFinding['brokenRules'] {
  return [
    type === 'url' && !isUrl(value) && 'a URL',
    type === 'integer' && !/^[+-]?\d+$/.test(value) && 'an integer',
    oneOf && !oneOf.includes(value) && `one of ${oneOf.join(', ')}`,
    pattern !== undefined && unlike(pattern, value),
  ]
    .filter((expected) => typeof expected === 'string')
    .map((expected) => ({ key, expected }));
}

/** Whether a value is certainly not like a pattern. One that isn't a pattern here, or takes too long, says nothing. */
export function breaksPattern(pattern: string, value: string): boolean {
  return isPattern(pattern) && unlike(pattern, value) === `like ${pattern}`;
}

/** A thousand times what an honest pattern takes for a value of 8 KB. */
const matchMilliseconds = 1000;
/** Patterns that once took too long: they are not tried again on each of a hundred versions. */
const slowPatterns = new Set<string>();
const sandbox = createContext({});
const match = new Script('new RegExp(pattern, "u").test(value)');

/**
 * What a value isn't, according to a pattern; false if it matches. A pattern such as `^(a|a)*$` can take years to fail:
 * it is given up after a while, and named.
 */
function unlike(pattern: string, value: string): string | false {
  if (slowPatterns.has(pattern)) return `told to be like ${pattern}, since that pattern takes too long`;
  try {
    Object.assign(sandbox, { pattern, value });
    return match.runInContext(sandbox, { timeout: matchMilliseconds }) === true ? false : `like ${pattern}`;
  } catch {
    slowPatterns.add(pattern);
    return unlike(pattern, value);
  } finally {
    Object.assign(sandbox, { pattern: '', value: '' });
  }
}

/** What a restore can fill, each in a few words. */
export function gapsOf(finding: Gaps): string[] {
  return [
    ...finding.missingKeys.map((key) => `${key} is missing`),
    ...finding.blankKeys.map((key) => `${key} is blank`),
    ...finding.missingPrefixes.map((prefix) => `no key that begins with ${prefix} has a value`),
  ];
}

/** Why nobody can rely on the reading of a text, by line. */
export function flawsOf({ flaw }: EnvDocument): string[] {
  return flaw?.isHard ? [`line ${flaw.line}: ${flaw.problem}`] : [];
}

/** What a restore would leave as it is, because it keeps the values it finds: a person has to correct it. */
export function mistakesOf(
  document: EnvDocument,
  finding: Pick<ContractFinding, 'standIns' | 'brokenRules'>,
): string[] {
  return [
    ...flawsOf(document),
    ...finding.standIns.map(({ key, says }) => `${key} ${says}`),
    ...finding.brokenRules.map(({ key, expected }) => `${key} is not ${expected}`),
  ];
}

/** What a person may want to know of a text, though it stops nothing: odd lines, and stand-ins in keys that need no value. */
export function notesOf(document: EnvDocument, contract: EnvContract): string[] {
  const shown = namesOf(document, contract);
  const standIns = standInsOf(document)
    .filter(({ key }) => shown.includes(key) && !mayHoldNoStandIn(key, contract))
    .map(({ key, says }) => `${key} ${says}`);
  const oddLines = document.flaws
    .filter(({ isHard }) => !isHard)
    .map(({ line, problem }) => `line ${line}: ${problem}`);
  return [...oddLines, ...standIns];
}

/** The keys of a text that may be shown: none that may be a secret that only looks like a key. */
export function namesOf(document: EnvDocument, contract: EnvContract): string[] {
  return shownKeys(document, (key) => isRequired(key, contract) || Object.hasOwn(contract.rules, key));
}

/** Whether a text satisfies the contract, as its reader reads it. */
export function isComplete(text: string, reader: EnvReader, contract: EnvContract): boolean {
  return inspectEnv(readEnvText(text, reader), contract).complete;
}

/**
 * Whether a text has all that is required, and its reader takes it: what a restore can bring back, and a deploy can
 * run with. Unlike a complete text it may hold stand-ins and break rules: it ran like that, or the rule came later.
 */
export function isUsable(text: string, reader: EnvReader, contract: EnvContract): boolean {
  return whyUnusable(text, reader, contract).length === 0;
}

/** What keeps a text from being usable, each in a few words without a value. */
export function whyUnusable(text: string, reader: EnvReader, contract: EnvContract): string[] {
  const document = readEnvText(text, reader);
  return [...flawsOf(document), ...gapsOf(findGaps(document, contract))];
}
