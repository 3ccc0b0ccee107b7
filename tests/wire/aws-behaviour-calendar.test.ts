/** What AWS documents of Change Calendar; see any-aws.ts. */
import { GetCalendarStateCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CalendarName, openAnyAws } from '../support/any-aws.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let ssm: SSMClient;
beforeAll(async () => {
  aws = await openAnyAws();
  ssm = new SSMClient(aws.config);
});
afterAll(() => aws.sandbox?.close());

describe('a change calendar', () => {
  const stateAt = async (AtTime: string | undefined, ...names: string[]) => {
    const {
      State,
      AtTime: at,
      NextTransitionTime,
    } = await ssm.send(new GetCalendarStateCommand({ CalendarNames: [CalendarName, ...names], AtTime }));
    const timeOf = (text: string | undefined) =>
      text === undefined ? undefined : new Date(text).toISOString();
    return { state: State, at: timeOf(at), next: timeOf(NextTransitionTime) };
  };

  it('is closed in its events and open around them, and says when that changes', async () => {
    expect(await stateAt('2029-12-31T12:00:00Z')).toEqual({
      state: 'OPEN',
      at: '2029-12-31T12:00:00.000Z',
      next: '2030-01-01T00:00:00.000Z',
    });
    expect(await stateAt('2030-01-01T12:00:00Z')).toEqual({
      state: 'CLOSED',
      at: '2030-01-01T12:00:00.000Z',
      next: '2030-01-02T00:00:00.000Z',
    });
  });

  it('names no change of its past', async () => {
    const { state, at, next } = await stateAt('2030-01-03T00:00:00Z');
    expect(state).toBe('OPEN');
    if (next !== undefined) expect(Date.parse(next)).toBeGreaterThan(Date.parse(at ?? ''));
  });

  it('says what is now, if nobody says when', async () => {
    const { state, at } = await stateAt(undefined);
    expect(state).toBe(
      Date.now() >= Date.UTC(2030, 0, 1) && Date.now() < Date.UTC(2030, 0, 2) ? 'CLOSED' : 'OPEN',
    );
    expect(Math.abs(Date.parse(at ?? '') - Date.now())).toBeLessThan(15 * 60_000);
  });

  it('that does not exist is no document', async () => {
    await expect(stateAt(undefined, 'env-recovery-behaviour-nobody')).rejects.toMatchObject({
      name: 'InvalidDocument',
    });
  });
});
