import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { pathArgument, quoteForPowerShell, quoteForShell } from '../../env/shell-quotes.ts';

describe('pathArgument', () => {
  it.each([
    ['targets\\examples', 'targets\\examples'],
    ['C:\\', 'C:\\'],
    ['C:\\사용자\\targets', 'C:\\사용자\\targets'],
    ['\\\\server\\share\\targets', '\\\\server\\share\\targets'],
    ['C:\\내 문서\\targets', '"C:\\내 문서\\targets"'],
    ['C:\\내 문서\\', '"C:\\내 문서"'],
    ["C:\\it's here", '"C:\\it\'s here"'],
  ])('keeps the backslashes of %s on Windows', (path, expected) => {
    expect(pathArgument(path, 'win32')).toBe(expected);
  });

  it.each([
    ['/srv/targets', '/srv/targets'],
    ['my targets', "'my targets'"],
    ['$HOME', "'$HOME'"],
    ['back\\slash', "'back\\slash'"],
  ])('writes %s for sh', (path, expected) => {
    expect(pathArgument(path, 'linux')).toBe(expected);
  });
});

it('doubles every character that PowerShell takes for an apostrophe', () => {
  expect(quoteForPowerShell("a'b\u2018c\u2019d\u201be")).toBe(
    "'a''b\u2018\u2018c\u2019\u2019d\u201b\u201be'",
  );
});

// Windows has no sh; what is for sh is printed elsewhere only.
if (process.platform !== 'win32')
  it('gives sh each text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0'));
        const { stdout } = spawnSync('sh', ['-c', `printf %s ${quoteForShell(text)}`], { encoding: 'utf8' });
        expect(stdout).toBe(text);
      }),
      { numRuns: 20 },
    );
  });
