/**
 * Where the ledger of a target is kept: in one item of a DynamoDB table, under the target's name. It is only ever
 * replaced as a whole, and only if nobody has replaced it since it was read.
 */
import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, type SFNClientConfig } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import {
  type Endings,
  type ExecutionStatus,
  emptyLedger,
  end,
  executionsToAsk,
  hold,
  keepApproval as keepApprovalIn,
  type Lease,
  Ledger,
  type PendingApproval,
  type Ruling,
  type Statuses,
  take,
} from '../workflow/ledger.ts';
import type { NewEnding, Pauses, Run, SkipReason } from '../workflow/pauses.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws, readerConfig } from './call.ts';
import type { Clock } from './clock.ts';

/** Whoever wins a round holds the lease, so many rounds are never needed. */
const maxRounds = 20;

export interface LeaseClients {
  readonly dynamo: DynamoDBClient;
  readonly sfn: SFNClient;
}

/**
 * Conditional writes may be repeated, even by the SDK.
 *
 * @param config overrides the settings of each client.
 */
export function openLease(config: DynamoDBClientConfig & SFNClientConfig = {}): LeaseClients {
  return {
    dynamo: new DynamoDBClient({ ...readerConfig(), ...config }),
    sfn: new SFNClient({ ...readerConfig(), ...config }),
  };
}

/** Where a ledger is. */
export interface LeaseItem {
  readonly tableName: string;
  /** The name of the target. */
  readonly target: string;
}

/** What is needed to find and to judge the lease. */
export interface LeaseDoor extends LeaseClients, LeaseItem {
  readonly clock: Clock;
}

/** Runs right before each change; throws if this run of the execution doesn't hold the lease. */
export type Fence = () => Promise<void>;

/**
 * Reads the target's ledger; a change is conditional on its revision, which is 0 if there is none yet.
 *
 * @throws RecoveryError LeaseUnreadable if the item isn't what this version writes.
 */
export async function readLedger({
  dynamo,
  tableName,
  target,
}: Pick<LeaseDoor, 'dynamo' | 'tableName' | 'target'>): Promise<{ ledger: Ledger; revision: number }> {
  const { Item } = await callAws({ action: 'dynamodb:GetItem', resource: `table ${tableName}` }, () =>
    dynamo.send(
      new GetItemCommand({ TableName: tableName, Key: { target: { S: target } }, ConsistentRead: true }),
    ),
  );
  if (!Item) return { ledger: emptyLedger, revision: 0 };
  const stored = v.safeParse(
    v.object({
      revision: v.object({ N: v.pipe(v.string(), v.digits(), v.transform(Number)) }),
      ledger: v.object({ S: v.pipe(v.string(), v.parseJson(), Ledger) }),
    }),
    Item,
  );
  if (stored.success) return { ledger: stored.output.ledger.S, revision: stored.output.revision.N };
  throw new RecoveryError(
    'LeaseUnreadable',
    `table ${tableName}: the item ${target} is not what this version writes.`,
  );
}

/**
 * Changes the ledger as `decide` says, and lets it decide again if somebody else was faster.
 *
 * @throws RecoveryError LeaseContended if somebody else was faster each time; LeaseUnreadable.
 */
async function changeLedger<T>(
  door: LeaseDoor,
  decide: (ledger: Ledger) => Ruling<T> | Promise<Ruling<T>>,
): Promise<T> {
  const { tableName, target } = door;
  for (let round = 0; round < maxRounds; round += 1) {
    const { ledger, revision } = await readLedger(door);
    const { next, answer } = await decide(ledger);
    if (!next || (await replaceLedger(door, next, revision))) return answer;
    await door.clock.sleep(Math.random() * 50);
  }
  throw new RecoveryError(
    'LeaseContended',
    `table ${tableName}: the item ${target} was changed by somebody else ${maxRounds} times in a row.`,
  );
}

/** @returns whether it was written: false if somebody has replaced that revision. */
async function replaceLedger(
  { dynamo, tableName, target, clock }: LeaseDoor,
  next: Ledger,
  revision: number,
): Promise<boolean> {
  return callAws<boolean>(
    { action: 'dynamodb:PutItem', resource: `table ${tableName}` },
    async () => {
      await dynamo.send(
        new PutItemCommand({
          TableName: tableName,
          Item: {
            target: { S: target },
            // A new item begins at the time: after a deletion, no revision comes again.
            revision: { N: String(revision === 0 ? clock.now() : revision + 1) },
            ledger: { S: JSON.stringify(next) },
          },
          ...(revision === 0
            ? { ConditionExpression: 'attribute_not_exists(target)' }
            : {
                ConditionExpression: 'revision = :revision',
                ExpressionAttributeValues: { ':revision': { N: String(revision) } },
              }),
        }),
      );
      return true;
    },
    { ConditionalCheckFailedException: () => false },
  );
}

/**
 * Takes the lease for an execution, or says why it has to leave. Taking it again is the same as having it.
 *
 * @param options `force` overrides the pauses, but never a lease whose owner runs.
 * @throws RecoveryError LeaseLost if this run is over; LeaseContended, LeaseUnreadable.
 */
export async function takeLease(
  door: LeaseDoor,
  run: Run,
  options: { readonly pauses: Pauses; readonly force: boolean },
): Promise<Lease | SkipReason> {
  return changeLedger(door, async (ledger) =>
    take(ledger, run, await askAbout(door, executionsToAsk(ledger, run)), options, door.clock.now()),
  );
}

/**
 * As `takeLease`, but only asks: for an execution that plans what another one might do.
 *
 * @returns `undefined` if it would get the lease.
 */
export async function findSkipReason(
  door: LeaseDoor,
  run: Run,
  options: { readonly pauses: Pauses; readonly force: boolean },
): Promise<SkipReason | undefined> {
  const { ledger } = await readLedger(door);
  const statuses = await askAbout(door, executionsToAsk(ledger, run));
  const { answer } = take(ledger, run, statuses, options, door.clock.now());
  return 'outcome' in answer ? answer : undefined;
}

/**
 * Makes sure that a run of an execution holds the lease, right before it changes something. A redriven execution,
 * whose lease was freed when it failed, takes it again here.
 *
 * @throws RecoveryError LeaseLost if another execution, or a later run of this one, has it; LeaseContended,
 *   LeaseUnreadable.
 */
export async function holdLease(door: LeaseDoor, run: Run): Promise<void> {
  await changeLedger(door, async (ledger) =>
    hold(ledger, run, await askToHold(door, ledger, run), door.clock.now()),
  );
}

/** The fence of one run of an execution. */
export function fenceOf(door: LeaseDoor, run: Run): Fence {
  return () => holdLease(door, run);
}

/**
 * Gives the lease back, and remembers how the run ended. Repeating it changes nothing except that a person has been
 * told.
 *
 * @throws RecoveryError LeaseContended, LeaseUnreadable.
 */
export async function endLease(door: LeaseDoor, run: Run, ending: NewEnding): Promise<Endings> {
  return changeLedger(door, (ledger) => end(ledger, run, ending, door.clock.now()));
}

/**
 * Keeps what `recover approve` needs, for as long as this run holds the lease.
 *
 * @throws RecoveryError as `holdLease`.
 */
export async function keepApproval(
  door: LeaseDoor,
  run: Run,
  approval: Omit<PendingApproval, 'arn'>,
): Promise<void> {
  await changeLedger(door, async (ledger) =>
    keepApprovalIn(ledger, run, await askToHold(door, ledger, run), approval, door.clock.now()),
  );
}

/** Only a redriven run can take the lease where others have to hold it already. */
async function askToHold(door: LeaseDoor, ledger: Ledger, run: Run): Promise<Statuses> {
  return askAbout(door, run.redriveCount > 0 ? executionsToAsk(ledger, run) : []);
}

async function askAbout({ sfn }: LeaseDoor, arns: readonly string[]): Promise<Statuses> {
  return new Map(
    await Promise.all(arns.map(async (arn) => [arn, await readStatus(sfn, arn)] satisfies [string, unknown])),
  );
}

async function readStatus(sfn: SFNClient, arn: string): Promise<ExecutionStatus> {
  const {
    status = 'unknown',
    redriveCount = 0,
    stopDate,
  } = await callAws<{
    status?: string | undefined;
    redriveCount?: number | undefined;
    stopDate?: Date | undefined;
  }>(
    { action: 'states:DescribeExecution', resource: `execution ${arn}` },
    () => sfn.send(new DescribeExecutionCommand({ executionArn: arn, includedData: 'METADATA_ONLY' })),
    { ExecutionDoesNotExist: () => ({ status: 'DELETED' }) },
  );
  return { status, redriveCount, stoppedAtMs: stopDate?.getTime() };
}
