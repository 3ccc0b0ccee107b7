import { type EnvDocument, effectiveEntries, isBlank, shownKeys } from './env-text.ts';

/** What a target's .env must hold to count as complete. */
export interface EnvContract {
  readonly requiredKeys: readonly string[];
  /** Each prefix needs at least one key that is not blank. */
  readonly requiredPrefixes: readonly string[];
}

/** Key names only: no field of this ever holds a value. */
export interface ContractFinding {
  readonly complete: boolean;
  readonly missingKeys: readonly string[];
  readonly blankKeys: readonly string[];
  readonly missingPrefixes: readonly string[];
  /** Required keys whose value is a template leftover, such as `{{ DB_HOST }}` or `<changeme>`. */
  readonly placeholderKeys: readonly string[];
}

const placeholder = /\{\{.*\}\}|^\s*["']?<[^<>]*>["']?\s*$|^\s*["']?change-?_?me["']?\s*$/i;

/** Whether the contract speaks of a key, by its name or its prefix. */
function isRequired(key: string, contract: EnvContract): boolean {
  return (
    contract.requiredKeys.includes(key) || contract.requiredPrefixes.some((prefix) => key.startsWith(prefix))
  );
}

/** Holds a text against its contract. Missing and blank keys are a finding, not an error. */
export function inspectEnv(document: EnvDocument, contract: EnvContract): ContractFinding {
  const entries = [...effectiveEntries(document).values()];
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const missingKeys = contract.requiredKeys.filter((key) => !byKey.has(key));
  const blankKeys = contract.requiredKeys.filter((key) => {
    const entry = byKey.get(key);
    return entry !== undefined && isBlank(entry.value);
  });
  const missingPrefixes = contract.requiredPrefixes.filter(
    (prefix) => !entries.some((entry) => entry.key.startsWith(prefix) && !isBlank(entry.value)),
  );
  const placeholderKeys = entries
    .filter((entry) => isRequired(entry.key, contract) && placeholder.test(entry.value))
    .map((entry) => entry.key);
  return {
    complete:
      document.flaw === undefined &&
      missingKeys.length + blankKeys.length + missingPrefixes.length + placeholderKeys.length === 0,
    missingKeys,
    blankKeys,
    missingPrefixes,
    placeholderKeys,
  };
}

/** The keys of a text that may be shown: none that might be a secret which merely reads like a key. */
export function namesOf(document: EnvDocument, contract: EnvContract): string[] {
  return shownKeys(document, (key) => isRequired(key, contract));
}
