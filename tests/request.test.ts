import { readRequest } from '../recovery/request.ts';

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
    expect(readRequest({})).toEqual({ mode: 'recover', deploy: 'auto', reason: null, trigger: 'operator' });
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
      reason: 'heartbeat is ALARM',
      trigger: 'alarm',
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
