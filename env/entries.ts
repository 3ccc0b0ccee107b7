import { type EnvDocument, type EnvEntry, readEnvText } from './document.ts';
import type { EnvReader } from './readers/readers.ts';

/** The entry that counts for each key: the last one, as for all readers. */
export function effectiveEntries(document: EnvDocument): ReadonlyMap<string, EnvEntry> {
  return new Map(
    document.blocks.filter((block) => block.kind === 'entry').map((entry) => [entry.key, entry]),
  );
}

/** True when a value is empty, white space, or a pair of quotes around nothing. */
export function isBlank(value: string): boolean {
  const text = value.trim();
  return text === '' || text === '""' || text === "''" || text === '``';
}

/**
 * The keys of a text that may be shown: all that are names of parameters. In a text that somebody wrote, a line such as the last one of a PEM file looks like a key with nothing
 * after its `=`, and is a secret itself: such a name is shown only if it is expected, or is spelled like a variable,
 * which base64 and base32 are not.
 */
export function shownKeys(document: EnvDocument, isExpected: (key: string) => boolean): string[] {
  return [...effectiveEntries(document).values()]
    .filter(
      ({ key, value }) =>
        document.reader === 'path' ||
        isExpected(key) ||
        /^[A-Z][A-Z0-9]{0,14}(_[A-Z0-9]{1,15}){1,7}$/.test(key) ||
        (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key) && key.length <= 128 && !/^[=\s]*$/.test(value)),
    )
    .map(({ key }) => key);
}

/** Every value that a text has, with its key: also those for which a later one counts. Without the blank ones. */
export const allValuesIn = (text: string, reader: EnvReader): (readonly [key: string, value: string])[] =>
  readEnvText(text, reader).blocks.flatMap((block) =>
    block.kind === 'entry' && !isBlank(block.value) ? [[block.key, block.value] as const] : [],
  );

/** The values of a text by key, without the blank ones. */
export function valuesOf(text: string, reader: EnvReader): ReadonlyMap<string, string> {
  const entries = effectiveEntries(readEnvText(text, reader));
  return new Map(
    [...entries.values()].filter(({ value }) => !isBlank(value)).map(({ key, value }) => [key, value]),
  );
}
