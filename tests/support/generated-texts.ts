/** Texts as people and scripts leave them: duplicates, blanks, comments, quotes, odd spacing, no last line end. */
import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import type { EnvReader } from '../../env/readers/readers.ts';

const key = fc.constantFrom('A', 'B', 'C_1', 'DB_HOST', 'DB_PORT', 'REDIS_URL');
const oddKey = fc.constantFrom('2FA', 'a.b-c', '한글');
const plainValue = fc.string({ unit: fc.constantFrom('a', '1', '/', ':', '=', '가', '-'), maxLength: 8 });
const oddValue = fc.string({
  unit: fc.constantFrom('a', '1', '#', ' ', "'", '"', '`', '\\', '\\n', '$', '$A', '${B}', '\u2028', '\t'),
  maxLength: 6,
});

const plainLine = fc.tuple(key, plainValue).map(([name, value]) => `${name}=${value}`);
const oddLine = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(key, oddValue).map(([name, value]) => `${name}=${value}`) },
  { weight: 2, arbitrary: fc.tuple(key, oddValue).map(([name, value]) => `${name}="${value}"`) },
  { weight: 2, arbitrary: fc.tuple(key, oddValue).map(([name, value]) => `${name}='${value}'`) },
  { weight: 1, arbitrary: fc.tuple(oddKey, plainValue).map(([name, value]) => `${name}=${value}`) },
  { weight: 1, arbitrary: fc.tuple(key, plainValue).map(([name, value]) => `export ${name}=${value}`) },
  { weight: 1, arbitrary: fc.tuple(key, plainValue).map(([name, value]) => `${name} = ${value}`) },
  { weight: 1, arbitrary: key.map((name) => `${name}="two\nlines" # behind`) },
  { weight: 1, arbitrary: key.map((name) => `${name}=joined\\\nlines`) },
  { weight: 2, arbitrary: fc.constantFrom('', '# a comment', '# another', '; a third', 'not an assignment') },
);

/** Any text that its reader takes without a flaw. */
export function textFor(reader: EnvReader): fc.Arbitrary<string> {
  const isReadable = (text: string) => readEnvText(text, reader).flaw === undefined;
  return fc
    .tuple(
      fc.array(
        fc.oneof({ weight: 6, arbitrary: plainLine }, { weight: 14, arbitrary: oddLine.filter(isReadable) }),
        { maxLength: 10 },
      ),
      fc.boolean(),
      fc.constantFrom('\n', '\r\n', '\r\r\n'),
      fc.boolean(),
    )
    .map(
      ([lines, hasBom, lineEnd, isEnded]) =>
        `${hasBom ? '\uFEFF' : ''}${lines.join(lineEnd)}${isEnded ? lineEnd : ''}`,
    )
    .filter(isReadable);
}
