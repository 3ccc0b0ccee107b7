import { oddities } from '../../env/typed-value.ts';

describe('oddities', () => {
  it.each([
    ['pw-22222 ', 'has a blank at its beginning or end'],
    ['\tpw', 'has a blank at its beginning or end'],
    ['pw\u3000', 'has a blank at its beginning or end'],
    ['pw\r', 'has a blank at its beginning or end'],
    ['pw\n', 'has a blank at its beginning or end'],
    ['p\u200bw', 'has a character that cannot be seen'],
    ['p\u00a0w', 'has a character that cannot be seen'],
    ['p\u0007w', 'has a character that cannot be seen'],
    ['\ufeffpw', 'has a character that cannot be seen'],
    ['p\u2060w', 'has a character that cannot be seen'],
    ['pw\u3164', 'has a character that cannot be seen'],
    ['pw\u202etxt', 'has a character that turns the direction of writing'],
    ['p\u2067w', 'has a character that turns the direction of writing'],
    ['pw-????', 'has question marks in a row, as where a console has lost letters'],
    ['pw-\ufffd', 'has a mark for a lost letter (U+FFFD)'],
    ['"pw"', 'stands in quotes'],
    ["'pw'", 'stands in quotes'],
    ['“pw”', 'stands in quotes'],
    ['‘pw’', 'stands in quotes'],
    ['`pw`', 'stands in quotes'],
  ])('finds what nobody would type in %j', (value, found) => {
    expect(oddities(value)).toContain(found);
  });

  it('finds each of several', () => {
    expect(oddities(' "p\u200bw????" ')).toHaveLength(4);
  });

  it.each([
    'pw',
    'correct horse',
    'a"b"c',
    '"pw',
    '"',
    '{"a":"b"}',
    'really??',
    'https://host/path?x=1',
    '비밀번호-é',
    '-----BEGIN\nline\n-----END',
    'a\tb',
  ])('finds nothing in %j', (value) => {
    expect(oddities(value)).toEqual([]);
  });
});
