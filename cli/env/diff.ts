import { readEnv } from '../../aws/env-store.ts';
import { readEnvText } from '../../env/document.ts';
import { changeLines, compareEnv } from '../changes.ts';
import type { Outcome, Session } from '../session.ts';
import { readEnvFile } from './file.ts';

/** Shows what a push of the file would change; `ok` if it would change nothing. */
export async function diffEnv(session: Session, file: string): Promise<Outcome> {
  const { parameterName, reader, ssm, terminal } = session;
  const wanted = readEnvText(readEnvFile(session, file), reader);
  const current = await readEnv(ssm.reader, parameterName);
  const changes = compareEnv(readEnvText(current?.text ?? '', reader), wanted, session);
  const isSame = changes.changes.length + changes.hiddenCount === 0;
  terminal.print(
    isSame
      ? `${file} says the same as ${parameterName}, version ${current?.version ?? 0}.`
      : `From ${parameterName}, version ${current?.version ?? 0}, to ${file}:`,
  );
  for (const line of changeLines(changes)) terminal.print(line);
  return { ok: isSame, report: { parameterName, version: current?.version ?? 0, file, ...changes } };
}
