import { readMarkedHistory } from '../../aws/known-good-env.ts';
import { inspectEnv } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import type { ParameterRecord } from '../../workflow/versions.ts';
import { counted } from '../../workflow/words.ts';
import { compareEnv } from '../changes.ts';
import { type Outcome, type Session, tellMissing } from '../session.ts';

/** All versions that SSM keeps, newest first: when, by whom, whether complete, and what each changed. */
export async function showHistory(session: Session): Promise<Outcome> {
  const { parameterName, reader, contract, ssm, backupSsm, terminal } = session;
  const history = await readMarkedHistory(ssm.reader, backupSsm.reader, session);
  const read = history.map((record) => ({ record, document: readEnvText(record.text, reader) }));
  const versions = read.map(({ record, document }, index) => {
    const before = record.unreadable === undefined ? lastReadable(read.slice(0, index)) : undefined;
    return {
      version: record.version,
      modifiedAt: record.modifiedAt?.toISOString() ?? null,
      modifiedBy: record.modifiedBy ?? null,
      labels: record.labels,
      ...(record.unreadable === undefined ? {} : { unreadable: record.unreadable }),
      complete: inspectEnv(document, contract).complete,
      keyCount: effectiveEntries(document).size,
      sizeBytes: Buffer.byteLength(record.text),
      ...(before ? compareEnv(before.document, document, session) : { changes: [], hiddenCount: 0 }),
    };
  });
  if (versions.length === 0) terminal.print(await tellMissing(session));
  for (const {
    version,
    modifiedAt,
    modifiedBy,
    labels,
    complete,
    keyCount,
    changes,
    unreadable,
  } of versions.toReversed()) {
    const state = unreadable === undefined ? (complete ? 'complete' : 'INCOMPLETE') : undefined;
    const marks = [state ?? `CAN'T BE DECRYPTED (${unreadable})`, ...labels].join(', ');
    terminal.print(
      `version ${version}  ${modifiedAt ?? ''}  ${counted(keyCount, 'key')}, ${marks}  ${modifiedBy?.split(':').at(-1) ?? ''}`,
    );
    for (const kind of ['added', 'changed', 'blanked', 'removed'] as const) {
      const keys = changes.filter((change) => change.kind === kind).map(({ key }) => key);
      if (keys.length > 0) terminal.print(`    ${kind}: ${keys.join(', ')}`);
    }
  }
  return { ok: versions.length > 0, report: { parameterName, versions: versions.toReversed() } };
}

const lastReadable = <T extends { readonly record: ParameterRecord }>(read: readonly T[]): T | undefined =>
  read.findLast(({ record }) => record.unreadable === undefined);
