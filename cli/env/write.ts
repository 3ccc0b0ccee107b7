import { writeEnv } from '../../aws/env-store.ts';
import type { GuardedWrite } from '../../aws/guarded-write.ts';
import { lookForKnownGood, readMarkedHistory } from '../../aws/known-good-env.ts';
import { readEnvText } from '../../env/document.ts';
import { lostKeys } from '../../env/merge.ts';
import { withOthers } from '../../workflow/concurrent-writes.ts';
import { refuseUnsafe } from '../../workflow/guard.ts';
import type { KnownGoodLook } from '../../workflow/loss.ts';
import type { LabelledVersion, ParameterRecord, ParameterVersion } from '../../workflow/versions.ts';
import { counted } from '../../workflow/words.ts';
import { changeLines, compareEnv } from '../changes.ts';
import { UsageError } from '../failure.ts';
import { type Outcome, refuse, type Session } from '../session.ts';
import { markDropped } from './dropped.ts';
import { tellTriggered } from './triggered.ts';

/** A text to write, the keys that it may lose, and the version it was made from, if not the newest. */
type MadeText = Pick<GuardedWrite, 'text' | 'waivedKeys'> & Partial<Pick<GuardedWrite, 'madeFrom'>>;

/** Why there is no text to write, as a sentence for the person. */
interface Refused {
  readonly refused: string;
}

export interface WriteOptions {
  /** Asked before the write; without it, the person is not asked. */
  readonly question?: string;
  readonly mayStayIncomplete?: boolean;
  /** Whether the odd lines of the current text may be left out, as the workflow does it. */
  readonly isRestore?: boolean;
  /** Whether the parameter may move up to the tier Advanced. */
  readonly advanced?: boolean | undefined;
  /**
   * Whether all keys may be lost that the text doesn't have: with the parameter's name, which a person is asked for if
   * it is just `true`.
   */
  readonly replace?: string | true | undefined;
}

/** Options of all commands that write; see `WriteOptions`. */
export type CommonWriteOptions = Pick<WriteOptions, 'advanced' | 'replace'>;

const none: KnownGoodLook = { kind: 'None' };

/** A new version has no label. */
const withNewest = (history: readonly ParameterRecord[], written: ParameterVersion): LabelledVersion[] => [
  ...history.filter(({ version }) => version < written.version),
  { ...written, labels: [] },
];

/**
 * What every command that writes does: reads the parameter, shows what would change, refuses what must not be written,
 * asks, and writes through the guard, which merges in what somebody else has written meanwhile.
 *
 * @param make makes the text to write, given all versions, oldest first. It is made from the newest, unless it says
 *   from which.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge, EnvHistoryFull, EnvWriteConflict, EnvStale; UsageError
 *   if there is nobody to ask, or `--replace` has another name.
 */
export async function write(
  session: Session,
  make: (history: readonly ParameterRecord[]) => MadeText | Refused | Promise<MadeText | Refused>,
  { question, mayStayIncomplete = false, isRestore = false, advanced = false, replace }: WriteOptions,
): Promise<Outcome> {
  const { parameterName, reader, contract, kmsKeyId, ssm, clock, terminal } = session;
  refuseOtherName(session, replace);
  const history = await readMarkedHistory(ssm.reader, session.backupSsm.reader, session);
  const made = await make(history);
  if ('refused' in made) return refuse(session, made.refused);
  const current = history.at(-1);
  const before = readEnvText(current?.text ?? '', reader);
  const replacedKeys = replace === undefined ? [] : lostKeys(before, readEnvText(made.text, reader));
  const guarded: GuardedWrite = {
    name: parameterName,
    reader,
    contract,
    mayStayIncomplete,
    isRestore,
    mayMoveUp: advanced,
    madeFrom: current,
    kmsKeyId,
    ...made,
    waivedKeys: [...(made.waivedKeys ?? []), ...replacedKeys],
  };
  const text = withOthers(guarded, history);
  const previousVersion = current?.version ?? 0;
  const changes = compareEnv(before, readEnvText(text, reader), session);
  for (const line of changeLines(changes)) terminal.print(line);
  if (current?.text === text) {
    terminal.print(`${parameterName}: version ${previousVersion} already holds that. Nothing was written.`);
    return { ok: true, report: { parameterName, written: false, version: previousVersion, ...changes } };
  }
  if (changes.changes.length + changes.hiddenCount === 0)
    terminal.print('  no value changes, only comments, order or spelling');
  refuseUnsafe(guarded, current, text);
  const isConfirmed =
    replace === true && replacedKeys.length > 0
      ? await terminal.confirmByName(
          `This gives up ${counted(replacedKeys.length, 'key')}. To go on, type the name of the parameter:`,
          parameterName,
        )
      : question === undefined || (await terminal.confirm(question));
  if (!isConfirmed) {
    terminal.print('Nothing was written.');
    return { ok: false, report: { parameterName, written: false, version: previousVersion, ...changes } };
  }
  const { waivedKeys = [] } = guarded;
  const look =
    waivedKeys.length > 0 ? await lookForKnownGood(session.backupSsm.reader, history, session) : none;
  const written = await writeEnv(ssm, clock, guarded);
  terminal.print(
    `${parameterName}: version ${previousVersion} -> ${written.version}. The API gets it with its next deploy.`,
  );
  const isMarked = await markDropped(session, look, withNewest(history, written), waivedKeys);

  const triggered = await tellTriggered(session);

  // Somebody may have written the same keys since the changes were shown: theirs are kept, and the person is told.
  const result = readEnvText(written.text, reader);
  const wanted = changes.changes.map(({ key }) => key);
  const lost = compareEnv(readEnvText(text, reader), result, session)
    .changes.map(({ key }) => key)
    .filter((key) => wanted.includes(key));
  for (const key of lost)
    terminal.print(
      `NOT FINE: ${key} was changed by somebody else at the same moment; what they wrote was kept. If it is to be yours: \`recover env set ${key}\``,
    );
  return {
    ok: lost.length === 0 && isMarked,
    report: {
      parameterName,
      written: true,
      previousVersion,
      version: written.version,
      ...compareEnv(before, result, session),
      lostKeys: lost,
      triggered,
    },
  };
}

/** @throws UsageError if `--replace` names another parameter, or none and there is nobody to ask. */
function refuseOtherName({ parameterName, terminal }: Session, replace: WriteOptions['replace']): void {
  if (replace === undefined || replace === parameterName || (replace === true && terminal.isInteractive))
    return;
  throw new UsageError(
    `--replace gives up keys, so it wants the name of the parameter: --replace ${parameterName}`,
  );
}
