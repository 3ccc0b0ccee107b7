import { type GuardedWrite, writeEnvParameter } from '../../aws/guarded-write.ts';
import { readHistory } from '../../aws/parameter.ts';
import { readEnvText } from '../../env/document.ts';
import { refuseUnsafe, withOthers } from '../../workflow/guard.ts';
import type { ParameterRecord } from '../../workflow/versions.ts';
import { changeLines, compareEnv } from '../changes.ts';
import type { Outcome, Session } from '../session.ts';

/** A text to write, the keys that it may lose, and the version it was made from, if not the newest. */
type MadeText = Pick<GuardedWrite, 'text' | 'waivedKeys'> & Partial<Pick<GuardedWrite, 'madeFrom'>>;

export interface WriteOptions {
  /** What is asked before the write; without it, nothing is asked. */
  readonly question?: string;
  readonly mayStayIncomplete?: boolean;
}

/**
 * The way of every command that writes: reads the parameter, shows what would change, refuses what must not be,
 * asks, and writes through the guard, which merges in what somebody else has written meanwhile.
 *
 * @param make makes the text to write from all versions, oldest first; from the newest, unless it says from which.
 */
export async function write(
  { parameterName, reader, contract, kmsKeyId, ssm, clock, terminal }: Session,
  make: (history: readonly ParameterRecord[]) => MadeText | Promise<MadeText>,
  { question, mayStayIncomplete = false }: WriteOptions,
): Promise<Outcome> {
  const history = await readHistory(ssm.reader, parameterName);
  const current = history.at(-1);
  const guarded: GuardedWrite = {
    name: parameterName,
    reader,
    contract,
    mayStayIncomplete,
    madeFrom: current,
    kmsKeyId,
    ...(await make(history)),
  };
  const text = withOthers(guarded, history);
  const previousVersion = current?.version ?? 0;
  const before = readEnvText(current?.text ?? '', reader);
  const changes = compareEnv(before, readEnvText(text, reader), contract);
  for (const line of changeLines(changes)) terminal.print(line);
  if (current?.text === text) {
    terminal.print(`${parameterName}: version ${previousVersion} holds that already. Nothing was written.`);
    return { ok: true, report: { parameterName, written: false, version: previousVersion, ...changes } };
  }
  if (changes.changes.length + changes.hiddenCount === 0)
    terminal.print('  no value changes, only comments, order or spelling');
  refuseUnsafe(guarded, current, text);
  if (question !== undefined && !(await terminal.confirm(question))) {
    terminal.print('Nothing was written.');
    return { ok: false, report: { parameterName, written: false, version: previousVersion, ...changes } };
  }
  const written = await writeEnvParameter(ssm, clock, guarded);
  terminal.print(
    `${parameterName}: version ${previousVersion} -> ${written.version}. The API takes it up with its next deploy.`,
  );

  // Somebody can have written the same keys since they were shown: theirs is the later word, and has to be told.
  const result = readEnvText(written.text, reader);
  const wanted = changes.changes.map(({ key }) => key);
  const lost = compareEnv(readEnvText(text, reader), result, contract)
    .changes.map(({ key }) => key)
    .filter((key) => wanted.includes(key));
  for (const key of lost)
    terminal.print(
      `NOT FINE: ${key} was changed by somebody else in the same moment; what they wrote is there`,
    );
  return {
    ok: lost.length === 0,
    report: {
      parameterName,
      written: true,
      previousVersion,
      version: written.version,
      ...compareEnv(before, result, contract),
      lostKeys: lost,
    },
  };
}
