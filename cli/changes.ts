/** What differs between two .env texts, by name, length and fingerprint, and never by value. */
import { createHmac, randomBytes } from 'node:crypto';
import { type EnvContract, namesOf } from '../env/contract.ts';
import type { EnvDocument } from '../env/document.ts';
import { effectiveEntries, isBlank } from '../env/entries.ts';
import { counted } from '../workflow/words.ts';
import { UsageError } from './failure.ts';

/** Equal for equal values, and says nothing else about them. */
export type Fingerprint = (value: string) => string;

const minKeyLength = 16;

/**
 * Fingerprints by HMAC, so that nobody can find a short value by trial. By default the key is random, and fingerprints
 * can be compared within one output only; RECOVER_FINGERPRINT_KEY gives a lasting key.
 *
 * @throws UsageError if the key is short enough to be guessed, and values with it.
 */
export function fingerprinter(lastingKey: string | undefined): Fingerprint {
  const key = lastingKey || randomBytes(32);
  if (key.length < minKeyLength)
    throw new UsageError(
      `RECOVER_FINGERPRINT_KEY: expected at least ${minKeyLength} characters; give it more, or leave it out`,
    );
  return (value) => createHmac('sha256', key).update(value).digest('hex').slice(0, 12);
}

export interface ShownValue {
  /** Characters. */
  readonly length: number;
  readonly fingerprint: string;
}

export function showValue(value: string, fingerprint: Fingerprint): ShownValue {
  return { length: [...value].length, fingerprint: fingerprint(value) };
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

/** How `after` differs from `before`, each as its reader sees it. */
export function compareEnv(
  before: EnvDocument,
  after: EnvDocument,
  { contract, fingerprint }: { readonly contract: EnvContract; readonly fingerprint: Fingerprint },
): Changes {
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
        before: old ? showValue(old.value, fingerprint) : null,
        after: current ? showValue(current.value, fingerprint) : null,
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
    ...(hiddenCount > 0 ? [`  and ${hiddenCount} whose name may itself be a secret`] : []),
  ];
}
