/**
 * A .env file on a person's machine. An env below a path is no text, and takes the spelling of dotenv there; several
 * texts stand one after the other.
 */
import { readEnvText } from '../../env/document.ts';
import { spellValue } from '../../env/edit.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { joinParts, type Part, partsOf } from '../../env/parts.ts';
import { pathText } from '../../env/readers/path.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { textNamesOf } from '../../workflow/spread-env.ts';
import type { Session } from '../session.ts';
import { readTextFile } from '../text-file.ts';

const reader = 'dotenv';

/**
 * The text of a file, as the env of the session is written.
 *
 * @throws UnreadableText; for an env below a path also RecoveryError EnvInvalid, where a line says something else than
 *   it seems to, or nothing at all.
 */
export function readEnvFile(session: Pick<Session, 'reader' | 'parameterName'>, file: string): string {
  const text = readTextFile(file);
  const names = textNamesOf(session.parameterName);
  if (names) return partsIn(names, file, text);
  if (session.reader !== 'path') return text;
  const document = readEnvText(text, reader);
  const odd = [
    ...document.flaws.map(({ line, problem }) => `line ${line}: ${problem}`),
    ...document.duplicates.map(({ lines }) => `lines ${lines.join(', ')}: they have the same key`),
    ...document.blocks
      .filter(({ kind, raw }) => kind === 'other' && !/^\s*(#.*)?$/.test(raw))
      .map(({ line }) => `line ${line}: it is no assignment`),
  ];
  if (odd.length > 0)
    throw new RecoveryError('EnvInvalid', `file ${file}: ${odd.join('; ')}. Nothing was written.`, {
      remedy: 'Correct it: each key becomes a parameter of its own.',
    });
  return pathText([...effectiveEntries(document).values()].map(({ key, value }) => [key, value]));
}

/**
 * A file with several texts, each after a line that names its parameter: in the order of the target.
 *
 * @throws RecoveryError EnvInvalid if it isn't clear whose text a line is.
 */
function partsIn(names: readonly string[], file: string, text: string): string {
  const parts = partsOfFile(text).filter((part) => part.name !== '' || part.text.trim() !== '');
  const found = parts.map(({ name }) => name);
  if (found.some((name) => !names.includes(name)) || new Set(found).size < found.length)
    throw new RecoveryError('EnvInvalid', `file ${file}: it doesn't say of each line whose it is.`, {
      remedy: `Put one of these before the lines of each parameter: ${names.map(nameLineOf).join(', ')}. \`recover env pull\` writes such a file.`,
    });
  return joinParts(names.map((name) => parts.find((part) => part.name === name) ?? { name, text: '' }));
}

const nameLineOf = (name: string): string => `#:parameter ${name}`;
/** A line of a text that looks like one that names a parameter has one `#` more in a file. */
const likeNameLine = /^(\uFEFF*)(#+:parameter \S+\r?)$/gm;

function partsOfFile(text: string): Part[] {
  const parts: { name: string; text: string }[] = [{ name: '', text: '' }];
  for (const line of text.split(/(?<=\n)/)) {
    const [, name] = /^\uFEFF*#:parameter (\S+)\r?\n?$/.exec(line) ?? [];
    const last = parts.at(-1);
    if (name !== undefined) parts.push({ name, text: '' });
    else if (last) last.text += line;
  }
  return parts.map((part) => ({
    ...part,
    text: part.text.replaceAll(/^(\uFEFF*)#(#+:parameter \S+\r?)$/gm, '$1$2'),
  }));
}

const fileOf = (parts: readonly Part[]): string =>
  parts.map((part) => `${nameLineOf(part.name)}\n${part.text.replaceAll(likeNameLine, '$1#$2')}`).join('');

/**
 * The env of the session as the text of a file.
 *
 * @throws RecoveryError EnvInvalid if a value of an env below a path can't be spelled in such a file.
 */
export function textForFile(
  { parameterName, ...session }: Pick<Session, 'reader' | 'parameterName'>,
  text: string,
): string {
  const parts = partsOf(text);
  if (parts) return fileOf(parts);
  if (session.reader !== 'path') return text;
  return [...effectiveEntries(readEnvText(text, 'path')).values()]
    .map(({ key, value }) => {
      const spelled = spellValue(key, value, reader);
      if (spelled !== undefined) return `${key}=${spelled}\n`;
      throw new RecoveryError(
        'EnvInvalid',
        `parameter ${parameterName}${key}: a .env file has no spelling for its value. No file was written.`,
        {
          remedy: `Read it by itself: aws ssm get-parameter --with-decryption --name ${parameterName}${key}`,
        },
      );
    })
    .join('');
}
