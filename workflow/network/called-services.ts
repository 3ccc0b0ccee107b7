/** Which AWS services the functions in the target's VPC call, as the names of their endpoints have it. */
import type { Target } from '../target.ts';

/** `CheckEndpoint` and `VerifyEndpoint` read the internal key. Parameter Store itself calls KMS to decrypt it. */
export const servicesOfChecks: readonly string[] = ['ssm'];

/**
 * The metric function publishes the datapoint, and counts the queues if there are any. Lambda itself sends the logs
 * of a function, and nothing fails without its traces.
 */
export const servicesOfMetricFunction = ({
  queues,
}: Pick<Target['metricFunction'], 'queues'>): readonly string[] =>
  queues ? ['monitoring', 'sqs'] : ['monitoring'];
