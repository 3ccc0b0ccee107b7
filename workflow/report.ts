/** The output of an execution: what was wrong, what was done, and the proof; or why nothing was done. */
import * as v from 'valibot';
import {
  deployOf,
  endpointProofOf,
  type ProvenRun,
  patchOf,
  type RefusedRun,
  restorationOf,
  wasRepaired,
} from './chain.ts';
import { names, timestamp, wholeNumber } from './fields.ts';
import { Approval, type PlannedFunction, RecoveryPlan, Rejection } from './plan.ts';
import { Request } from './request.ts';
import { notesOnRestore } from './restore.ts';
import {
  BacklogProof,
  CallersProof,
  EndpointProof,
  EnvFinding,
  KnownGood,
  type Loss,
  PatchedFunction,
  RestoreSource,
  ScalingProof,
} from './results.ts';

/** That the endpoint answers, that it or the metric function counts, and that CloudWatch has a datapoint. */
const Proof = v.picklist(['endpoint', 'backlog', 'datapoint']);
export type Proof = v.InferOutput<typeof Proof>;

/** The output of an execution that ends well. */
export const RecoveryReport = v.object({
  /** `Inconclusive`: repaired, but the metric counts only as long as the recovery itself calls its function. */
  outcome: v.picklist(['Recovered', 'Healthy', 'Inconclusive']),
  execution: v.string(),
  trigger: Request.entries.trigger,
  reason: Request.entries.reason,
  startedAt: timestamp,
  finishedAt: timestamp,
  durationSeconds: v.number(),
  proven: v.array(Proof),
  /** Since the target file leaves out what it would take. What could have been proven, and was not, is a failure. */
  notProven: v.array(Proof),
  env: v.object({
    parameterName: v.string(),
    finding: EnvFinding.entries.finding,
    keyCountBefore: wholeNumber,
    keyCountAfter: wholeNumber,
    versionBefore: wholeNumber,
    versionAfter: wholeNumber,
    restoredKeys: names,
    source: v.nullable(RestoreSource),
    notes: v.array(v.string()),
  }),
  deployment: v.nullable(
    v.object({ commandId: v.string(), instanceIds: names, durationSeconds: v.number() }),
  ),
  /** What the endpoint was like before anything was done. */
  found: RecoveryPlan.entries.endpoint,
  endpoint: v.pick(EndpointProof, ['httpStatus', 'backlog']),
  /** `null` if the target has no metric function. */
  function: v.nullable(
    v.object({
      ...v.pick(PatchedFunction, ['functionName', 'outcome', 'setKeys', 'removedKeys', 'aliasMove']).entries,
      /** How many other variables it has; `null` where there was nothing to patch. */
      keptKeyCount: v.nullable(wholeNumber),
      /** What it answered. */
      ...v.pick(BacklogProof, ['backlog']).entries,
    }),
  ),
  /** `null` if the target has no metric. */
  metric: v.nullable(v.object({ name: v.string(), value: v.number(), timestamp })),
  /** `null` if nothing was repaired, or the target lacks one of both. */
  callers: v.nullable(CallersProof),
  /** `null` if nothing was repaired, or the target has no group of workers. */
  scaling: v.nullable(ScalingProof),
  knownGood: KnownGood,
});
export type RecoveryReport = v.InferOutput<typeof RecoveryReport>;

/** The output of an execution whose plan was not approved. Nothing was changed. */
export const RefusalReport = v.object({
  /** `PlanChanged`: it was approved, but by then things were no longer as in the plan. */
  outcome: v.picklist(['NotApproved', 'PlanChanged']),
  execution: v.string(),
  trigger: Request.entries.trigger,
  reason: Request.entries.reason,
  startedAt: timestamp,
  finishedAt: timestamp,
  /** `null` if nobody answered in time. */
  answer: v.nullable(v.variant('decision', [Approval, Rejection])),
  plan: RecoveryPlan,
});
export type RefusalReport = v.InferOutput<typeof RefusalReport>;

/** The keys that the env has lost, if this execution has found any to be. */
export function lossOf(report: RecoveryReport | RefusalReport): Loss | undefined {
  return 'knownGood' in report && report.knownGood.outcome === 'KeysLost' ? report.knownGood.loss : undefined;
}

/** @param finishedAtMs milliseconds since the epoch. */
export function makeReport(
  run: ProvenRun | RefusedRun,
  finishedAtMs: number,
): RecoveryReport | RefusalReport {
  return 'backlog' in run ? reportProven(run, finishedAtMs) : reportRefused(run, finishedAtMs);
}

function commonOf({ execution, request }: ProvenRun | RefusedRun, finishedAtMs: number) {
  return {
    execution: execution.name,
    trigger: request.trigger,
    reason: request.reason,
    startedAt: execution.startedAt,
    finishedAt: new Date(finishedAtMs).toISOString(),
  };
}

function outcomeOf(run: ProvenRun): RecoveryReport['outcome'] {
  if (!wasRepaired(run)) return 'Healthy';
  return run.backlog.callers?.outcome === 'NotCalled' ? 'Inconclusive' : 'Recovered';
}

function reportProven(run: ProvenRun, finishedAtMs: number): RecoveryReport {
  const { env, plan, backlog, knownGood } = run;
  const restoration = restorationOf(run);
  const deploy = deployOf(run);
  const { httpStatus = 200, backlog: counted = backlog.backlog } = endpointProofOf(run) ?? {};
  const isProven: Readonly<Record<Proof, boolean>> = {
    endpoint: true,
    backlog: counted !== null || backlog.backlog !== null,
    datapoint: backlog.datapoint !== null,
  };
  return {
    outcome: outcomeOf(run),
    ...commonOf(run, finishedAtMs),
    durationSeconds: secondsBetween(run.execution.startedAt, finishedAtMs),
    proven: Proof.options.filter((proof) => isProven[proof]),
    notProven: Proof.options.filter((proof) => !isProven[proof]),
    env: {
      parameterName: env.parameterName,
      finding: env.finding,
      keyCountBefore: env.keyCount,
      keyCountAfter: (restoration ?? env).keyCount,
      versionBefore: env.version,
      versionAfter: (restoration ?? env).version,
      restoredKeys: restoration?.restoredKeys ?? [],
      source: restoration?.source ?? null,
      notes: notesOn(run),
    },
    deployment: deploy
      ? {
          commandId: deploy.commandId,
          instanceIds: deploy.instanceIds,
          durationSeconds: secondsBetween(deploy.startedAt, Date.parse(deploy.finishedAt)),
        }
      : null,
    found: plan.endpoint,
    endpoint: { httpStatus, backlog: counted },
    function: plan.function && functionIn(run, plan.function),
    metric: metricIn(backlog),
    callers: backlog.callers ?? null,
    scaling: backlog.scaling ?? null,
    knownGood,
  };
}

function functionIn(
  run: ProvenRun,
  { functionName }: Pick<PlannedFunction, 'functionName'>,
): RecoveryReport['function'] {
  const patch = patchOf(run);
  return {
    functionName,
    outcome: patch?.outcome ?? 'Unchanged',
    setKeys: patch?.setKeys ?? [],
    removedKeys: patch?.removedKeys ?? [],
    ...(patch?.aliasMove ? { aliasMove: patch.aliasMove } : {}),
    keptKeyCount: patch?.keptKeyCount ?? null,
    backlog: run.backlog.backlog,
  };
}

const metricIn = ({ metric, datapoint }: ProvenRun['backlog']): RecoveryReport['metric'] =>
  metric === null || datapoint === null
    ? null
    : { name: metric, value: datapoint.value, timestamp: datapoint.timestamp };

/** What was odd about the text that was found; a restore takes the first two out. */
function notesOn(run: ProvenRun): string[] {
  const { env, plan, announcement, knownGood } = run;
  const restoration = restorationOf(run);
  const fate = restoration ? 'not written back' : 'still there';
  return [
    ...(env.hasBom ? [`a byte order mark was at the start (${fate})`] : []),
    ...(env.hasCrlf ? [`lines ended with CRLF (${fate})`] : []),
    ...env.duplicateKeys.map((key) => `${key} occurs more than once; the last one counts`),
    ...(env.type !== null && env.type !== 'SecureString'
      ? [`the parameter was a ${env.type}, not a SecureString`]
      : []),
    ...(restoration?.revertedKeys ?? []).map(
      (key) => `${key} is back to its known-good value; a newer complete version has another`,
    ),
    ...(restoration ? notesOnRestore(restoration, restoration.previousVersion) : []),
    ...(plan.calendarProblem
      ? [`the change calendars were taken for open (${plan.calendarProblem.error})`]
      : []),
    ...(announcement?.problem
      ? [`nobody could be told before the first change (${announcement.problem})`]
      : []),
    ...(knownGood.outcome === 'Replaced' ? [`the env was not marked as known-good: ${knownGood.why}`] : []),
    ...(knownGood.outcome === 'NotProven' || knownGood.outcome === 'KeysLost'
      ? [`version ${knownGood.version} was not marked as known-good: ${knownGood.why}`]
      : []),
  ];
}

function reportRefused(run: RefusedRun, finishedAtMs: number): RefusalReport {
  const { refusal, approval, plan } = run;
  const rejection = v.safeParse(v.pipe(v.string(), v.parseJson(), Rejection), refusal?.Cause);
  return {
    outcome: refusal === undefined ? 'PlanChanged' : 'NotApproved',
    ...commonOf(run, finishedAtMs),
    answer: refusal === undefined ? (approval ?? null) : rejection.success ? rejection.output : null,
    plan,
  };
}

function secondsBetween(start: string, endMs: number): number {
  return Math.max(0, Math.round((endMs - Date.parse(start)) / 100) / 10);
}
