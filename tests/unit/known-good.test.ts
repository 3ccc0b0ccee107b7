import { judgeKnownGood, type SeenVersion } from '../../workflow/known-good.ts';
import { type KnownGoodLook, knownGoodIn } from '../../workflow/loss.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { knownGoodLabel, lossAcceptedLabel, type ParameterRecord } from '../../workflow/versions.ts';
import { dayMs, hourMs, nowMs, versionOf } from '../support/versions.ts';

const contract = { requiredKeys: ['A'], requiredPrefixes: [], rules: {} };
const known = { labels: [knownGoodLabel] };
const lookAt = (history: readonly ParameterRecord[]): KnownGoodLook => {
  const env = knownGoodIn(history);
  return env ? { kind: 'Found', env } : { kind: 'None' };
};
const at = (milliseconds: number) => ({ modifiedAt: new Date(milliseconds) });
const judge = (
  history: readonly ParameterRecord[],
  part: Partial<SeenVersion> = {},
  look = lookAt(history),
) =>
  judgeKnownGood(
    {
      parameterName: '/app/env',
      version: history.at(-1)?.version ?? 0,
      isDeployed: false,
      seenAt: new Date(nowMs).toISOString(),
      ...part,
    },
    history,
    look,
    { reader: 'dotenv', contract, nowMs },
  );

describe('judgeKnownGood', () => {
  it('marks what this run has deployed, however young it is', () => {
    const record = versionOf(3, 'A=1\n');
    expect(judge([record], { isDeployed: true })).toEqual({
      outcome: 'Marked',
      record,
      why: 'it was deployed',
    });
  });

  it.each([true, false])('marks nothing that has lost keys, and names them (deployed: %p)', (isDeployed) => {
    const history = [
      versionOf(1, 'A=1\nB=2\nC=3\n', { ...known, ...at(nowMs - 9 * dayMs) }),
      versionOf(2, 'A=1\n', at(nowMs - 8 * dayMs)),
    ];
    expect(judge(history, { isDeployed })).toMatchObject({
      outcome: 'KeysLost',
      version: 2,
      why: 'it lacks 2 keys of known-good version 1 since version 2: B, C',
      loss: { keys: ['B', 'C'] },
    });
  });

  it('marks what lacks keys whose loss was accepted', () => {
    const history = [
      versionOf(1, 'A=1\nB=2\n', known),
      versionOf(2, 'A=1\n', { labels: [lossAcceptedLabel] }),
      versionOf(3, 'A=2\n'),
    ];
    expect(judge(history, { isDeployed: true })).toMatchObject({ outcome: 'Marked', record: { version: 3 } });
  });

  it('marks nothing where nobody could see whether keys are lost', () => {
    const look: KnownGoodLook = { kind: 'Unreadable', error: new RecoveryError('AccessDenied', 'found.') };
    expect(judge([versionOf(1, 'A=1\n')], { isDeployed: true }, look)).toEqual({
      outcome: 'NotProven',
      version: 1,
      why: 'nobody could see whether it has lost keys (AccessDenied)',
    });
  });

  it('marks without a deploy what has stood for a day', () => {
    const record = versionOf(3, 'A=1\n', at(nowMs - dayMs));
    expect(judge([record])).toEqual({ outcome: 'Marked', record, why: 'it has stood for a day' });
  });

  it('marks nothing younger than a day without a deploy', () => {
    expect(judge([versionOf(3, 'A=1\n', at(nowMs - dayMs + 1))])).toEqual({
      outcome: 'NotProven',
      version: 3,
      why: 'nothing was deployed, and it is younger than a day',
    });
  });

  it('takes no time for long enough that is not told', () => {
    expect(judge([versionOf(1, 'A=1\n', { modifiedAt: undefined })])).toMatchObject({ outcome: 'NotProven' });
  });

  it.each([true, false])('leaves the known-good version as it is (deployed: %p)', (isDeployed) => {
    const record = versionOf(2, 'A=1\n', known);
    expect(judge([record], { isDeployed })).toEqual({
      outcome: 'AlreadyMarked',
      record,
      why: 'it has been known-good before',
    });
  });

  it.each([true, false])(
    'marks nothing once somebody has written another version (deployed: %p)',
    (isDeployed) => {
      const history = [versionOf(1, 'A=1\n'), versionOf(2, 'A=2\n')];
      expect(judge(history, { version: 1, isDeployed })).toEqual({
        outcome: 'Replaced',
        version: 2,
        why: 'version 2 was written since',
      });
    },
  );

  it.each([
    [true, 'it was written after the deploy had started'],
    [false, 'it was written after the execution had started'],
  ])(
    'marks nothing that has the same number but is younger than what was seen (deployed: %p)',
    (isDeployed, why) => {
      const seenAt = new Date(nowMs - hourMs).toISOString();
      expect(judge([versionOf(1, 'A=unseen\n')], { isDeployed, seenAt })).toEqual({
        outcome: 'Replaced',
        version: 1,
        why,
      });
    },
  );

  it('lets clocks differ by a second', () => {
    const seenAt = new Date(nowMs - 1000).toISOString();
    expect(judge([versionOf(1, 'A=1\n')], { isDeployed: true, seenAt })).toMatchObject({ outcome: 'Marked' });
    expect(judge([versionOf(1, 'A=1\n', at(nowMs + 1))], { isDeployed: true, seenAt })).toMatchObject({
      outcome: 'Replaced',
    });
  });

  it('asks of no version when it was written that the run has written itself', () => {
    expect(judge([versionOf(1, 'A=1\n')], { isDeployed: true, seenAt: undefined })).toMatchObject({
      outcome: 'Marked',
    });
  });

  it('fails as EnvOverlooked where an incomplete version was there before the run, unless that has deployed', () => {
    const history = [versionOf(1, 'A=1\n'), versionOf(2, 'B=1\n', at(nowMs - 1))];
    const nameOf = (part: Partial<SeenVersion>) => {
      try {
        return judge(history, { version: 1, ...part }).outcome;
      } catch (error) {
        return error instanceof Error ? error.name : '';
      }
    };
    expect(nameOf({})).toBe('EnvOverlooked');
    expect(nameOf({ isDeployed: true })).toBe('EnvReplaced');
    expect(nameOf({ seenAt: undefined })).toBe('EnvReplaced');
  });

  it.each<[string, readonly ParameterRecord[]]>([
    ['has left it incomplete', [versionOf(1, 'A=1\n'), versionOf(2, 'B=1\n', at(nowMs + 1))]],
    ['has deleted it', []],
  ])('fails as EnvReplaced where somebody %s since the deploy', (_what, history) => {
    expect(() => judge(history, { version: 1, isDeployed: true })).toThrow(
      expect.objectContaining({ name: 'EnvReplaced', message: expect.stringContaining('/app/env') }),
    );
  });
});
