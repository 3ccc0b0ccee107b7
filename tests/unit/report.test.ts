import * as v from 'valibot';
import type { ProvenRun } from '../../workflow/chain.ts';
import { lossOf, makeReport, RecoveryReport, RefusalReport } from '../../workflow/report.ts';
import type { Loss } from '../../workflow/results.ts';
import { recoveryPlan } from '../support/execution-facts.ts';
import { finishedAtMs, healthOnly, provenRun, refusedRun, repairedRun } from '../support/reported-run.ts';

const reportOn = (run: ProvenRun) => v.parse(RecoveryReport, makeReport(run, finishedAtMs));
const notesOn = (run: ProvenRun) => reportOn(run).env.notes;

const loss: Loss = {
  keys: ['DB_PORT', 'DEBUG'],
  hiddenCount: 0,
  source: { kind: 'history', version: 2, isKnownGood: true },
  since: { version: 4, modifiedAt: '2026-01-01T17:58:00.000Z' },
};

describe('the report of a run that has proved its end', () => {
  it('says what was wrong, what was done, how long it took, and what proves it', () => {
    expect(makeReport(repairedRun(), finishedAtMs)).toEqual({
      outcome: 'Recovered',
      execution: 'run-1',
      trigger: 'schedule',
      reason: null,
      startedAt: '2026-01-01T18:00:00.000Z',
      finishedAt: '2026-01-01T18:04:12.000Z',
      durationSeconds: 252,
      proven: ['endpoint', 'backlog', 'datapoint'],
      notProven: [],
      env: {
        parameterName: '/app/env',
        finding: 'Incomplete',
        keyCountBefore: 1,
        keyCountAfter: 2,
        versionBefore: 1,
        versionAfter: 2,
        restoredKeys: ['DB_HOST'],
        source: { kind: 'history', version: 0, isKnownGood: true },
        notes: [],
      },
      deployment: { commandId: 'command-1', instanceIds: ['i-00000001'], durationSeconds: 93.4 },
      found: { finding: 'NotAsked', httpStatus: null },
      endpoint: { httpStatus: 200, backlog: 7 },
      function: {
        functionName: 'metric',
        outcome: 'Patched',
        setKeys: ['API_KEY'],
        removedKeys: ['API_HOST'],
        keptKeyCount: 9,
        backlog: 7,
      },
      metric: { name: 'App/BacklogCount', value: 7, timestamp: '2026-01-01T18:04:00.000Z' },
      callers: null,
      scaling: null,
      knownGood: { outcome: 'Marked', version: 2, why: 'it was deployed', backup: null },
    });
  });

  it('is inconclusive if nobody but the recovery calls the metric function, and healthy if nothing was repaired', () => {
    const callers = { outcome: 'NotCalled' as const, says: 'nobody else has called metric' };
    for (const [run, outcome] of [
      [repairedRun(), 'Inconclusive'],
      [provenRun(), 'Healthy'],
    ] as const)
      expect(reportOn({ ...run, backlog: { ...run.backlog, callers } })).toMatchObject({ outcome, callers });
  });

  it('is of a healthy target where nothing was done, with the proof of the first look', () => {
    expect(reportOn(provenRun())).toMatchObject({
      outcome: 'Healthy',
      env: {
        finding: 'Complete',
        versionBefore: 1,
        versionAfter: 1,
        restoredKeys: [],
        source: null,
        notes: [],
      },
      deployment: null,
      endpoint: { httpStatus: 200, backlog: 6 },
      function: { outcome: 'Unchanged', setKeys: [], removedKeys: [], keptKeyCount: null },
    });
  });

  const { datapoint, metric } = provenRun().backlog;
  const ofMetric = { datapoint, metric };
  it.each<[what: string, run: Partial<ProvenRun>, notProven: string[]]>([
    ['nothing but health', healthOnly, ['backlog', 'datapoint']],
    ['a number of the endpoint', { backlog: healthOnly.backlog }, ['datapoint']],
    [
      'a number of the function',
      { ...healthOnly, backlog: { ...healthOnly.backlog, backlog: 7 } },
      ['datapoint'],
    ],
    ['a datapoint of somebody else', { ...healthOnly, backlog: { backlog: null, ...ofMetric } }, ['backlog']],
    ['a datapoint of the function', { ...healthOnly, backlog: { backlog: 7, ...ofMetric } }, []],
  ])('says what is not proven of a target with %s', (_what, run, notProven) => {
    const report = reportOn(repairedRun(run));
    expect(report).toMatchObject({ outcome: 'Recovered', notProven });
    const all = ['endpoint', 'backlog', 'datapoint'];
    expect(report).toMatchObject({ proven: all.filter((proof) => !notProven.includes(proof)) });
  });

  it('has no function and no metric of a target without them', () => {
    const plan = recoveryPlan({ function: null });
    expect(reportOn(repairedRun({ ...healthOnly, plan }))).toMatchObject({
      endpoint: { httpStatus: 200, backlog: null },
      function: null,
      metric: null,
      scaling: null,
    });
  });

  const { upload, deployment, patch } = repairedRun();
  it.each<[string, Partial<ProvenRun>]>([
    ['the env was restored', { upload }],
    ['the API was deployed', { deployment }],
    ['the function was patched', { patch }],
  ] as [string, Partial<ProvenRun>][])('says Recovered where only %s', (_what, part) => {
    expect(reportOn(provenRun(part)).outcome).toBe('Recovered');
  });

  it('says what became of the workers, and is of a recovery even if they do not scale', () => {
    const says = { group: 'workers', says: 'group workers has suspended Launch' };
    const commands = { meaning: 'Suspended.', look: 'look', fix: 'fix', note: null };
    const scaling = { outcome: 'NotScaling', code: 'GroupSuspended', ...says, ...commands } as const;
    const run = repairedRun();
    expect(reportOn({ ...run, backlog: { ...run.backlog, scaling } })).toMatchObject({
      outcome: 'Recovered',
      scaling,
    });
  });

  it('says of a healthy target which keys are lost', () => {
    const knownGood = {
      outcome: 'KeysLost',
      version: 4,
      why: 'it lacks 2 keys',
      backup: null,
      loss,
    } as const;
    const report = reportOn(provenRun({ knownGood }));
    expect(report).toMatchObject({ outcome: 'Healthy', knownGood });
    expect(lossOf(report)).toEqual(loss);
    expect(lossOf(reportOn(provenRun()))).toBeUndefined();
    expect(lossOf(makeReport(refusedRun(), finishedAtMs))).toBeUndefined();
  });

  it('says Healthy where the states had nothing to do', () => {
    const nothing = { outcome: 'NotPlanned' } as const;
    expect(reportOn(provenRun({ upload: nothing, deployment: nothing })).outcome).toBe('Healthy');
  });

  it('takes no less than 0 seconds, whatever two clocks say', () => {
    const early = finishedAtMs - 3_600_000;
    expect(makeReport(provenRun(), early)).toMatchObject({ durationSeconds: 0 });
  });
});

describe('the notes of a report', () => {
  const { env } = provenRun();
  const { upload } = repairedRun();
  if (upload?.outcome !== 'Restored') throw new Error('expected a run that has restored');
  const notMarked = (outcome: 'Replaced' | 'NotProven') => ({
    outcome,
    version: 4,
    why: 'it is too young',
    backup: null,
  });

  it.each<[string, Partial<ProvenRun>, string]>([
    [
      'a byte order mark',
      { env: { ...env, hasBom: true } },
      'a byte order mark was at the start (still there)',
    ],
    [
      'a byte order mark that a restore took out',
      { env: { ...env, hasBom: true }, upload },
      'a byte order mark was at the start (not written back)',
    ],
    ['CRLF', { env: { ...env, hasCrlf: true } }, 'lines ended with CRLF (still there)'],
    [
      'CRLF that a restore took out',
      { env: { ...env, hasCrlf: true }, upload },
      'lines ended with CRLF (not written back)',
    ],
    [
      'a key that is there twice',
      { env: { ...env, duplicateKeys: ['DB_HOST'] } },
      'DB_HOST occurs more than once; the last one counts',
    ],
    [
      'a parameter that was not encrypted',
      { env: { ...env, type: 'String' } },
      'the parameter was a String, not a SecureString',
    ],
    [
      'a value that was taken back',
      { upload: { ...upload, revertedKeys: ['DB_HOST'] } },
      'DB_HOST is back to its known-good value; a newer complete version has another',
    ],
    [
      'a line that was left out',
      { upload: { ...upload, leftOutLines: [3] } },
      `without line 3 of version ${upload.previousVersion}; it stays in the history`,
    ],
    [
      'several of them',
      { upload: { ...upload, leftOutLines: [1, 3] } },
      `without lines 1, 3 of version ${upload.previousVersion}; they stay in the history`,
    ],
    [
      'what is odd about the source',
      { upload: { ...upload, sourceNotes: ['in version 1: line 2: docker refuses a line without a name'] } },
      'in version 1: line 2: docker refuses a line without a name',
    ],
    [
      'a first message that could not be sent',
      { announcement: { problem: 'AccessDenied' } },
      'nobody could be told before the first change (AccessDenied)',
    ],
    [
      'an env that somebody replaced',
      { knownGood: notMarked('Replaced') },
      'the env was not marked as known-good: it is too young',
    ],
    [
      'a version that is not proven',
      { knownGood: notMarked('NotProven') },
      'version 4 was not marked as known-good: it is too young',
    ],
    [
      'keys that are lost',
      { knownGood: { ...notMarked('NotProven'), outcome: 'KeysLost', loss } },
      'version 4 was not marked as known-good: it is too young',
    ],
  ])('tell of %s, and of nothing else', (_what, part, note) => {
    expect(notesOn(provenRun(part))).toEqual([note]);
  });

  it('tell of each key that is there twice', () => {
    expect(notesOn(provenRun({ env: { ...env, duplicateKeys: ['A', 'B'] } }))).toHaveLength(2);
  });

  it('tell nothing of a parameter that was not there', () => {
    expect(notesOn(provenRun({ env: { ...env, type: null, version: 0 } }))).toEqual([]);
  });
});

describe('the report of a run whose plan was refused', () => {
  const reportOnRefused = (part: Parameters<typeof refusedRun>[0]) =>
    v.parse(RefusalReport, makeReport(refusedRun(part), finishedAtMs));
  const by = 'oncall';
  const hash = '0123456789abcdef';

  it('says that nobody answered in time', () => {
    expect(reportOnRefused({})).toMatchObject({
      outcome: 'NotApproved',
      answer: null,
      startedAt: '2026-01-01T18:00:00.000Z',
      finishedAt: '2026-01-01T18:04:12.000Z',
    });
  });

  it('says who rejected it', () => {
    const Cause = JSON.stringify({ decision: 'Rejected', hash, by });
    expect(reportOnRefused({ refusal: { Error: 'PlanRejected', Cause } })).toMatchObject({
      outcome: 'NotApproved',
      answer: { decision: 'Rejected', by },
    });
  });

  it('shows the name that was given as one line without a secret, a line break or a turn of direction', () => {
    const forged = 'x\nTo do: y\u2028z\u202E PASSWORD=hunter2';
    const Cause = JSON.stringify({ decision: 'Rejected', hash, by: forged });
    const { answer } = reportOnRefused({ refusal: { Error: 'PlanRejected', Cause } });
    expect(answer?.by).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
    expect(answer?.by).not.toContain('hunter2');
  });

  it.each(['', 'no JSON', '{"decision":"Approved"}'])(
    'says of no one that they rejected it by %j',
    (Cause) => {
      expect(reportOnRefused({ refusal: { Error: 'PlanRejected', Cause } }).answer).toBeNull();
    },
  );

  it('says who approved a plan that no longer holds', () => {
    const { refusal: _, ...run } = refusedRun({ approval: { decision: 'Approved', hash, by } });
    expect(makeReport(run, finishedAtMs)).toMatchObject({
      outcome: 'PlanChanged',
      answer: { decision: 'Approved', by },
    });
  });
});
