import { type MadeText, wasRecreated, withOthers } from '../../workflow/concurrent-writes.ts';
import { versionOf } from '../support/versions.ts';

const historyOf = (...texts: string[]) => texts.map((text, index) => versionOf(index + 1, text));
/** Made from the first version. */
const merge = (text: string, history: string[], own: number[] = [], part: Partial<MadeText> = {}) => {
  const versions = historyOf(...history);
  return withOthers({ reader: 'dotenv', madeFrom: versions[0], text, ...part }, versions, new Set(own));
};

describe('withOthers', () => {
  it('is the text itself where nobody has written since it was made', () => {
    expect(merge('A=2\n', ['A=1\n'])).toBe('A=2\n');
    expect(merge('A=2\n', [])).toBe('A=2\n');
  });

  it('takes what others have changed, and keeps what they have removed', () => {
    expect(merge('A=2\nB=2\nC=3\n', ['A=1\nB=2\n', 'A=9\nX=1\n'])).toBe('A=9\nB=2\nC=3\nX=1\n');
    expect(merge('A=2\nB=2\n', ['A=1\nB=2\n', 'A=1\nB=2\nX=1\n'])).toBe('A=2\nB=2\nX=1\n');
  });

  it('takes only the last of several in a row, whose writer has seen the others', () => {
    expect(merge('A=1\nB=2\n', ['A=1\n', 'A=9\nX=1\n', 'A=1\n'])).toBe('A=1\nB=2\n');
  });

  it('takes the last one before a version of our own too, which had not seen it', () => {
    expect(merge('A=1\nB=2\n', ['A=1\n', 'A=9\nX=1\n', 'A=1\nB=2\n'], [3])).toBe('A=9\nB=2\nX=1\n');
    expect(merge('A=1\nB=2\n', ['A=1\n', 'A=1\nX=1\n', 'A=1\nB=2\n', 'A=1\nB=2\nY=1\n'], [3])).toBe(
      'A=1\nB=2\nX=1\nY=1\n',
    );
  });

  it('drops a key that is waived, unless somebody else has changed it', () => {
    const waived = { waivedKeys: ['B'] };
    expect(merge('A=1\n', ['A=1\nB=2\n', 'A=1\nB=2\nX=1\n'], [], waived)).toBe('A=1\nX=1\n');
    expect(merge('A=1\n', ['A=1\nB=2\n', 'A=1\nB=9\n'], [], waived)).toBe('A=1\nB=9\n');
  });

  it('counts every version of a parameter that was recreated, or was not there', () => {
    const madeFrom = versionOf(7, 'A=1\n');
    expect(merge('A=1\nB=2\n', ['X=1\n'], [], { madeFrom })).toBe('A=1\nB=2\nX=1\n');
    expect(merge('A=1\n', ['X=1\n'], [], { madeFrom: undefined })).toBe('A=1\nX=1\n');
  });
});

describe('wasRecreated', () => {
  it.each([
    [false, 'nothing was known', [versionOf(1, 'A=1\n')], undefined],
    [false, 'the version is there', [versionOf(1, 'A=1\n'), versionOf(2, 'A=2\n')], versionOf(1, 'A=1\n')],
    [false, 'the version is no longer kept', [versionOf(101, 'A=1\n')], versionOf(1, 'A=0\n')],
    [true, 'it has not come so far yet', [versionOf(1, 'A=1\n')], versionOf(2, 'A=1\n')],
    [true, 'the version has another text', [versionOf(1, 'A=9\n'), versionOf(2, '')], versionOf(1, 'A=1\n')],
    [true, 'there is none', [], versionOf(1, 'A=1\n')],
  ])('is %p where %s', (is, _what, history, known) => {
    expect(wasRecreated(history, known)).toBe(is);
  });
});
