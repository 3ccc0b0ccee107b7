/** An execution for the tests of single functions, and the lease that it needs to change something. */
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../aws/clock.ts';
import { type LeaseDoor, takeLease } from '../../aws/lease-table.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import type { ExecutionRef } from '../../workflow/execution-ref.ts';
import { leaseTableName } from './app-names.ts';
import type { TestAws } from './aws.ts';
import { pauses } from './ledger.ts';
import { steppedClock } from './services.ts';

export const leaseItem = { tableName: leaseTableName, target: 'app' };

export const machineArn = 'arn:aws:states:ap-northeast-2:111122223333:stateMachine:env-recovery-app';

/** Starts an execution that really runs, for DescribeExecution, until it is aborted. */
export function startExecution({ machines }: TestAws, name: string): Execution {
  const definition = { StartAt: 'Run', States: { Run: { Type: 'Wait', Seconds: 600, End: true } } };
  // To validate it each time takes longer than all else in a test.
  if (machines.machines().length === 0)
    machines.add(machineArn, 'env-recovery-app', JSON.stringify(definition), true);
  return machines.start(machineArn, '{}', name);
}

export const leaseDoor = (aws: TestAws, clock: Clock = steppedClock()): LeaseDoor => ({
  dynamo: aws.dynamo,
  sfn: aws.sfn,
  ...leaseItem,
  clock,
});

/** Lets an execution have the lease, whoever had it before. */
export async function giveLease(aws: TestAws, execution: ExecutionRef): Promise<void> {
  const Key = { target: { S: leaseItem.target } };
  await aws.dynamo.send(new DeleteItemCommand({ TableName: leaseItem.tableName, Key }));
  await takeLease(leaseDoor(aws), execution, { pauses, force: true });
}
