import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { readerConfig } from '../../aws/call.ts';
import { askEndpoint } from '../../aws/endpoint.ts';
import { openCloudWatch, publishDatapoint } from '../../aws/metric.ts';
import { readQueueDepth } from '../../aws/queue.ts';
import { headersFrom } from '../../workflow/endpoint-request.ts';
import { safeCause } from '../../workflow/recovery-error.ts';
import { lambdaHandler, type Services } from '../runtime/handler.ts';

/**
 * The variables of the function that this one replaces, and those with the keys of `endpoint.headersFromEnv`; a recovery
 * sets and removes them.
 */
const MetricVariables = v.objectWithRest(
  {
    VIDEO_BACKLOG_API_INTERNAL: v.optional(v.string(), ''),
    LAMBDA_INTERNAL_API_KEY: v.optional(v.string(), ''),
    VIDEO_BACKLOG_API_HOST: v.optional(v.string(), ''),
  },
  v.string(),
);
type MetricVariables = v.InferOutput<typeof MetricVariables>;

type QueueDepthMetricServices = Services<MetricVariables> & {
  readonly sqs: SQSClient;
  readonly cloudWatch: CloudWatchClient;
};

/** The four fields that the replaced function answered with; `null` for what could not be counted. */
export interface QueueDepths {
  readonly ai_queue_depth: number | null;
  readonly video_queue_depth: number | null;
  readonly video_backlog_count: number | null;
  readonly messaging_queue_depth: number | null;
}

/**
 * Counts the queues and the backlog, and publishes the backlog if it is a number. An unknown backlog is not published
 * at all: a 0 in its place would make the workers' scaling policy scale in.
 */
export async function queueDepthMetric(
  _event: unknown,
  services: QueueDepthMetricServices,
): Promise<QueueDepths> {
  const { target, sqs, cloudWatch } = services;
  const { ai = '', video = '', messaging = '' } = target.metricFunction?.queues ?? {};
  const depth = async (queueName: string) => {
    const notCounted = (why: object) => {
      console.error({ problem: 'queue not counted', queueName, ...why });
      return null;
    };
    try {
      return (await readQueueDepth(sqs, queueName)) ?? notCounted({ fault: 'SQS gave no depth' });
    } catch (error) {
      return notCounted({ cause: safeCause(error) });
    }
  };
  const [aiDepth, videoDepth, messagingDepth, backlog] = await Promise.all([
    depth(ai),
    depth(video),
    depth(messaging),
    countBacklog(services),
  ]);
  // A target that deploys this function has a metric.
  if (backlog !== null && target.metric) await publishDatapoint(cloudWatch, target.metric, backlog);
  return {
    ai_queue_depth: aiDepth,
    video_queue_depth: videoDepth,
    video_backlog_count: backlog,
    messaging_queue_depth: messagingDepth,
  };
}

async function countBacklog({ target, resources }: QueueDepthMetricServices): Promise<number | null> {
  const url = resources.VIDEO_BACKLOG_API_INTERNAL;
  if (!URL.canParse(url)) {
    console.error({ problem: 'backlog not counted', fault: 'VIDEO_BACKLOG_API_INTERNAL is not a URL' });
    return null;
  }
  const { endpoint, metricFunction } = target;
  const variableOf = (key: string) =>
    key === endpoint.internalKey
      ? 'LAMBDA_INTERNAL_API_KEY'
      : Object.entries(metricFunction?.setFromEnv ?? {}).find(([, source]) => source === key)?.[0];
  const made = headersFrom(
    endpoint,
    (key) => resources[variableOf(key) ?? ''] || undefined,
    'the environment of this function',
  );
  const answer =
    'fault' in made
      ? made
      : await askEndpoint({
          ...endpoint,
          ...made,
          url,
          host: resources.VIDEO_BACKLOG_API_HOST || undefined,
        });
  if (answer.fault === undefined) return answer.backlog;
  console.error({ problem: 'backlog not counted', url, fault: answer.fault, detail: answer.detail });
  return null;
}

export const handler = lambdaHandler(
  v.unknown(),
  MetricVariables,
  () => ({ sqs: new SQSClient(readerConfig()), cloudWatch: openCloudWatch() }),
  queueDepthMetric,
);
