/** The services of a function under test: a target, what CloudFormation knows, time, and clients of the test's AWS. */
import type { Clock } from '../../aws/clock.ts';
import { documentName, leaseTableName, topicArn } from './app-names.ts';
import { appTarget, type TargetPart } from './app-target.ts';
import type { TestAws } from './aws.ts';

const resources = {
  LEASE_TABLE: leaseTableName,
  TOPIC_ARN: topicArn,
  DEPLOY_DOCUMENT: documentName,
  DEPLOY_LOG_GROUP: '/app/deploy',
};

/** What functions get besides the clients that each opens for itself. */
export function servicesOf(
  aws: TestAws,
  part: TargetPart = {},
  clock: Clock = steppedClock(undefined, moment),
) {
  return { target: appTarget(part), resources, clock, dynamo: aws.dynamo, sfn: aws.sfn, sns: aws.sns };
}

/** As long as timers of the same process need to get their turn. */
export const moment = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** How long a look at a deploy waits for the next one: until every command has ended, however long that takes. */
export async function commandsEnded({ runCommand }: TestAws): Promise<void> {
  await moment();
  await Promise.all(runCommand.commands.map(({ ended }) => ended));
}

/**
 * Time that goes on only while somebody sleeps, so that no budget depends on the speed of the machine; things can be
 * set to happen at a time.
 *
 * @param wait what a sleep really waits for, however long it is; nothing if not given.
 */
export function steppedClock(
  startMs = Date.now(),
  wait: () => Promise<unknown> = async () => undefined,
): Clock & {
  /** Does something when that time, in milliseconds since the epoch, has come. */
  at(timeMs: number, act: () => void): void;
} {
  let nowMs = startMs;
  const due: { readonly timeMs: number; readonly act: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: async (milliseconds) => {
      await wait();
      nowMs += milliseconds;
      const now = due.filter(({ timeMs }) => timeMs <= nowMs);
      for (const one of now) due.splice(due.indexOf(one), 1);
      for (const { act } of now) act();
    },
    at: (timeMs, act) => due.push({ timeMs, act }),
  };
}
