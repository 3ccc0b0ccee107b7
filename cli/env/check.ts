import { readMarkedHistory } from '../../aws/known-good-env.ts';
import { gapsOf, inspectEnv, mistakesOf, namesOf, notesOf } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { findDisagreements } from '../../env/portability.ts';
import { describeLoss, findLoss } from '../../workflow/loss.ts';
import { unreadableNotes } from '../../workflow/versions.ts';
import { counted } from '../../workflow/words.ts';
import { showValue } from '../changes.ts';
import { type Outcome, type Session, tellMissing } from '../session.ts';
import { readEnvFile } from './file.ts';
import { lookOrTell } from './known-good.ts';

/** Checks the parameter or a file against the contract, the parameter also for lost keys, and says what other readers would read differently. */
export async function checkEnv(session: Session, file: string | undefined): Promise<Outcome> {
  const { contract, reader, terminal, parameterName, ssm, backupSsm, fingerprint } = session;
  const history = file === undefined ? await readMarkedHistory(ssm.reader, backupSsm.reader, session) : [];
  const current = history.at(-1);
  const source = file ?? parameterName;
  const text = file === undefined ? current?.text : readEnvFile(session, file);
  if (text === undefined) {
    terminal.print(await tellMissing(session));
    return { ok: false, report: { source, exists: false, complete: false } };
  }

  const document = readEnvText(text, reader);
  const finding = inspectEnv(document, contract);
  const names = namesOf(document, contract);
  const entries = effectiveEntries(document);
  const keys = names.map((key) => ({ key, ...showValue(entries.get(key)?.value ?? '', fingerprint) }));
  const duplicates = document.duplicates.filter(({ key }) => names.includes(key));
  const problems = [
    ...mistakesOf(document, finding),
    ...gapsOf(finding),
    ...(document.needsNormalising
      ? [`${reader} misreads the ${document.hadBom ? 'byte order mark' : 'CRLF line ends'}`]
      : []),
  ];
  const notes = [
    ...notesOf(document, contract),
    ...unreadableNotes(history).map((note) => `${note}; a restore passes over it`),
  ];
  // What isn't a text has one reading only.
  const found = reader === 'path' ? [] : findDisagreements(text, reader);
  const disagreements = found.map((one) => ({
    ...one,
    key: one.key !== undefined && names.includes(one.key) ? one.key : null,
  }));

  const version = current && `, version ${current.version}${labels(current.labels)}, ${current.type}`;
  terminal.print(
    `${source}${version ?? ''}: ${counted(entries.size, 'key')}, ${counted(Buffer.byteLength(text), 'byte')}${reader === 'path' ? '' : `, as ${reader} reads it`}`,
  );
  const width = Math.max(0, ...keys.map(({ key }) => key.length));
  for (const { key, length, fingerprint } of keys)
    terminal.print(
      `  ${key.padEnd(width)}  ${String(length).padStart(5)} ${length === 1 ? 'char ' : 'chars'}  ${fingerprint}`,
    );
  if (keys.length < entries.size)
    terminal.print(`  and ${entries.size - keys.length} whose name may itself be a secret`);
  for (const { key, lines } of duplicates)
    terminal.print(`  note: ${key} occurs more than once, in lines ${lines.join(', ')}; the last one counts`);
  for (const note of notes) terminal.print(`  note: ${note}`);
  if (document.hadBom) terminal.print('  note: the text starts with a byte order mark; a push leaves it out');
  if (document.hadCrlf) terminal.print('  note: lines end with CRLF; a push writes LF');
  if (disagreements.length > 0) {
    terminal.print();
    terminal.print('Other readers would read differently:');
    for (const { line, key, readers, advice } of disagreements)
      terminal.print(`  line ${line}${key === null ? '' : ` ${key}`} (${readers.join(', ')}): ${advice}`);
  }
  const loss = current && findLoss(await lookOrTell(session, history), history, session);
  terminal.print();
  for (const problem of problems) terminal.print(`NOT FINE: ${problem}`);
  const isComplete = problems.length === 0;
  if (loss) {
    terminal.print(`NOT FINE: it ${describeLoss(loss.loss, Number.POSITIVE_INFINITY)}`);
    terminal.print('  To bring them back: `recover env restore`.');
    if (isComplete) terminal.print('  If they may go: `recover env accept`.');
  }
  const ok = isComplete && !loss;
  if (ok) terminal.print(`Fine: everything that ${session.targetFile} asks for is there.`);
  return {
    ok,
    report: {
      source,
      exists: true,
      complete: isComplete,
      loss: loss?.loss ?? null,
      ...(current ? { version: current.version, type: current.type, labels: current.labels } : {}),
      reader,
      sizeBytes: Buffer.byteLength(text),
      keyCount: entries.size,
      keys,
      problems,
      notes,
      duplicates,
      hasBom: document.hadBom,
      hasCrlf: document.hadCrlf,
      disagreements,
    },
  };
}

function labels(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` (${labels.join(', ')})`;
}
