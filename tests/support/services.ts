/** The services of a function under test: a target, what CloudFormation knows, time, and clients of the test's AWS. */
import type { Clock } from '../../aws/clock.ts';
import { readTarget } from '../../targets/load.ts';
import type { DeployedTarget, Target } from '../../workflow/target.ts';
import { documentName, leaseTableName, parameterName, type TestAws, topicArn } from './aws.ts';
import { type Measured, measured } from './target-file.ts';

/** Changes of single fields, section by section. */
export type TargetPart = { readonly [Section in keyof Target]?: Partial<Target[Section]> };

const sections = {
  parameter: { name: parameterName, reader: 'dotenv', requiredKeys: ['INTERNAL_KEY'] },
  restore: {},
  instances: { ids: ['i-00000001'] },
  deploy: { commands: ['node deploy.cjs'], timeoutSeconds: 100 },
  endpoint: { url: 'http://127.0.0.1:8000/count/', internalKey: 'INTERNAL_KEY', backlogPath: 'backlog' },
  metricFunction: { name: 'metric', answerPath: 'video_backlog_count' },
  metric: { namespace: 'App', name: 'BacklogCount', dimensions: { WorkerType: 'Video' } },
};

/** A target as it is shipped, but for `part`. Its contract asks for one key, unless `part` has another. */
export function appTarget(part: TargetPart = {}): DeployedTarget & Measured {
  const { parameter, ...target } = measured(readTarget('app', sections));
  return {
    name: 'app',
    ...target,
    ...(part.approval ? { approval: { withinMinutes: 60, ...part.approval } } : {}),
    parameter: { ...parameter, ...part.parameter },
    restore: { ...target.restore, ...part.restore },
    instances: part.instances ?? target.instances,
    deploy: { ...target.deploy, ...part.deploy },
    endpoint: { ...target.endpoint, ...part.endpoint },
    metricFunction: { ...target.metricFunction, ...part.metricFunction },
    metric: { ...target.metric, ...part.metric },
    triggers: { ...target.triggers, ...part.triggers },
    pauses: { ...target.pauses, ...part.pauses },
  };
}

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
