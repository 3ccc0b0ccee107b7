/** What of an account may belong to a new target, for `recover target init`. Each look reads a limited number of pages. */
import { type CloudWatchClient, type Metric, paginateListMetrics } from '@aws-sdk/client-cloudwatch';
import { type EC2Client, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { type FunctionConfiguration, type LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { paginateDescribeInstanceInformation, type SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { type Dimensions, dimensionsFrom } from '../workflow/dimensions.ts';
import { type Seen, seen } from '../workflow/network/seen.ts';
import { callPages } from './call.ts';
import { filter, lookAt } from './ec2.ts';
import { look } from './look.ts';

export interface Candidates<T> {
  readonly found: readonly T[];
  /** There is more than was looked at. */
  readonly isCut: boolean;
}

const mostPages = 20;

/** The first pages of a list. */
async function readPages<Field extends string, Item>(
  action: string,
  resource: string,
  pages: AsyncIterable<{ readonly [Name in Field]?: Item[] | undefined }>,
  field: Field,
): Promise<Candidates<Item>> {
  let count = 0;
  let isCut = false;
  async function* first() {
    for await (const page of pages) {
      isCut = count++ === mostPages;
      if (isCut) return;
      yield page;
    }
  }
  const found = await callPages<Field, Item>({ action, resource }, first(), field);
  return { found, isCut };
}

/** EC2 takes no more values in a filter. */
const mostIds = 200;

const Reservation = v.object({
  Instances: v.optional(
    v.array(
      v.object({
        Tags: v.optional(v.array(v.object({ Key: v.string(), Value: v.optional(v.string(), '') })), []),
      }),
    ),
    [],
  ),
});

/** The values of the tag Name of the instances that SSM manages. */
export async function findInstanceNames(ssm: SSMClient, ec2: EC2Client): Promise<Seen<Candidates<string>>> {
  const agents = await look(() =>
    readPages(
      'ssm:DescribeInstanceInformation',
      'all instances',
      paginateDescribeInstanceInformation({ client: ssm, pageSize: 50 }, {}),
      'InstanceInformationList',
    ),
  );
  if (!agents.seen) return agents;
  const ids = agents.value.found.flatMap(({ InstanceId = '' }) =>
    InstanceId.startsWith('i-') ? InstanceId : [],
  );
  if (ids.length === 0) return seen({ found: [], isCut: agents.value.isCut });
  const tagged = await lookAt(
    { action: 'ec2:DescribeInstances', resource: 'the instances that SSM manages' },
    paginateDescribeInstances(
      { client: ec2 },
      { Filters: [filter('instance-id', ...ids.slice(0, mostIds))] },
    ),
    (page) => page.Reservations,
    Reservation,
  );
  if (!tagged.seen) return tagged;
  const names = tagged.value
    .flatMap(({ Instances }) => Instances)
    .flatMap(({ Tags }) => Tags.flatMap(({ Key, Value }) => (Key === 'Name' && Value !== '' ? Value : [])));
  return seen({ found: [...new Set(names)].sort(), isCut: agents.value.isCut || ids.length > mostIds });
}

/** What the names of functions and metrics have in them that count work which waits. */
const countsWork = /backlog|queue|depth|pending|waiting|jobs/i;

/** The functions whose name says that they count work which waits. */
export function findFunctions(lambda: LambdaClient): Promise<Seen<Candidates<string>>> {
  return look(async () => {
    const { found, isCut } = await readPages<'Functions', FunctionConfiguration>(
      'lambda:ListFunctions',
      'all functions',
      paginateListFunctions({ client: lambda }, {}),
      'Functions',
    );
    const names = found.flatMap(({ FunctionName = '' }) =>
      countsWork.test(FunctionName) ? FunctionName : [],
    );
    return { found: names.sort(), isCut };
  });
}

export interface FoundMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

/** The account's own metrics, of the last two weeks, whose name says that they count work which waits. */
export function findMetrics(cloudWatch: CloudWatchClient): Promise<Seen<Candidates<FoundMetric>>> {
  return look(async () => {
    const { found, isCut } = await readPages<'Metrics', Metric>(
      'cloudwatch:ListMetrics',
      'all metrics',
      paginateListMetrics({ client: cloudWatch }, {}),
      'Metrics',
    );
    const own = found.flatMap(({ Namespace = '', MetricName = '', Dimensions }) =>
      !Namespace.startsWith('AWS/') && countsWork.test(MetricName)
        ? { namespace: Namespace, name: MetricName, dimensions: dimensionsFrom(Dimensions) }
        : [],
    );
    return { found: own, isCut };
  });
}
