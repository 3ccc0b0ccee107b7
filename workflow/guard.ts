import type { ParameterTier } from '@aws-sdk/client-ssm';
import type { GuardedWrite } from '../aws/guarded-write.ts';
import { gapsOf, inspectEnv, mistakesOf, namesOf } from '../env/contract.ts';
import { type EnvDocument, readEnvText } from '../env/document.ts';
import { lostKeys, mergeEnv } from '../env/merge.ts';
import { RecoveryError } from './recovery-error.ts';
import type { ParameterRecord, ParameterVersion } from './versions.ts';
import { counted } from './words.ts';

/** SSM: a Standard parameter holds 4 KB, an Advanced one 8 KB. Intelligent-Tiering picks between the two. */
const sizeLimitBytes = { Standard: 4096, Advanced: 8192, 'Intelligent-Tiering': 8192 } as const;

/**
 * The text to write, with what others have changed since it was made: theirs is the newer word, but takes no key away.
 *
 * Of several versions in a row only the last one counts, since its writer has seen the others; but a version that one
 * of our own has replaced unseen counts as well.
 *
 * @param history all versions, oldest first.
 * @param ownVersions those that this very write has made.
 */
export function withOthers(
  {
    madeFrom,
    text,
    reader,
    waivedKeys = [],
  }: Pick<GuardedWrite, 'madeFrom' | 'text' | 'reader' | 'waivedKeys'>,
  history: readonly ParameterVersion[],
  ownVersions: ReadonlySet<number> = new Set(),
): string {
  return history
    .slice(
      wasMadeAnew(history, madeFrom)
        ? 0
        : history.findLastIndex(({ version }) => version <= (madeFrom?.version ?? 0)) + 1,
    )
    .filter(({ version }, index, since) => {
      const next = since[index + 1];
      return !ownVersions.has(version) && (next === undefined || ownVersions.has(next.version));
    })
    .reduce(
      (merged, { text: theirs }) => mergeEnv(madeFrom?.text ?? '', theirs, merged, reader, waivedKeys),
      text,
    );
}

/** A parameter that was deleted and made anew counts from 1 again. */
export function wasMadeAnew(
  history: readonly ParameterVersion[],
  known: ParameterVersion | undefined,
): boolean {
  if (!known) return false;
  const sameVersion = history.find(({ version }) => version === known.version);
  return (
    (history.at(-1)?.version ?? 0) < known.version ||
    (sameVersion !== undefined && sameVersion.text !== known.text)
  );
}

/**
 * Refuses what must not be written, whoever wants it.
 *
 * @param text what is to be written, with what others have written meanwhile, which may be unsound as well.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge
 */
export function refuseUnsafe(
  { name, reader, contract, mayStayIncomplete, mayMoveUp, waivedKeys = [] }: GuardedWrite,
  current: ParameterRecord | undefined,
  text: string,
): void {
  const [before, after] = [readEnvText(current?.text ?? '', reader), readEnvText(text, reader)];
  const lost = lostKeys(before, after).filter((key) => !waivedKeys.includes(key));
  if (lost.length > 0) {
    const shown = namesOf(before, contract);
    // What the reader doesn't see can be a part of a value: it is shown only if it is spelled as names are.
    const names = lost.filter((key) => shown.includes(key) || /^[A-Z]+(_[A-Z0-9]+)+$/.test(key));
    const hidden = lost.length - names.length;
    throw new RecoveryError(
      'EnvWouldShrink',
      `parameter ${name}: the text to write would lose ${counted(lost.length, 'key')}: ${[...names, ...(hidden > 0 ? [`${hidden} whose name may be a secret`] : [])].join(', ')}. Nothing was written.`,
    );
  }
  const problemsOf = (document: EnvDocument) => {
    const finding = inspectEnv(document, contract);
    return [...mistakesOf(document, finding), ...gapsOf(finding)];
  };
  const known = mayStayIncomplete ? problemsOf(before) : [];
  const problems = problemsOf(after).filter((problem) => after.flaw || !known.includes(problem));
  if (problems.length > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: what was to be written is not a complete env: ${problems.join('; ')}. Nothing was written.`,
    );
  }
  const tier = tierOf(current, mayMoveUp);
  const [sizeBytes, limitBytes] = [Buffer.byteLength(text), sizeLimitBytes[tier]];
  if (sizeBytes > limitBytes) {
    throw new RecoveryError(
      'EnvTooLarge',
      `parameter ${name}: the text has ${sizeBytes} bytes, a parameter of the tier ${tier} holds ${limitBytes}. Nothing was written.`,
    );
  }
}

/** A parameter stays in its tier, unless it may move up, for good and for a fee; a new one is put where it fits. */
export function tierOf(current: ParameterRecord | undefined, mayMoveUp = false): ParameterTier {
  return mayMoveUp ? 'Intelligent-Tiering' : (current?.tier ?? 'Intelligent-Tiering');
}
