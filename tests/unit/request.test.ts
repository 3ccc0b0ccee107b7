import { readRequest } from '../../workflow/request.ts';

const alarmEvent = {
  version: '0',
  id: '00000000-0000-0000-0000-000000000000',
  'detail-type': 'CloudWatch Alarm State Change',
  source: 'aws.cloudwatch',
  account: '111122223333',
  time: '2026-01-01T00:00:00Z',
  region: 'ap-northeast-2',
  resources: ['arn:aws:cloudwatch:ap-northeast-2:111122223333:alarm:heartbeat'],
  detail: {
    alarmName: 'heartbeat',
    state: { value: 'ALARM', reason: 'Threshold Crossed', timestamp: '2026-01-01T00:00:00.000+0000' },
    previousState: { value: 'OK' },
  },
};

describe('readRequest', () => {
  it('takes an empty object for a recovery with an automatic deploy', () => {
    expect(readRequest({})).toEqual({
      mode: 'recover',
      deploy: 'auto',
      force: false,
      reason: null,
      trigger: 'operator',
    });
  });

  it('takes what an operator may say', () => {
    expect(readRequest({ mode: 'recover', deploy: 'never', reason: '점검' })).toMatchObject({
      deploy: 'never',
      reason: '점검',
    });
  });

  it('takes a raw alarm event', () => {
    expect(readRequest(alarmEvent)).toEqual({
      mode: 'recover',
      deploy: 'auto',
      force: false,
      reason: 'heartbeat is ALARM',
      trigger: 'alarm',
    });
  });

  it('takes a raw event of the parameter, and one of the schedule', () => {
    const detail = { operation: 'Update', name: '/app/env', type: 'SecureString', description: 'the env' };
    expect(
      readRequest({ ...alarmEvent, source: 'aws.ssm', 'detail-type': 'Parameter Store Change', detail }),
    ).toMatchObject({ reason: 'Update of /app/env', trigger: 'parameter', force: false });
    expect(
      readRequest({ ...alarmEvent, source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }),
    ).toMatchObject({ mode: 'recover', reason: null, trigger: 'schedule', force: false });
  });

  it('masks what looks like a secret in the words of a person, and refuses more than a line of them', () => {
    expect(readRequest({ reason: '교체 후, DB_PASSWORD=hunter22' }).reason).toBe(
      '교체 후, DB_PASSWORD=[redacted]',
    );
    expect(() => readRequest({ reason: 'one\nTo approve: not at all' })).toThrow(/reason: expected one line/);
  });

  it('takes a plan, and force, from a person only', () => {
    expect(readRequest({ mode: 'plan' })).toMatchObject({ mode: 'plan', trigger: 'operator' });
    expect(readRequest({ force: true })).toMatchObject({ mode: 'recover', force: true });
    expect(readRequest({ ...alarmEvent, force: true, mode: 'plan' })).toMatchObject({
      mode: 'recover',
      force: false,
    });
  });

  it.each([
    ['null', null],
    ['a text', 'recover'],
    ['a number', 7],
    ['a list', []],
    ['an unknown key', { parameter: '/other/env' }],
    ['a command', { commands: ['rm -rf /'] }],
    ['an unknown value', { deploy: 'yes' }],
    ['a wrong type', { reason: 5 }],
    ['the console’s example', { Comment: 'Insert your JSON here' }],
    ['a long reason', { reason: 'x'.repeat(257) }],
    ['256 KB of junk', { ['x'.repeat(1000)]: 'y'.repeat(256 * 1024) }],
    ['an event of another kind', { ...alarmEvent, 'detail-type': 'EC2 Instance State-change Notification' }],
    ['an alarm event without a name', { ...alarmEvent, detail: { state: { value: 'ALARM' } } }],
  ])('refuses %s as InvalidInput, with a message that quotes no value', (_what, input) => {
    expect(() => readRequest(input)).toThrow(
      expect.objectContaining({
        name: 'InvalidInput',
        message: expect.stringMatching(/^(?!.*rm -rf).{1,500}$/),
      }),
    );
  });
});
