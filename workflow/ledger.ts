/**
 * The memory of one target: which run holds its lease, how the last runs ended, and which plan waits for an approval.
 * Each rule makes the next ledger from the one it is given; the lease table reads and writes it.
 */
import * as v from 'valibot';
import {
  Ending,
  failuresInARow,
  findPause,
  longestWindowHours,
  type NewEnding,
  type Pauses,
  Run,
  type SkipReason,
} from './pauses.ts';
import { RecoveryPlan } from './plan.ts';
import { RecoveryError } from './recovery-error.ts';
import { executionName } from './words.ts';

const Owner = v.object({ ...Run.entries, takenAt: v.string() });

const PendingApproval = v.object({
  arn: v.string(),
  taskToken: v.string(),
  plan: RecoveryPlan,
  /** When the execution stops waiting. */
  until: v.string(),
});
export type PendingApproval = v.InferOutput<typeof PendingApproval>;

/** Fields that are not named here, which other versions may have written, are ignored. */
export const Ledger = v.object({
  owner: v.nullable(Owner),
  /** Oldest first. Of runs that had nothing to repair, only those that say something about the others. */
  endings: v.array(Ending),
  /** One that another version wrote in its own form can't be answered any more, and must not block the rest. */
  approval: v.fallback(v.nullable(PendingApproval), null),
});
export type Ledger = v.InferOutput<typeof Ledger>;

export const emptyLedger: Ledger = { owner: null, endings: [], approval: null };

/** Of those that no pause goes by. */
const maxOtherEndings = 50;
/** Of those that a pause goes by, however many a person has forced within the longest window: an item holds 400 KB. */
const maxCountingEndings = 500;
/** DescribeExecution is eventually consistent: it can't say that the owner of such a young lease is gone. */
const graceMs = 60_000;

/** What Step Functions says about an execution, perhaps a moment late. */
export interface ExecutionStatus {
  /** As DescribeExecution has it; `DELETED` if there is no such execution. */
  readonly status: string;
  readonly redriveCount: number;
  /** Milliseconds since the epoch; `undefined` while it runs. */
  readonly stoppedAtMs: number | undefined;
}
export type Statuses = ReadonlyMap<Run['arn'], ExecutionStatus>;

/** Without `next`, the ledger stays as it is. */
export interface Ruling<T> {
  readonly next?: Ledger;
  readonly answer: T;
}

export interface Lease {
  readonly takenAt: string;
}

/** The executions whose status decides whether this run can take the lease; none if the ledger alone says so. */
export function executionsToAsk(ledger: Ledger, run: Run): string[] {
  const { owner } = ledger;
  if ((owner && isSameRun(owner, run)) || isOver(ledger, run)) return [];
  const isOthers = owner && !isSameExecution(owner, run);
  return [...(isOthers ? [owner.arn] : []), ...(run.redriveCount > 0 ? [run.arn] : [])];
}

/**
 * Gives the lease to a run, or says why it has to leave. Taking it again is the same as having it.
 *
 * @param statuses of the executions from `executionsToAsk`; one without a status keeps what it has and gets nothing.
 * @param force overrides the pauses, but never a lease whose owner runs.
 * @throws RecoveryError LeaseLost if this run is over.
 */
export function take(
  ledger: Ledger,
  run: Run,
  statuses: Statuses,
  { pauses, force }: { readonly pauses: Pauses; readonly force: boolean },
  nowMs: number,
): Ruling<Lease | SkipReason> {
  const { owner } = ledger;
  if (owner && isSameRun(owner, run)) return { answer: { takenAt: owner.takenAt } };
  if (isOver(ledger, run) || !mayStillRun(run, statuses)) throw leaseLost(ledger, run);
  const endings = endingsWithoutOwner(ledger, run, statuses, nowMs);
  if (!endings) {
    return {
      answer: {
        outcome: 'AlreadyRunning',
        owner: owner?.arn ?? '',
        until: null,
        message: `execution ${executionName(owner?.arn ?? '')} recovers this target since ${owner?.takenAt}; wait for it to end`,
      },
    };
  }
  const pause = force || run.redriveCount > 0 ? undefined : findPause(endings, pauses, nowMs);
  if (!pause) return takenBy(run, endings, nowMs);
  // The ending of an owner that is gone is kept: the pause counts from there, not from each start.
  return owner ? { next: { ...emptyLedger, endings }, answer: pause } : { answer: pause };
}

/**
 * Makes sure that a run holds the lease. A redriven run, whose lease was freed when it failed, takes it again.
 *
 * @param statuses of `executionsToAsk`, if the run was redriven.
 * @throws RecoveryError LeaseLost if another execution, or a later run of this one, has it.
 */
export function hold(ledger: Ledger, run: Run, statuses: Statuses, nowMs: number): Ruling<Lease> {
  const { owner } = ledger;
  if (owner && isSameRun(owner, run)) return { answer: { takenAt: owner.takenAt } };
  const endings =
    run.redriveCount > 0 && !isOver(ledger, run) && mayStillRun(run, statuses)
      ? endingsWithoutOwner(ledger, run, statuses, nowMs)
      : undefined;
  if (!endings) throw leaseLost(ledger, run);
  return takenBy(run, endings, nowMs);
}

/**
 * Keeps what an answer to a plan needs, for as long as this run holds the lease.
 *
 * @throws RecoveryError LeaseLost as `hold`.
 */
export function keepApproval(
  ledger: Ledger,
  run: Run,
  statuses: Statuses,
  approval: Omit<PendingApproval, 'arn'>,
  nowMs: number,
): Ruling<void> {
  const { next = ledger } = hold(ledger, run, statuses, nowMs);
  return { next: { ...next, approval: { arn: run.arn, ...approval } }, answer: undefined };
}

/** All known endings, and that of the run in question. */
export interface Endings {
  readonly all: readonly Ending[];
  readonly own: Ending;
}

/**
 * Takes the lease back, and remembers how the run ended, whether it had the lease or not: what is left of the run must
 * not take the lease again. Repeating it changes nothing except that a person has been told.
 *
 * A `Healthy` or `Planned` ending is remembered only if a person is told about it, or if a `Healthy` one ends a series
 * of failures.
 */
export function end(
  ledger: Ledger,
  { arn, startedAt, redriveCount }: Run,
  { outcome, counts, told, ...about }: NewEnding,
  nowMs: number,
): Ruling<Endings> {
  const run = { arn, startedAt, redriveCount };
  const { owner } = ledger;
  // An earlier run of the same execution that ended unnoticed has no use for it either.
  const isOwner = owner !== null && isSameExecution(owner, run) && owner.redriveCount <= redriveCount;
  const known = ledger.endings.find((ending) => isSameRun(ending, run));
  if (known && (known.told || !told) && !isOwner) return { answer: { all: ledger.endings, own: known } };
  const own: Ending = known
    ? { ...known, told: known.told || told }
    : {
        ...run,
        outcome,
        endedAt: timestamp(nowMs),
        // A run that failed without the lease changed nothing, and says nothing about the target.
        counts: counts && (isOwner || outcome !== 'Failed'),
        told,
        ...about,
      };
  const saysMore = outcome === 'Healthy' ? failuresInARow(ledger.endings).length > 0 : outcome !== 'Planned';
  const isRemembered = saysMore || !own.told || known;
  if (!isRemembered && !isOwner) return { answer: { all: ledger.endings, own } };
  const others = ledger.endings.filter((ending) => ending !== known && !isToldAgain(ending, own));
  const endings = isRemembered ? remembered([...others, own], nowMs) : ledger.endings;
  return { next: { ...(isOwner ? emptyLedger : ledger), endings }, answer: { all: endings, own } };
}

/** One success of an execution is enough, however often it had to be redriven to report it. */
function isToldAgain(earlier: Ending, own: Ending): boolean {
  return (
    own.outcome === 'Recovered' &&
    earlier.outcome === own.outcome &&
    isSameExecution(earlier, own) &&
    earlier.redriveCount < own.redriveCount
  );
}

/**
 * What is kept of the endings. What a pause goes by is kept for the longest window that a target may have, whatever
 * else happens: mistyped starts and failed plans must not push an open circuit out.
 */
function remembered(endings: readonly Ending[], nowMs: number): Ending[] {
  const others = endings.filter(({ counts }) => !counts).slice(-maxOtherEndings);
  const inWindow = endings
    .filter(({ counts, endedAt }) => counts && Date.parse(endedAt) > nowMs - longestWindowHours * 3_600_000)
    .slice(-maxCountingEndings);
  return endings.filter((ending) => others.includes(ending) || inWindow.includes(ending));
}

/** What is remembered once this run has taken the lease from its owner, if there is one; `undefined` if that runs. */
function endingsWithoutOwner(
  { owner, endings }: Ledger,
  run: Run,
  statuses: Statuses,
  nowMs: number,
): Ending[] | undefined {
  // If an earlier run of this execution had not ended, this one could not run.
  if (!owner || isSameExecution(owner, run)) return endings;
  const known = statuses.get(owner.arn);
  if (!known) return undefined;
  const { status, redriveCount, stoppedAtMs = nowMs } = known;
  const isFresh = nowMs - Date.parse(owner.takenAt) < graceMs;
  const isAboutThisRun = status !== 'DELETED' && redriveCount >= owner.redriveCount;
  if (!endStatuses.has(status) || (isFresh && !isAboutThisRun)) return undefined;
  const needsNoEnding = status === 'SUCCEEDED' || status === 'DELETED';
  if (needsNoEnding || endings.some((ending) => isSameRun(ending, owner))) return endings;
  const { takenAt: _, ...ownersRun } = owner;
  const ending: Ending = {
    ...ownersRun,
    outcome: 'Failed',
    endedAt: timestamp(Math.min(stoppedAtMs, nowMs)),
    counts: true,
    told: false,
  };
  return remembered([...endings, ending], nowMs);
}

const endStatuses = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'DELETED']);

/** Whether a run that asks for the lease may still be running, as far as Step Functions knows. */
function mayStillRun({ arn, redriveCount }: Run, statuses: Statuses): boolean {
  if (redriveCount === 0) return true;
  const known = statuses.get(arn);
  if (!known) return false;
  // An answer that is older than the redrive says nothing about it.
  return (
    known.redriveCount < redriveCount || (known.redriveCount === redriveCount && known.status === 'RUNNING')
  );
}

/** Whether a run has ended, or was followed by a redrive: what is left of it must not get the lease again. */
function isOver({ endings, owner }: Ledger, run: Run): boolean {
  return (
    endings.some((ending) => isSameExecution(ending, run) && ending.redriveCount >= run.redriveCount) ||
    (owner !== null && isSameExecution(owner, run) && owner.redriveCount > run.redriveCount)
  );
}

/** Two answers of AWS about one execution may round its start in their own way. */
const startToleranceMs = 60_000;

/** An execution's name can be used again after 90 days, or on a machine that was made again: it is another one then. */
function isSameExecution(one: Run, other: Run): boolean {
  if (one.arn !== other.arn) return false;
  if (one.startedAt === undefined || other.startedAt === undefined) return true;
  return Math.abs(Date.parse(one.startedAt) - Date.parse(other.startedAt)) < startToleranceMs;
}

function isSameRun(one: Run, other: Run): boolean {
  return isSameExecution(one, other) && one.redriveCount === other.redriveCount;
}

function takenBy({ arn, startedAt, redriveCount }: Run, endings: Ending[], nowMs: number) {
  const takenAt = timestamp(nowMs);
  const owner = { arn, startedAt, redriveCount, takenAt };
  return { next: { owner, endings, approval: null }, answer: { takenAt } };
}

function leaseLost({ owner }: Ledger, { arn }: Run): RecoveryError {
  return new RecoveryError(
    'LeaseLost',
    `execution ${executionName(arn)} does not hold the lease of this target (${owner ? `execution ${executionName(owner.arn)} does` : 'it was freed'}), so nothing was changed.`,
  );
}

const timestamp = (ms: number): string => new Date(ms).toISOString();
