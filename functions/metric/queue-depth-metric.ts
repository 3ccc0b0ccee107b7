import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { readerConfig } from '../../aws/call.ts';
import { askEndpoint } from '../../aws/endpoint.ts';
import { publishDatapoint } from '../../aws/metric.ts';
import { readQueueDepth } from '../../aws/queue.ts';
import { safeCause } from '../../workflow/recovery-error.ts';
import { lambdaHandler, type Services } from '../runtime/handler.ts';
import { MetricSettings } from '../runtime/settings.ts';

type QueueDepthMetricServices = Services<MetricSettings> & {
  readonly sqs: SQSClient;
  readonly cloudWatch: CloudWatchClient;
};

/** The four fields of the function this one stands in for; `null` where something could not be counted. */
export interface QueueDepths {
  readonly ai_queue_depth: number | null;
  readonly video_queue_depth: number | null;
  readonly video_backlog_count: number | null;
  readonly messaging_queue_depth: number | null;
}

/**
 * Counts the queues and the backlog, and publishes the backlog if it is a number. An unknown backlog is not
 * published at all: a 0 in its place would invite the workers' scaling policy to scale in.
 */
export async function queueDepthMetric(
  _event: unknown,
  { settings, sqs, cloudWatch }: QueueDepthMetricServices,
): Promise<QueueDepths> {
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
    depth(settings.AI_QUEUE_NAME),
    depth(settings.VIDEO_QUEUE_NAME),
    depth(settings.MESSAGING_QUEUE_NAME),
    countBacklog(settings),
  ]);
  if (backlog !== null) await publishDatapoint(cloudWatch, settings, backlog);
  return {
    ai_queue_depth: aiDepth,
    video_queue_depth: videoDepth,
    video_backlog_count: backlog,
    messaging_queue_depth: messagingDepth,
  };
}

async function countBacklog(settings: MetricSettings): Promise<number | null> {
  const url = settings.VIDEO_BACKLOG_API_INTERNAL;
  if (!URL.canParse(url)) {
    console.error({ problem: 'backlog not counted', fault: 'VIDEO_BACKLOG_API_INTERNAL is not a URL' });
    return null;
  }
  const answer = await askEndpoint({
    url,
    host: settings.VIDEO_BACKLOG_API_HOST,
    internalKey: settings.LAMBDA_INTERNAL_API_KEY,
    backlogPath: settings.BACKLOG_PATH,
    timeoutSeconds: settings.REQUEST_TIMEOUT_SECONDS,
  });
  if (answer.fault === undefined) return answer.backlog;
  console.error({ problem: 'backlog not counted', url, fault: answer.fault, detail: answer.detail });
  return null;
}

export const handler = lambdaHandler(
  v.unknown(),
  MetricSettings,
  () => ({ sqs: new SQSClient(readerConfig()), cloudWatch: new CloudWatchClient(readerConfig()) }),
  queueDepthMetric,
);
