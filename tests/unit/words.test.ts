import fc from 'fast-check';
import { counted, duration, executionName, listNames } from '../../workflow/words.ts';

describe('duration', () => {
  it.each([
    [0, '0 s'],
    [6.1, '6.1 s'],
    [59.94, '59.9 s'],
    [59.96, '1 min'],
    [75.2, '1 min 15 s'],
    [119.6, '2 min'],
    [192, '3 min 12 s'],
    [3599.4, '59 min 59 s'],
    [3599.6, '1 h'],
    [4000, '1 h 7 min'],
    [7199, '2 h'],
    [66_600, '18 h 30 min'],
  ])('reads %d seconds as %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  it('never says 60 s or 60 min, and never loses more than half of its smallest unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), (seconds) => {
        const words = duration(seconds);
        const parts = words.split(/(?<=[a-z]) /).map((part) => part.split(' '));
        const unitSeconds = new Map([
          ['s', 1],
          ['min', 60],
          ['h', 3600],
        ]);
        const sum = parts.reduce(
          (total, [number, unit = '']) => total + Number(number) * (unitSeconds.get(unit) ?? Number.NaN),
          0,
        );
        const smallest = seconds < 59 ? 0.1 : seconds < 3599 ? 1 : 60;
        expect(Math.abs(sum - seconds)).toBeLessThanOrEqual(smallest / 2 + 0.5);
        for (const [number, unit] of parts) if (unit !== 'h') expect(Number(number)).toBeLessThan(60);
      }),
    );
  });
});

describe('a list of names', () => {
  it.each([
    [[], 'none'],
    [['A'], 'A'],
    [['A', 'B'], 'A, B'],
    [['A', 'B', 'C'], 'A, B and 1 more'],
  ])('of %j with room for two reads %s', (names, words) => {
    expect(listNames(names, 2)).toBe(words);
  });
});

describe('a number of things', () => {
  it.each([
    [0, '0 keys'],
    [1, '1 key'],
    [2, '2 keys'],
  ])('of %d reads %s', (number, words) => {
    expect(counted(number, 'key')).toBe(words);
  });

  it('takes a plural of its own', () => {
    expect([counted(1, 'try', 'tries'), counted(3, 'try', 'tries')]).toEqual(['1 try', '3 tries']);
  });
});

describe('the name of an execution', () => {
  it('is the end of its ARN', () => {
    expect(
      executionName('arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-app:night-1'),
    ).toBe('night-1');
  });
});
