/** That a text of twice the length takes twice the effort, whatever is in it. */
import { readEnvText } from '../../../env/document.ts';
import { setKey } from '../../../env/edit.ts';
import { mergeEnv } from '../../../env/merge.ts';
import { findDisagreements } from '../../../env/portability.ts';
import { envReaders, readers } from '../../../env/readers/readers.ts';
import { growsWithLength } from '../../support/effort.ts';

const repeated = (part: string, length: number) =>
  part.repeat(Math.ceil(length / part.length)).slice(0, length);
const numbered = (lineOf: (index: number) => string, length: number) => {
  let text = '';
  for (let index = 0; text.length < length; index += 1) text += lineOf(index);
  return text.slice(0, length);
};

/** Texts of any length, by what makes them long. */
const texts: readonly [string, (length: number) => string][] = [
  ['empty values', (length) => repeated('A=\n', length)],
  ['empty values of many keys', (length) => numbered((index) => `K${index}=\n`, length)],
  ['carriage returns', (length) => repeated('\r', length)],
  ['carriage returns before a letter', (length) => `${repeated('\r', length)}x`],
  ['white space inside a value', (length) => `A=x${repeated(' ', length)}y`],
  ['white space inside a name', (length) => `A${repeated(' ', length)}B=1`],
  ['white space that no line ends', (length) => repeated('\u3000', length)],
  ['line separators', (length) => `${repeated('\u2028', length)}x`],
  ['empty lines', (length) => repeated('\n', length)],
  ['empty lines after a name', (length) => `A${repeated('\n', length)}=`],
  ['quotes that close', (length) => numbered((index) => `K${index}="a ${index}"\n`, length)],
  ['quotes that do not', (length) => numbered((index) => `K${index}="\n`, length)],
  ['quotes of each kind', (length) => numbered((index) => `A=${`"'\``[index % 3]}\n`, length)],
  ['quotes after backslashes', (length) => repeated('A="\\"\n', length)],
  ['one open quote', (length) => `A="${repeated('x\n', length)}`],
  ['backslashes at the end', (length) => repeated('A=\\\n', length)],
  ['braces that open', (length) => `A=${repeated('${', length)}`],
  ['braces with a colon at the end', (length) => `A=${repeated('${', length)}:x}`],
  ['references to the line above', (length) => numbered((index) => `K${index + 1}=$K${index}\n`, length)],
  ['references to the next line', (length) => numbered((index) => `K${index}=$K${index + 1}\n`, length)],
  ['references that double', (length) => `A=x\n${repeated('A=${A}${A}\n', length)}`],
  ['names without a value', (length) => numbered((index) => `K${index}\n`, length)],
  ['names that are forgotten', (length) => numbered((index) => `K${index}=\nK${index}\n`, length)],
  ['signs', (length) => repeated('=\n', length)],
  ['sharps', (length) => `A=${repeated(' #', length)}`],
  ['words', (length) => numbered((index) => `word ${index}\n`, length)],
  ['exports', (length) => numbered((index) => `export K${index}=1\n`, length)],
  ['byte order marks', (length) => repeated('\uFEFF\n', length)],
  ['assignments on one line', (length) => repeated('A=1;', length)],
];

describe.each(envReaders)('the reader %s', (reader) => {
  it.each(texts)(
    'takes a long text of %s in as little time as short ones of the same length',
    (_what, textOf) => {
      const [short, long] = [textOf(2_000), textOf(16_000)];
      const read = (text: string) => () => readEnvText(text, reader);
      expect(growsWithLength(read(long), read(short))).toBe(true);
    },
  );
});

describe.each(texts)('a text of %s', (_what, textOf) => {
  /** How many characters all readers are given to read. */
  const readFor = (run: () => unknown) => {
    let length = 0;
    const spies = envReaders.map((reader) => {
      const { read } = readers[reader];
      return jest.spyOn(readers[reader], 'read').mockImplementation((text, lookUp) => {
        length += text.length;
        return read(text, lookUp);
      });
    });
    run();
    for (const spy of spies) spy.mockRestore();
    return length;
  };

  it.each<[string, (text: string) => unknown]>([
    ['findDisagreements', (text) => findDisagreements(text, 'docker')],
    ['findDisagreements', (text) => findDisagreements(text, 'dotenv')],
    ['mergeEnv', (text) => mergeEnv(text, `${text}\nX=1\n`, text.slice(10), 'compose')],
  ])('is read as many times when it is twice as long: %s', (_name, run) => {
    const [once, twice] = [1_000, 2_000].map((length) => readFor(() => run(textOf(length))));
    expect(twice).toBeLessThan(2.5 * (once ?? 0) + 2_000);
  });

  it('is read at most once for each spelling of a value that is set', () => {
    const text = textOf(4_000);
    expect(readFor(() => setKey(text, 'NEW', 'it\'s "x" $y', 'compose'))).toBeLessThan(40 * text.length);
  });
});
