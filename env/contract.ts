import { createContext, Script } from 'node:vm';
import * as v from 'valibot';
import { type EnvDocument, type EnvEntry, readEnvText } from './document.ts';
import { effectiveEntries, isBlank, shownKeys } from './entries.ts';
import type { EnvReader } from './readers/readers.ts';

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
  /** Nothing left over from a template, such as `{{ DB_HOST }}` or `<changeme>`. */
  noPlaceholder: v.optional(v.boolean(), false),
  type: v.optional(v.picklist(['url', 'integer'])),
  oneOf: v.optional(v.pipe(v.array(v.string()), v.minLength(1, 'expected at least one value'))),
  /** A regular expression; it has to match somewhere, so `^` and `$` are for the whole value. */
  pattern: v.optional(v.pipe(v.string(), v.check(isPattern, 'expected a regular expression'))),
});
export type KeyRule = v.InferOutput<typeof KeyRule>;

/** What a target's .env must hold to count as complete. */
export const EnvContract = v.object({
  /** Each of them neither blank nor a placeholder. */
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
  /** Keys whose value is left over from a template. */
  readonly placeholderKeys: readonly string[];
  /** What the value of a key isn't: `a URL`, `an integer`. */
  readonly brokenRules: readonly { readonly key: string; readonly expected: string }[];
}

const placeholder = /\{\{.*\}\}|^\s*["']?<[^<>]*>["']?\s*$|^\s*["']?change-?_?me["']?\s*$/i;

/** Whether the contract speaks of a key, by its name or its prefix. */
function isRequired(key: string, contract: EnvContract): boolean {
  return (
    contract.requiredKeys.includes(key) || contract.requiredPrefixes.some((prefix) => key.startsWith(prefix))
  );
}

/** Holds a text against its contract. Whatever is wrong is a finding, not an error. */
export function inspectEnv(document: EnvDocument, contract: EnvContract): ContractFinding {
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
  const placeholderKeys = entries
    .filter(({ key, value }) => placeholder.test(value) && mayHoldNoPlaceholder(key, contract))
    .map(({ key }) => key);
  const brokenRules = entries.flatMap((entry) => breaches(entry, contract.rules[entry.key]));
  const problemCount = [missingKeys, blankKeys, missingPrefixes, placeholderKeys, brokenRules].flat().length;
  return {
    complete: document.flaw === undefined && problemCount === 0,
    missingKeys,
    blankKeys,
    missingPrefixes,
    placeholderKeys,
    brokenRules,
  };
}

function mayHoldNoPlaceholder(key: string, contract: EnvContract): boolean {
  return isRequired(key, contract) || contract.rules[key]?.noPlaceholder === true;
}

function breaches(
  { key, value }: EnvEntry,
  { type, oneOf, pattern }: Partial<KeyRule> = {},
): ContractFinding['brokenRules'] {
  // A blank value is a finding of its own, or allowed; a placeholder would break every rule.
  if (isBlank(value) || placeholder.test(value)) return [];
  return [
    type === 'url' && !isUrl(value) && 'a URL',
    type === 'integer' && !/^[+-]?\d+$/.test(value) && 'an integer',
    oneOf && !oneOf.includes(value) && `one of ${oneOf.join(', ')}`,
    pattern !== undefined && unlike(pattern, value),
  ]
    .filter((expected) => typeof expected === 'string')
    .map((expected) => ({ key, expected }));
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

function isUrl(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/./i.test(value) && URL.canParse(value);
}

/** What a restore can fill, each in a few words. */
export function gapsOf(finding: ContractFinding): string[] {
  return [
    ...finding.missingKeys.map((key) => `${key} is missing`),
    ...finding.blankKeys.map((key) => `${key} is blank`),
    ...finding.missingPrefixes.map((prefix) => `no key that begins with ${prefix} has a value`),
  ];
}

/** What a restore would leave as it is, because it keeps the values it finds: a person has to correct it. */
export function mistakesOf(document: EnvDocument, finding: ContractFinding): string[] {
  return [
    ...(document.flaw ? [`line ${document.flaw.line}: ${document.flaw.problem}`] : []),
    ...finding.placeholderKeys.map((key) => `${key} holds a template's placeholder`),
    ...finding.brokenRules.map(({ key, expected }) => `${key} is not ${expected}`),
  ];
}

/** The keys of a text that may be shown: none that may be a secret that only looks like a key. */
export function namesOf(document: EnvDocument, contract: EnvContract): string[] {
  return shownKeys(document, (key) => isRequired(key, contract) || Object.hasOwn(contract.rules, key));
}

/** Whether a text satisfies the contract, as its reader reads it. */
export function isComplete(text: string, reader: EnvReader, contract: EnvContract): boolean {
  return inspectEnv(readEnvText(text, reader), contract).complete;
}
