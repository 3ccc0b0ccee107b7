import { existsSync } from 'node:fs';
import { readEnv } from '../../aws/env-store.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { counted } from '../../workflow/words.ts';
import { writeSecretFile } from '../secret-file.ts';
import { type Outcome, type Session, tellMissing } from '../session.ts';
import { textForFile } from './file.ts';

export interface PullOptions {
  /** By default the newest. */
  readonly version?: number | undefined;
}

/** Writes the text of a version to a file that only its owner can read. Asks before it overwrites one. */
export async function pullEnv(session: Session, file: string, options: PullOptions): Promise<Outcome> {
  const { parameterName, reader, ssm, terminal } = session;
  const found = await readEnv(ssm.reader, parameterName, options.version);
  if (!found) {
    terminal.print(
      options.version === undefined
        ? await tellMissing(session)
        : `${parameterName}: there is no version ${options.version}. \`recover env history\` shows those that there are.`,
    );
    return { ok: false, report: { parameterName, file, written: false } };
  }
  const { version, text } = found;
  const overwrite = existsSync(file);
  if (overwrite && !(await terminal.confirm(`${file} already exists. Overwrite it?`))) {
    terminal.print('Nothing was written.');
    return { ok: false, report: { parameterName, version, file, written: false } };
  }
  writeSecretFile(file, textForFile(session, text), { overwrite });
  const keyCount = effectiveEntries(readEnvText(text, reader)).size;
  terminal.print(
    `${file}: ${counted(keyCount, 'key')} of ${parameterName}, version ${version}. It holds secrets: delete it when you are done. To push it with changes: --since ${version}`,
  );
  return { ok: true, report: { parameterName, version, file, written: true, keyCount } };
}
