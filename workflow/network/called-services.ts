/** Which AWS services the functions in the target's VPC call, as the names of their endpoints have it. */

export type CalledService = 'ssm' | 'monitoring' | 'sqs';

/** What a target says of its metric function. */
interface MetricFunction {
  readonly deploy: boolean;
  readonly queues?: object | undefined;
}

/**
 * `CheckEndpoint` and `VerifyEndpoint` read the internal key, and the latter looks at the env if the endpoint is not
 * healthy. Parameter Store itself calls KMS to decrypt it.
 */
export const servicesOfChecks: readonly CalledService[] = ['ssm'];

/**
 * The metric function publishes the datapoint, and counts the queues if there are any. Lambda itself sends the logs
 * of a function, and nothing fails without its traces.
 */
export const servicesOfMetricFunction = ({
  queues,
}: Pick<MetricFunction, 'queues'>): readonly CalledService[] =>
  queues ? ['monitoring', 'sqs'] : ['monitoring'];

/** Those that the functions of the stack call. */
export const servicesOfStack = (metricFunction: MetricFunction | undefined): readonly CalledService[] => [
  ...servicesOfChecks,
  ...(metricFunction?.deploy ? servicesOfMetricFunction(metricFunction) : []),
];

/** In China, where some of the names begin with `cn.`: `aws ec2 describe-vpc-endpoint-services` there lists them. */
const namedOtherwiseInChina: readonly string[] = ['monitoring', 'sqs'] satisfies CalledService[];

/**
 * The name of a service as its endpoints have it.
 *
 * @param region that chooses the beginning of the name.
 * @param written how the region stands in the name, where CloudFormation fills it in.
 */
export function endpointServiceOf(service: string, region: string, written = region): string {
  const isOtherwise = region.startsWith('cn-') && namedOtherwiseInChina.includes(service);
  return `${isOtherwise ? 'cn.' : ''}com.amazonaws.${written}.${service}`;
}
