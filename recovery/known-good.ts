/** Which text to go back to. */
import { type EnvContract, inspectEnv } from './contract.ts';
import { type EnvReader, effectiveEntries, readEnvText } from './env-text.ts';
import { unionEnv } from './merge.ts';
import { knownGoodLabel, type ParameterRecord } from './parameter.ts';

export interface GoodVersion {
  readonly version: number;
  readonly isKnownGood: boolean;
  /** That version's text, with the keys that only newer complete versions hold. */
  readonly text: string;
  /** Keys to which the newest complete version gives another value. */
  readonly supersededKeys: readonly string[];
}

/** Whether a text satisfies the contract, as its reader reads it. */
export function isComplete(text: string, reader: EnvReader, contract: EnvContract): boolean {
  return inspectEnv(readEnvText(text, reader), contract).complete;
}

/**
 * The version to restore: the known-good one, else the newest, and only if it satisfies the contract. A key that was
 * added since the known-good version is a loss as well, so newer complete versions lend the keys that it lacks.
 *
 * @param history all versions, oldest first.
 */
export function findGoodVersion(
  history: readonly ParameterRecord[],
  reader: EnvReader,
  contract: EnvContract,
): GoodVersion | undefined {
  const complete = history.filter(({ text }) => isComplete(text, reader, contract));
  const known = complete.findLast(({ labels }) => labels.includes(knownGoodLabel));
  const newest = complete.at(-1);
  const base = known ?? newest;
  if (!base || !newest) return undefined;
  const newer = complete.filter(({ version }) => version > base.version).reverse();
  const text = newer.reduce((merged, { text: later }) => unionEnv(merged, later, reader), base.text);
  const [values, latest] = [text, newest.text].map((one) => effectiveEntries(readEnvText(one, reader)));
  return {
    version: base.version,
    isKnownGood: base === known,
    text,
    supersededKeys: [...(latest ?? [])]
      .filter(([key, { value }]) => values?.get(key)?.value !== value)
      .map(([key]) => key),
  };
}
