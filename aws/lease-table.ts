/**
 * One recovery of a target at a time, and the memory of how the last ones ended. All of it is one item of a DynamoDB
 * table, under the target's name, that is only ever replaced as a whole and on condition that nobody has replaced it
 * since it was read.
 */
import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, type SFNClientConfig } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import type { ExecutionRef } from '../workflow/execution-ref.ts';
import { RecoveryPlan } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Skip } from '../workflow/results.ts';
import type { Target } from '../workflow/target.ts';
import { counted, executionName } from '../workflow/words.ts';
import { callAws, readerConfig } from './call.ts';
import type { Clock } from './clock.ts';

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

const Owner = v.object({
  arn: v.string(),
  /** With the ARN, says which run of the execution it is: a redrive is another one. */
  redriveCount: wholeNumber,
  takenAt: v.string(),
});
type Owner = v.InferOutput<typeof Owner>;

const Ending = v.object({
  arn: v.string(),
  redriveCount: wholeNumber,
  outcome: v.picklist(['Recovered', 'Healthy', 'Failed', 'NotApproved']),
  endedAt: v.string(),
  /** Whether a pause follows it. */
  counts: v.boolean(),
  /** Whether a person has been told. */
  told: v.boolean(),
});
export type Ending = v.InferOutput<typeof Ending>;

const PendingApproval = v.object({
  arn: v.string(),
  taskToken: v.string(),
  plan: RecoveryPlan,
  /** When the execution stops waiting. */
  until: v.string(),
});
export type PendingApproval = v.InferOutput<typeof PendingApproval>;

const Ledger = v.object({
  /** The fencing token: grows each time the lease is taken. */
  token: wholeNumber,
  owner: v.nullable(Owner),
  /** The last ones, oldest first; of runs that had nothing to repair, those that say something of the others. */
  endings: v.array(Ending),
  approval: v.nullable(PendingApproval),
});
export type Ledger = v.InferOutput<typeof Ledger>;

const maxEndings = 50;
/** Each round that is lost was won by somebody else, who then holds the lease. */
const maxRounds = 20;
/** DescribeExecution is eventually consistent: of a lease so young it is not asked whether its owner is gone. */
const graceMs = 60_000;

export interface LeaseClients {
  readonly dynamo: DynamoDBClient;
  readonly sfn: SFNClient;
}

/**
 * A conditional write may be repeated, by the SDK as well.
 *
 * @param config goes before the settings of each client.
 */
export function openLease(config: DynamoDBClientConfig & SFNClientConfig = {}): LeaseClients {
  return {
    dynamo: new DynamoDBClient({ ...readerConfig(), ...config }),
    sfn: new SFNClient({ ...readerConfig(), ...config }),
  };
}

/** Where the lease is, and whose it is. */
export interface LeaseSettings {
  readonly LEASE_TABLE: string;
  readonly TARGET: string;
}

/** What is needed to find and to judge the lease. */
export interface LeaseDoor extends LeaseClients {
  readonly settings: LeaseSettings;
  readonly clock: Clock;
}

/** Runs right before each change; throws if this run of the execution doesn't hold the lease. */
export type Fence = () => Promise<void>;

/** Reads the target's ledger; the revision is what a change is conditional on. */
export async function readLedger({
  dynamo,
  settings: { LEASE_TABLE: table, TARGET: target },
}: Pick<LeaseDoor, 'dynamo' | 'settings'>): Promise<{ ledger: Ledger; revision: number }> {
  const { Item } = await callAws({ action: 'dynamodb:GetItem', resource: `table ${table}` }, () =>
    dynamo.send(
      new GetItemCommand({ TableName: table, Key: { target: { S: target } }, ConsistentRead: true }),
    ),
  );
  if (!Item) return { ledger: { token: 0, owner: null, endings: [], approval: null }, revision: 0 };
  const stored = v.safeParse(
    v.object({
      revision: v.object({ N: v.pipe(v.string(), v.digits(), v.transform(Number)) }),
      ledger: v.object({ S: v.pipe(v.string(), v.parseJson(), Ledger) }),
    }),
    Item,
  );
  if (stored.success) return { ledger: stored.output.ledger.S, revision: stored.output.revision.N };
  throw new RecoveryError(
    'LeaseLost',
    `table ${table}: the item ${target} is not what this version writes.`,
    { remedy: 'Make sure that no execution runs, and delete that item.' },
  );
}

/**
 * Changes the ledger by what `decide` makes of it; as often as somebody else is faster, anew.
 *
 * @param decide leaves the ledger as it is if it gives no `next`.
 */
async function changeLedger<T>(
  door: LeaseDoor,
  decide: (ledger: Ledger) => Promise<{ readonly next?: Ledger; readonly answer: T }>,
): Promise<T> {
  const { LEASE_TABLE: table, TARGET: target } = door.settings;
  for (let round = 0; round < maxRounds; round += 1) {
    const { ledger, revision } = await readLedger(door);
    const { next, answer } = await decide(ledger);
    if (!next) return answer;
    const isWritten = await callAws<boolean>(
      { action: 'dynamodb:PutItem', resource: `table ${table}` },
      async () => {
        await door.dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              target: { S: target },
              revision: { N: String(revision + 1) },
              ledger: { S: JSON.stringify(next) },
            },
            ConditionExpression: revision === 0 ? 'attribute_not_exists(target)' : 'revision = :revision',
            ...(revision === 0
              ? {}
              : { ExpressionAttributeValues: { ':revision': { N: String(revision) } } }),
          }),
        );
        return true;
      },
      { ConditionalCheckFailedException: () => false },
    );
    if (isWritten) return answer;
    await door.clock.sleep(Math.random() * 50);
  }
  throw new RecoveryError(
    'AwsUnavailable',
    `table ${table}: the item ${target} was changed by somebody else ${maxRounds} times in a row.`,
  );
}

interface Taken {
  readonly token: number;
  readonly takenAt: string;
}
type Refusal = Pick<Skip, 'outcome' | 'owner' | 'until' | 'message'>;

/**
 * Takes the lease for an execution, or says why it has to leave. Taking it again is the same as having it.
 *
 * @param force passes the pauses, never a lease whose owner runs.
 */
export async function takeLease(
  door: LeaseDoor,
  execution: ExecutionRef,
  pauses: Target['pauses'],
  force: boolean,
): Promise<Taken | Refusal> {
  return changeLedger<Taken | Refusal>(door, async (ledger) => {
    const { owner } = ledger;
    if (owner && isSameRun(owner, execution))
      return { answer: { token: ledger.token, takenAt: owner.takenAt } };
    if (isOver(ledger, execution)) throw leaseLost(ledger, execution);
    const abandoned = owner ? await findAbandoned(door, ledger, owner, execution) : [];
    if (!abandoned) {
      return {
        answer: {
          outcome: 'AlreadyRunning',
          owner: owner?.arn ?? '',
          until: null,
          message: `execution ${executionName(owner?.arn ?? '')} recovers this target since ${owner?.takenAt}; wait for it to end`,
        },
      };
    }
    const endings = [...ledger.endings, ...abandoned].slice(-maxEndings);
    const pause =
      force || execution.redriveCount > 0 ? undefined : findPause(endings, pauses, door.clock.now());
    // What has been found out of the owner is kept: the pause is counted from its end, not from each start.
    if (pause)
      return {
        ...(owner ? { next: { ...ledger, owner: null, approval: null, endings } } : {}),
        answer: pause,
      };
    return taken({ ...ledger, endings }, execution, door.clock);
  });
}

/**
 * Makes sure that a run of an execution holds the lease, right before it changes something. A redriven execution,
 * whose lease was freed when it failed, takes it again here.
 *
 * @throws RecoveryError LeaseLost if another execution, or a later run of this one, has it.
 */
export async function holdLease(door: LeaseDoor, execution: ExecutionRef): Promise<void> {
  await changeLedger(door, async (ledger) => {
    const { owner } = ledger;
    if (owner && isSameRun(owner, execution)) return { answer: undefined };
    const mayTake =
      execution.redriveCount > 0 &&
      !isOver(ledger, execution) &&
      (!owner || (await findAbandoned(door, ledger, owner, execution)) !== undefined) &&
      (await mayStillRun(door, execution));
    if (mayTake) return { ...taken(ledger, execution, door.clock), answer: undefined };
    throw leaseLost(ledger, execution);
  });
}

/** Whether a run has ended, or was followed by a redrive: what is left of it must not get the lease again. */
function isOver({ endings, owner }: Ledger, { arn, redriveCount }: ExecutionRef): boolean {
  return (
    endings.some((ending) => ending.arn === arn && ending.redriveCount >= redriveCount) ||
    (owner?.arn === arn && owner.redriveCount > redriveCount)
  );
}

function leaseLost({ owner }: Ledger, { name }: ExecutionRef): RecoveryError {
  return new RecoveryError(
    'LeaseLost',
    `execution ${name} does not hold the lease of this target (${owner ? `execution ${executionName(owner.arn)} does` : 'it was freed'}), so that nothing was changed.`,
  );
}

/** The fence of one run of an execution. */
export function fenceOf(door: LeaseDoor, execution: ExecutionRef): Fence {
  return () => holdLease(door, execution);
}

function taken(ledger: Ledger, { arn, redriveCount }: ExecutionRef, clock: Clock) {
  const takenAt = new Date(clock.now()).toISOString();
  const token = ledger.token + 1;
  return {
    next: { ...ledger, token, owner: { arn, redriveCount, takenAt }, approval: null },
    answer: { token, takenAt },
  };
}

/** How a run has ended, for the ledger. */
export interface RunEnd {
  readonly outcome: Ending['outcome'];
  /** Whether a pause follows, if the run had the lease. */
  readonly counts: boolean;
  /** Whether a person has been told, or need not be. */
  readonly told: boolean;
}

/**
 * Gives the lease back, and remembers how the run has ended, whether it had the lease or not: what is left of it must
 * not take the lease again. Doing it again changes nothing but that a person has been told.
 *
 * A `Healthy` end is remembered only if a person is told of it, or if it ends a row of failures.
 */
export async function endLease(
  door: LeaseDoor,
  execution: Pick<ExecutionRef, 'arn' | 'redriveCount'>,
  { outcome, counts, told }: RunEnd,
): Promise<{ readonly endings: readonly Ending[]; readonly own: Ending | undefined }> {
  return changeLedger(door, async (ledger) => {
    const isOwner = ledger.owner !== null && isSameRun(ledger.owner, execution);
    const known = ledger.endings.find((ending) => isSameRun(ending, execution));
    if (known && (known.told || !told) && !isOwner)
      return { answer: { endings: ledger.endings, own: known } };
    const own: Ending = known
      ? { ...known, told: known.told || told }
      : {
          arn: execution.arn,
          redriveCount: execution.redriveCount,
          outcome,
          endedAt: new Date(door.clock.now()).toISOString(),
          // A failure without the lease has changed nothing, and says nothing of the target.
          counts: counts && (isOwner || outcome !== 'Failed'),
          told,
        };
    const isRemembered =
      outcome !== 'Healthy' || !own.told || known || failuresInARow(ledger.endings).length > 0;
    // One success of an execution is enough, however often it had to be redriven to be told.
    const others = ledger.endings.filter(
      (ending) => ending !== known && !(outcome === 'Recovered' && isSame(ending, own)),
    );
    const endings = isRemembered ? [...others, own].slice(-maxEndings) : ledger.endings;
    const freed = isOwner ? { owner: null, approval: null } : {};
    return { next: { ...ledger, ...freed, endings }, answer: { endings, own } };
  });
}

/** Keeps what `recover approve` needs, for as long as this run holds the lease. */
export async function keepApproval(
  door: LeaseDoor,
  execution: ExecutionRef,
  approval: Omit<PendingApproval, 'arn'>,
): Promise<void> {
  await holdLease(door, execution);
  await changeLedger(door, async (ledger) =>
    ledger.owner && isSameRun(ledger.owner, execution)
      ? { next: { ...ledger, approval: { arn: execution.arn, ...approval } }, answer: undefined }
      : { answer: undefined },
  );
}

const isSame = (one: Ending, other: Ending): boolean =>
  one.arn === other.arn && one.outcome === other.outcome;

function isSameRun(
  one: { readonly arn: string; readonly redriveCount: number },
  other: { readonly arn: string; readonly redriveCount: number },
): boolean {
  return one.arn === other.arn && one.redriveCount === other.redriveCount;
}

/** `undefined` if the owner runs; else how it ended, if that isn't known yet. */
async function findAbandoned(
  { sfn, clock }: LeaseDoor,
  { endings }: Ledger,
  owner: Owner,
  { arn, redriveCount }: ExecutionRef,
): Promise<Ending[] | undefined> {
  // An earlier run of this very execution has ended, or this one could not run.
  if (owner.arn === arn && owner.redriveCount < redriveCount) return [];
  const { status, redriveCount: known = 0, stopDate } = await describeExecution(sfn, owner.arn);
  const isFresh = clock.now() - Date.parse(owner.takenAt) < graceMs;
  const isAboutThisRun = status !== 'DELETED' && known >= owner.redriveCount;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE' || (isFresh && !isAboutThisRun)) return undefined;
  const isKnown = endings.some((ending) => isSameRun(ending, owner));
  if (status === 'SUCCEEDED' || status === 'DELETED' || isKnown) return [];
  const endedAt = new Date(Math.min(stopDate?.getTime() ?? clock.now(), clock.now())).toISOString();
  const run = { arn: owner.arn, redriveCount: owner.redriveCount };
  return [{ ...run, outcome: 'Failed', endedAt, counts: true, told: false }];
}

/** Whether the run that asks for the lease has not been stopped itself, as far as Step Functions knows by now. */
async function mayStillRun({ sfn }: LeaseDoor, { arn, redriveCount }: ExecutionRef): Promise<boolean> {
  const { status, redriveCount: known = 0 } = await describeExecution(sfn, arn);
  // An answer of before the redrive says nothing of the run behind it.
  return known < redriveCount || (known === redriveCount && status === 'RUNNING');
}

interface ExecutionStatus {
  readonly status?: string | undefined;
  readonly redriveCount?: number | undefined;
  readonly stopDate?: Date | undefined;
}

async function describeExecution(sfn: SFNClient, arn: string): Promise<ExecutionStatus> {
  return callAws<ExecutionStatus>(
    { action: 'states:DescribeExecution', resource: `execution ${arn}` },
    () => sfn.send(new DescribeExecutionCommand({ executionArn: arn, includedData: 'METADATA_ONLY' })),
    { ExecutionDoesNotExist: () => ({ status: 'DELETED' }) },
  );
}

/**
 * Whether, after what has happened, nothing should start by itself for a while. A pause after a recovery doubles with
 * each one in the window; when so many have failed since the last success that another one would hardly do better, it
 * lasts until the first of them has left the window.
 */
export function findPause(
  endings: readonly Ending[],
  { cooldownMinutes, maxFailures, windowHours }: Target['pauses'],
  nowMs: number,
): (Refusal & { readonly until: string }) | undefined {
  const windowMs = windowHours * 3_600_000;
  const inWindow = endings.filter(({ endedAt }) => Date.parse(endedAt) > nowMs - windowMs);
  const recent = inWindow.filter(({ counts }) => counts);
  const last = recent.at(-1);
  if (!last) return undefined;
  const force = 'A person can start one with {"force": true}';
  const failures = failuresInARow(inWindow);
  const first = failures.at(-maxFailures);
  if (first) {
    const until = new Date(Date.parse(first.endedAt) + windowMs).toISOString();
    return {
      outcome: 'CircuitOpen',
      owner: last.arn,
      until,
      message: `${counted(failures.length, 'recovery', 'recoveries')} failed within ${counted(windowHours, 'hour')}, so that none starts by itself before ${until}. ${force}`,
    };
  }
  const pauseMs = Math.min(cooldownMinutes * 60_000 * 2 ** (recent.length - 1), windowMs);
  const untilMs = Date.parse(last.endedAt) + pauseMs;
  if (nowMs >= untilMs) return undefined;
  const until = new Date(untilMs).toISOString();
  return {
    outcome: 'CoolingDown',
    owner: last.arn,
    until,
    message: `execution ${executionName(last.arn)} ended at ${last.endedAt} (${last.outcome}), so that none starts by itself before ${until}. ${force}`,
  };
}

/** The failures since the last time that all was well. */
function failuresInARow(endings: readonly Ending[]): Ending[] {
  return endings
    .slice(endings.findLastIndex(({ outcome }) => outcome === 'Recovered' || outcome === 'Healthy') + 1)
    .filter(({ outcome, counts }) => outcome === 'Failed' && counts);
}
