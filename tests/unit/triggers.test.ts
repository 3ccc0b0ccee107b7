/** What a target's triggers make of the stack. */
import { matchesPattern } from '../../sandbox/services/eventbridge.ts';
import { stackOf } from '../../stack/stack.ts';
import { readTarget } from '../../targets/load.ts';
import { startingAlarms } from '../../workflow/doctor/scaling-rules.ts';
import { fileWith } from '../support/target-file.ts';

const targetWith = (values: Readonly<Record<string, unknown>>) => ({
  name: 'app',
  ...readTarget('app', fileWith(values)),
});
const heartbeat = 'env-recovery-app-heartbeat';

describe('the alarms that start a recovery', () => {
  const states = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];
  /** By alarm, the states to which it has to go. */
  const starts = (triggers: object, alarmNames: readonly string[]) => {
    const { alarmPattern } = stackOf(targetWith({ triggers })).derived;
    return Object.fromEntries(
      alarmNames.map((alarmName) => [
        alarmName,
        states.filter((value) => matchesPattern(alarmPattern, { alarmName, state: { value } })),
      ]),
    );
  };

  it('start it by ALARM, and by INSUFFICIENT_DATA only those that ask for it, besides the heartbeat', () => {
    const alarms = ['beat', { name: 'depth' }, { name: 'age', onInsufficientData: true }];
    const named = { beat: ['ALARM'], depth: ['ALARM'], age: ['ALARM', 'INSUFFICIENT_DATA'], other: [] };
    const names = [heartbeat, ...Object.keys(named)];
    expect(starts({ alarms }, names)).toEqual({ [heartbeat]: ['ALARM', 'INSUFFICIENT_DATA'], ...named });
    expect(starts({ alarms, heartbeat: false }, names)).toEqual({ [heartbeat]: [], ...named });
  });

  it('are one plain pattern where they all have the same states', () => {
    const patternOf = (triggers: object) => stackOf(targetWith({ triggers })).derived.alarmPattern;
    expect(patternOf({ alarms: [] })).toEqual({
      alarmName: [heartbeat],
      state: { value: ['ALARM', 'INSUFFICIENT_DATA'] },
    });
    expect(patternOf({ alarms: ['beat', 'depth'], heartbeat: false })).toEqual({
      alarmName: ['beat', 'depth'],
      state: { value: ['ALARM'] },
    });
  });

  it('are known to the doctor by name, however they are written', () => {
    const alarms = ['beat', { name: 'age', onInsufficientData: true }];
    expect(startingAlarms(targetWith({ triggers: { alarms } }))).toEqual([heartbeat, 'beat', 'age']);
  });
});

describe('change calendars', () => {
  const allowed = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(stackOf(targetWith(values)).resources)
      .filter(([, resource]) => JSON.stringify(resource).includes('GetCalendarState'))
      .map(([role, resource]) => [role, JSON.stringify(resource)] as const);

  it('may be asked by the state that plans, each of them, where the target has any', () => {
    const shared = 'arn:aws:ssm:ap-northeast-2:444455556666:document/shared';
    const [[role, resource] = [], ...others] = allowed({ pauses: { changeCalendars: ['freeze', shared] } });
    expect([role, others]).toEqual(['PlanRecoveryRole', []]);
    const statement = {
      Effect: 'Allow',
      Action: 'ssm:GetCalendarState',
      Resource: [
        { 'Fn::Sub': 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:document/freeze' },
        shared,
      ],
    };
    expect(resource).toContain(JSON.stringify(statement));
    expect(allowed({})).toEqual([]);
  });
});
