import { readLedger, takeLease } from '../../aws/lease-table.ts';
import { reportRecovery } from '../../functions/report-recovery.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { ReportRecoveryInput } from '../../workflow/chain.ts';
import type { Request } from '../../workflow/request.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { pauses } from '../support/ledger.ts';
import { provenRun, refusedRun, repairedRun, request } from '../support/reported-run.ts';
import { servicesOf, steppedClock } from '../support/services.ts';
import { hourMs } from '../support/versions.ts';

let aws: TestAws;
let clock: ReturnType<typeof steppedClock>;
beforeEach(async () => {
  aws = await openAws();
  clock = steppedClock();
});
afterEach(() => aws.close());

const alarm = { ...request, trigger: 'alarm', reason: 'beat is ALARM' } as const;
/** A run that has found two keys lost since a version, and nothing else. */
const lossyRun = (since: number, by: Request = request) =>
  provenRun({
    request: by,
    knownGood: {
      outcome: 'KeysLost',
      version: 9,
      why: 'it lacks 2 keys',
      backup: null,
      loss: {
        keys: ['DB_PORT', 'DEBUG'],
        hiddenCount: 0,
        source: { kind: 'history', version: 5, isKnownGood: true },
        since: { version: since, modifiedAt: '2026-01-01T12:00:00.000Z' },
      },
    },
  });
/** Lets the run have the lease, and reports on it. */
async function report(run: ReportRecoveryInput, name = 'run-1') {
  const execution = executionRef({ name, startedAt: new Date(clock.now()).toISOString() });
  await takeLease(leaseDoor(aws, clock), execution, { pauses, force: true });
  return reportRecovery({ ...run, execution }, servicesOf(aws, {}, clock));
}
const subjects = () => aws.topics.messages.map(({ subject }) => subject);
const ledger = async () => (await readLedger(leaseDoor(aws, clock))).ledger;

describe('ReportRecovery', () => {
  it('tells of a repair, frees the lease, and remembers that it counts', async () => {
    expect(await report(repairedRun())).toMatchObject({ outcome: 'Recovered' });
    expect(subjects()).toEqual(['env-recovery: app recovered']);
    expect(await ledger()).toMatchObject({
      owner: null,
      endings: [{ outcome: 'Recovered', counts: true, told: true }],
    });
  });

  it('tells of a repair after which the workers do not scale, with the command that lets them', async () => {
    const run = repairedRun();
    const scaling = {
      outcome: 'NotScaling',
      group: 'workers',
      code: 'GroupSuspended',
      says: 'group workers has suspended Launch',
      meaning: 'Processes of the group are suspended that scaling needs.',
      look: 'aws look',
      fix: 'aws fix',
      note: null,
    } as const;
    const output = await report({ ...run, backlog: { ...run.backlog, scaling } });
    expect(output).toMatchObject({ outcome: 'Recovered', scaling });
    expect(subjects()).toEqual(['env-recovery: app metric is back, but its workers do not scale']);
    expect(aws.topics.messages[0]?.message).toMatch(/^Put it right: aws fix$/m);
    expect(await ledger()).toMatchObject({ endings: [{ outcome: 'Recovered', counts: true, told: true }] });
  });

  it('tells nobody of a healthy target that the schedule looked at, which counts for no pause', async () => {
    expect(await report(provenRun())).toMatchObject({ outcome: 'Healthy' });
    expect(subjects()).toEqual([]);
    expect(await ledger()).toMatchObject({ owner: null, endings: [] });
  });

  it('tells of an alarm that fires for nothing, once in eight hours', async () => {
    const healthy = provenRun({ request: alarm });
    await report(healthy, 'run-1');
    expect(subjects()).toEqual(['env-recovery: app alarm, but nothing to repair']);
    await clock.sleep(7 * hourMs);
    await report(healthy, 'run-2');
    expect(subjects()).toHaveLength(1);
    await clock.sleep(2 * hourMs);
    await report(healthy, 'run-3');
    expect(subjects()).toHaveLength(2);
  });

  it('tells of lost keys once, however often the target is looked at, and again of the next loss', async () => {
    await report(lossyRun(6), 'run-1');
    await report(lossyRun(6), 'run-2');
    await clock.sleep(99 * hourMs);
    await report(lossyRun(6), 'run-3');
    expect(subjects()).toEqual(['env-recovery: app works, but has lost 2 keys']);
    expect(aws.topics.messages[0]?.message).toContain('Lost:         DB_PORT, DEBUG\n');
    await report(lossyRun(8), 'run-4');
    expect(subjects()).toHaveLength(2);
  });

  it('tells of lost keys again if that could not be told, and not again if it was', async () => {
    aws.fail('Publish', new AwsError('AuthorizationErrorException', '', 403));
    await expect(report(lossyRun(6))).rejects.toMatchObject({ name: 'AccessDenied' });
    const again = () =>
      reportRecovery({ ...lossyRun(6), execution: executionRef() }, servicesOf(aws, {}, clock));
    await again();
    await again();
    expect(subjects()).toEqual(['env-recovery: app works, but has lost 2 keys']);
  });

  it('tells of lost keys with a repair, and then no more', async () => {
    const { knownGood } = lossyRun(6);
    await report(repairedRun({ knownGood }), 'run-1');
    expect(aws.topics.messages[0]?.message).toContain('recover env accept --target app');
    await report(lossyRun(6), 'run-2');
    expect(subjects()).toEqual(['env-recovery: app recovered']);
  });

  it('takes a message about lost keys for none about the alarm, nor the other way round', async () => {
    await report(provenRun({ request: alarm }), 'run-1');
    await report(lossyRun(6, alarm), 'run-2');
    await clock.sleep(9 * hourMs);
    await report(lossyRun(8), 'run-3');
    await report(lossyRun(8, alarm), 'run-4');
    expect(subjects()).toEqual([
      'env-recovery: app alarm, but nothing to repair',
      'env-recovery: app works, but has lost 2 keys',
      'env-recovery: app works, but has lost 2 keys',
      'env-recovery: app alarm, but nothing to repair',
    ]);
  });

  it('tells of a plan that nobody approved, as of one that no longer holds', async () => {
    expect(await report(refusedRun(), 'run-1')).toMatchObject({ outcome: 'NotApproved' });
    const { refusal: _, ...approved } = refusedRun({
      approval: { decision: 'Approved', hash: '0123456789abcdef', by: 'oncall' },
    });
    expect(await report(approved, 'run-2')).toMatchObject({ outcome: 'PlanChanged' });
    expect(subjects()).toEqual(['env-recovery: app not approved', 'env-recovery: app plan has changed']);
    expect((await ledger()).endings).toMatchObject([
      { outcome: 'NotApproved', counts: true },
      { outcome: 'NotApproved', counts: true },
    ]);
  });

  it('tells a person once, where the state is tried again', async () => {
    const run = repairedRun();
    await report(run);
    await reportRecovery({ ...run, execution: executionRef() }, servicesOf(aws, {}, clock));
    expect(subjects()).toHaveLength(1);
  });
});
