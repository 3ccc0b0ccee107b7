/** What nobody lets recover only plans, from its start to what people are told. */
import { endLease, readLedger } from '../../aws/lease-table.ts';
import { ssmOfBackup } from '../../aws/ssm-clients.ts';
import { planRecovery } from '../../functions/plan-recovery.ts';
import { reportRecovery } from '../../functions/report-recovery.ts';
import { takeLease } from '../../functions/take-lease.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { PlanRecoveryInput } from '../../workflow/chain.ts';
import { unseenChain } from '../../workflow/doctor/chain-look.ts';
import type { RecoveryPlan } from '../../workflow/plan.ts';
import { makeReport } from '../../workflow/report.ts';
import type { Request } from '../../workflow/request.ts';
import type { EndpointCheck } from '../../workflow/results.ts';
import { documentName, parameterName } from '../support/app-names.ts';
import type { TargetPart } from '../support/app-target.ts';
import { envFinding, openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor, startExecution } from '../support/execution.ts';
import { executionRef, recoveryPlan } from '../support/execution-facts.ts';
import { repairedRun } from '../support/reported-run.ts';
import { servicesOf, steppedClock } from '../support/services.ts';
import { hourMs } from '../support/versions.ts';

let aws: TestAws;
let clock: ReturnType<typeof steppedClock>;
beforeEach(async () => {
  aws = await openAws();
  clock = steppedClock();
});
afterEach(() => aws.close());

const observing: TargetPart = { triggers: { act: 'plan' } };
const schedule = { source: 'aws.events', 'detail-type': 'Scheduled Event' };
const start = (name: string) => executionRef({ name, arn: startExecution(aws, name).executionArn });
const begin = (input: unknown, name = 'run-1', part = observing) =>
  takeLease({ execution: start(name), input }, servicesOf(aws, part, clock));
const ledger = async () => (await readLedger(leaseDoor(aws, clock))).ledger;
const subjects = () => aws.topics.messages.map(({ subject }) => subject);

const request = (part: Partial<Request> = {}): Request => ({
  mode: 'plan',
  deploy: 'auto',
  force: false,
  reason: null,
  trigger: 'schedule',
  ...part,
});
const asked = (part: Partial<EndpointCheck>): EndpointCheck => ({
  finding: 'Healthy',
  needsDeploy: false,
  httpStatus: 200,
  proof: null,
  ...part,
});
const plan = (input: Partial<PlanRecoveryInput> = {}, part = observing) =>
  planRecovery(
    { execution: executionRef(), request: request(), env: envFinding({}), check: asked({}), ...input },
    {
      ...servicesOf(aws, part, clock),
      ssm: aws.ssm.reader,
      backupSsm: ssmOfBackup(aws.ssm, {}, aws.clientConfig).reader,
      lambda: aws.lambda.reader,
      askDoctor: async () => unseenChain({}, 'nobody looked'),
    },
  );
const report = (planned: RecoveryPlan, name = 'run-1', by = request()) =>
  reportRecovery(
    { execution: executionRef({ name }), request: by, plan: { ...planned, decision: 'TellPlan' } },
    servicesOf(aws, observing, clock),
  );

describe('an execution that no person has started', () => {
  it('only plans where the target says so, and takes no lease', async () => {
    expect(await begin(schedule)).toMatchObject({
      request: { mode: 'plan', trigger: 'schedule' },
      lease: null,
    });
    expect(await ledger()).toMatchObject({ owner: null });
  });

  it('leaves where a recovery would leave: while one runs, and in the pause after it', async () => {
    const run = start('recovery');
    await takeLease({ execution: run, input: {} }, servicesOf(aws, observing, clock));
    expect(await begin(schedule, 'run-1')).toMatchObject({ outcome: 'AlreadyRunning', owner: run.arn });
    await endLease(leaseDoor(aws, clock), run, { outcome: 'Recovered', counts: true, told: true });
    expect(await begin(schedule, 'run-2')).toMatchObject({ outcome: 'CoolingDown' });
    await clock.sleep(hourMs);
    expect(await begin(schedule, 'run-3')).toMatchObject({ lease: null });
  });

  it('recovers where the target says nothing of it, as one does that a person has started', async () => {
    expect(await begin({}, 'run-1')).toMatchObject({
      request: { mode: 'recover' },
      lease: { takenAt: expect.any(String) },
    });
    await endLease(leaseDoor(aws, clock), executionRef({ name: 'run-1' }), {
      outcome: 'Healthy',
      counts: false,
      told: true,
    });
    expect(await begin(schedule, 'run-2', {})).toMatchObject({
      request: { mode: 'recover' },
      lease: { takenAt: expect.any(String) },
    });
  });
});

describe('its plan', () => {
  beforeEach(() => {
    aws.parameters.put({ Name: parameterName, Value: 'INTERNAL_KEY=x\n', Type: 'SecureString' });
    aws.addFunction('metric', 'return 1', {});
  });

  it('is for people if there is something to do, or something that nobody has seen healthy', async () => {
    const planOnly = { why: 'ActIsPlan' };
    expect(await plan()).toMatchObject({ decision: 'ShowPlan', planOnly });
    const unhealthy = asked({ finding: 'EndpointUnhealthy', needsDeploy: true, httpStatus: 500 });
    expect(await plan({ check: unhealthy })).toMatchObject({ decision: 'TellPlan', planOnly });
    const busy = asked({ finding: 'EndpointThrottled', httpStatus: 429 });
    expect(await plan({ check: busy })).toMatchObject({ decision: 'TellPlan', deploy: null });
  });

  it('is made again for another version of the parameter, and shown to whoever has asked for it', async () => {
    const unhealthy = asked({ needsDeploy: true });
    aws.parameters.put({ Name: parameterName, Value: 'INTERNAL_KEY=y\n', Overwrite: true });
    expect(await plan({ check: unhealthy })).toMatchObject({ decision: 'LookAgain' });
    const env = envFinding({ version: 2 });
    const own = await plan({ env, check: unhealthy, request: request({ trigger: 'operator' }) });
    expect(own).toMatchObject({ decision: 'ShowPlan' });
    expect(own).not.toHaveProperty('planOnly');
  });
});

describe('a recovery while changes are frozen', () => {
  const unhealthy = asked({ finding: 'EndpointUnhealthy', needsDeploy: true, httpStatus: 500 });
  const frozen = (...changeCalendars: string[]): TargetPart => ({ pauses: { changeCalendars } });
  const recover = (part: TargetPart, input: Partial<PlanRecoveryInput> = {}) =>
    plan({ check: unhealthy, request: request({ mode: 'recover' }), ...input }, part);
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const until = `${new Date(nowMs + hourMs).toISOString().slice(0, 19)}Z`;

  beforeEach(() => {
    aws.parameters.put({ Name: parameterName, Value: 'INTERNAL_KEY=x\n', Type: 'SecureString' });
    aws.addFunction('metric', 'return 1', {});
    const { calendars } = aws.runCommand;
    calendars.set('closed', {
      type: 'DEFAULT_OPEN',
      events: [{ startMs: nowMs - hourMs, endMs: nowMs + hourMs }],
    });
    calendars.set('open', { type: 'DEFAULT_OPEN', events: [] });
    calendars.set('shut', { type: 'DEFAULT_CLOSED', events: [] });
  });

  it('only plans, whoever has started it, and says until when', async () => {
    const planOnly = { why: 'Frozen', calendars: ['open', 'closed'], until };
    for (const trigger of ['alarm', 'operator'] as const)
      expect(
        await recover(frozen('open', 'closed'), { request: request({ mode: 'recover', trigger }) }),
      ).toMatchObject({ decision: 'TellPlan', planOnly, deploy: { instanceIds: ['i-00000001'] } });
    expect(await recover(frozen('shut'))).toMatchObject({ planOnly: { until: null } });
  });

  it('goes on while the calendars are open, or if a person insists on it or has approved', async () => {
    const part = { ...frozen('closed'), approval: { withinMinutes: 5 } };
    expect(await recover(frozen('open'))).toMatchObject({ decision: 'Repair' });
    const insists = request({ mode: 'recover', trigger: 'operator', force: true });
    expect(await recover(frozen('closed'), { request: insists })).toMatchObject({ decision: 'Repair' });
    const { decision, hash } = await recover(part);
    expect(decision).toBe('TellPlan');
    const approval = { decision: 'Approved', hash, by: 'oncall' } as const;
    expect(await recover(part, { approval })).toMatchObject({ decision: 'Repair' });
  });

  it('asks no calendar where there is nothing to change, nor where there is none', async () => {
    expect(await recover(frozen('closed'), { check: asked({}) })).toMatchObject({ decision: 'LeaveAlone' });
    expect(await recover({})).toMatchObject({ decision: 'Repair' });
    expect(aws.countCalls('GetCalendarState')).toBe(0);
  });

  it('goes on if nobody can look, and says so', async () => {
    aws.fail('GetCalendarState', new AwsError('AccessDeniedException', 'no', 400));
    expect(await recover(frozen('closed'))).toMatchObject({
      decision: 'Repair',
      calendarProblem: { error: 'AccessDenied' },
    });
    for (const missing of ['deleted', documentName])
      expect(await recover(frozen('open', missing))).toMatchObject({
        decision: 'Repair',
        calendarProblem: { error: 'AwsRejected', message: expect.stringContaining(missing) },
      });
    const calendarProblem = { error: 'AccessDenied', message: 'no' } as const;
    const run = repairedRun({ plan: recoveryPlan({ calendarProblem }) });
    expect(makeReport(run, clock.now())).toMatchObject({
      env: { notes: ['the change calendars were taken for open (AccessDenied)'] },
    });
  });

  it('is tried again where AWS is only busy', async () => {
    const busy = () => new AwsError('ThrottlingException', 'slow down', 400);
    aws.fail('GetCalendarState', busy(), busy(), busy(), busy());
    await expect(recover(frozen('closed'))).rejects.toMatchObject({ name: 'AwsThrottled' });
  });

  it('gives its lease back', async () => {
    await takeLease({ execution: start('run-1'), input: schedule }, servicesOf(aws, {}, clock));
    expect((await ledger()).owner).not.toBeNull();
    await report(await recover(frozen('closed')), 'run-1');
    expect(await ledger()).toMatchObject({ owner: null, endings: [{ outcome: 'Planned', counts: false }] });
    expect(aws.topics.messages[0]?.message).toContain(`changes are frozen until ${until}`);
  });
});

describe('people', () => {
  const planned = recoveryPlan({ planOnly: { why: 'ActIsPlan' } });

  it('are told what a recovery would do, once in eight hours for the same plan, and at once of another one', async () => {
    expect(await report(planned, 'run-1')).toMatchObject({ outcome: 'Planned', hash: planned.hash });
    expect(subjects()).toEqual(['env-recovery: app recovery planned, but not started']);
    await clock.sleep(7 * hourMs);
    await report(planned, 'run-2');
    expect(subjects()).toHaveLength(1);
    await report({ ...planned, hash: 'another' }, 'run-3');
    expect(subjects()).toHaveLength(2);
    await clock.sleep(2 * hourMs);
    await report(planned, 'run-4');
    expect(subjects()).toHaveLength(3);
    expect((await ledger()).endings).toMatchObject(
      [planned.hash, 'another', planned.hash].map((planHash) => ({
        outcome: 'Planned',
        counts: false,
        planHash,
      })),
    );
  });

  it('are told again if that has failed, and by whoever asks', async () => {
    aws.fail('Publish', new AwsError('AuthorizationErrorException', '', 403));
    await expect(report(planned)).rejects.toMatchObject({ name: 'AccessDenied' });
    await report(planned);
    await report(planned);
    expect(subjects()).toHaveLength(1);
    await report(planned, 'run-2', request({ trigger: 'operator', mode: 'recover' }));
    expect(subjects()).toHaveLength(2);
  });
});
