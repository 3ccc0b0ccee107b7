/** What differs between two .env texts, by name, length and fingerprint, and never by value. */
import { createHmac, randomBytes } from 'node:crypto';
import { type EnvContract, namesOf } from '../env/contract.ts';
import type { EnvDocument } from '../env/document.ts';
import { effectiveEntries, isBlank } from '../env/entries.ts';
import { counted } from '../workflow/words.ts';
import { UsageError } from './terminal.ts';

/**
 * A key of this process alone, so that nobody can guess a short value by trying: fingerprints can be compared within
 * one output. For outputs that are to be compared, RECOVER_FINGERPRINT_KEY gives a key that lasts.
 */
const fingerprintKey = process.env.RECOVER_FINGERPRINT_KEY || randomBytes(32);
const minKeyLength = 16;

export interface ShownValue {
  /** Characters. */
  readonly length: number;
  /** Equal for equal values. */
  readonly fingerprint: string;
}

/** @throws UsageError if the key is so short that it could be guessed, and with it a value. */
export function showValue(value: string): ShownValue {
  if (fingerprintKey.length < minKeyLength)
    throw new UsageError(`RECOVER_FINGERPRINT_KEY: expected at least ${minKeyLength} characters`);
  const fingerprint = createHmac('sha256', fingerprintKey).update(value).digest('hex').slice(0, 12);
  return { length: [...value].length, fingerprint };
}

export interface Change {
  readonly key: string;
  readonly kind: 'added' | 'removed' | 'blanked' | 'changed';
  readonly before: ShownValue | null;
  readonly after: ShownValue | null;
}

export interface Changes {
  readonly changes: readonly Change[];
  /** Changes of keys whose name may be a secret itself. */
  readonly hiddenCount: number;
}

/** How `after` differs from `before`, as the reader of each sees it. */
export function compareEnv(before: EnvDocument, after: EnvDocument, contract: EnvContract): Changes {
  const [then, now] = [effectiveEntries(before), effectiveEntries(after)];
  const shown = new Set([...namesOf(before, contract), ...namesOf(after, contract)]);
  const keys = [...new Set([...then.keys(), ...now.keys()])].filter(
    (key) => then.get(key)?.value !== now.get(key)?.value,
  );
  const changes = keys
    .filter((key) => shown.has(key))
    .map((key): Change => {
      const [old, current] = [then.get(key), now.get(key)];
      const kind = !old
        ? 'added'
        : !current
          ? 'removed'
          : isBlank(current.value) && !isBlank(old.value)
            ? 'blanked'
            : 'changed';
      return {
        key,
        kind,
        before: old ? showValue(old.value) : null,
        after: current ? showValue(current.value) : null,
      };
    });
  return { changes, hiddenCount: keys.length - changes.length };
}

const signs = { added: '+', removed: '-', blanked: '!', changed: '~' };

/** One line for each change, for a person. */
export function changeLines({ changes, hiddenCount }: Changes): string[] {
  const width = Math.max(0, ...changes.map(({ key }) => key.length));
  const show = (value: ShownValue | null) =>
    value === null
      ? '-'
      : value.length === 0
        ? 'blank'
        : `${counted(value.length, 'char')} ${value.fingerprint}`;
  return [
    ...changes.map(
      ({ key, kind, before, after }) =>
        `  ${signs[kind]} ${key.padEnd(width)}  ${kind.padEnd(7)}  ${show(before)} -> ${show(after)}`,
    ),
    ...(hiddenCount > 0 ? [`  and ${hiddenCount} of which the name may be a secret itself`] : []),
  ];
}
