/** What has to hold between the fields of a target, in the order in which a file is checked. */
import { headerKeysOf } from '../endpoint-request.ts';
import { servicesOfStack } from '../network/called-services.ts';
import { destinationOf } from '../network/destination.ts';
import { isPath, isSpread, textNamesOf } from '../spread-env.ts';
import { nameInArn, regionOfArn } from './fields.ts';
import type { TargetFields } from './sections.ts';

interface Check {
  /** Where the mistake is shown. */
  readonly field: readonly [keyof TargetFields, string];
  readonly holds: (target: TargetFields) => boolean;
  readonly expected: string;
}

/** RFC 9110, sections 15.3.5 and 15.3.6. */
const withoutBody: ReadonlySet<number> = new Set([204, 205]);

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. */
const maxVariableBytes = 4096;

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, the size of an event pattern. */
const maxPatternLength = 2048;
/** What else is in a pattern. */
const roomOfPattern = 350;

/** Whether two of them are the same header. */
const hasRepeated = (headers: readonly string[]): boolean =>
  new Set(headers.map((name) => name.toLowerCase())).size < headers.length;

export const haveSameName = (one: string, other: string): boolean => {
  const [names, others] = [one, other].map((name) => (textNamesOf(name) ?? [name]).map(nameInArn));
  return names?.some((name) => others?.includes(name)) === true;
};

export const checks: readonly Check[] = [
  {
    field: ['restore', 'backupPath'],
    holds: ({ parameter, restore }) => !isPath(parameter.name) || isPath(restore.backupParameter ?? ''),
    expected:
      'expected the path of the copy: a parameter that is deleted takes its history with it, so only a copy brings its key back',
  },
  {
    field: ['restore', 'backupParameter'],
    holds: ({ parameter, restore: { backupParameter = '' } }) =>
      isSpread(parameter.name) || !isSpread(backupParameter),
    expected: 'expected the name of the copy, which is one parameter, as the env is',
  },
  {
    field: ['restore', 'backupNames'],
    holds: ({ parameter, restore: { backupParameter = '' } }) =>
      textNamesOf(parameter.name)?.length === textNamesOf(backupParameter)?.length || isPath(parameter.name),
    expected: 'expected the name of a copy for each of parameter.names, in the same order',
  },
  {
    field: ['restore', 'backupPath'],
    holds: ({ parameter: { name }, restore: { backupParameter = '' } }) =>
      !isPath(name) ||
      name === backupParameter ||
      (!name.startsWith(backupParameter) && !backupParameter.startsWith(name)),
    expected: 'expected a path beside parameter.path: neither may be below the other',
  },
  {
    field: ['restore', 'backupParameter'],
    holds: ({ restore }) => restore.backupRegion === undefined || restore.backupParameter !== undefined,
    expected: 'expected the name of the copy, since backupRegion says where it is',
  },
  {
    field: ['restore', 'backupParameter'],
    holds: ({ parameter, restore }) =>
      !haveSameName(restore.backupParameter ?? '', parameter.name) ||
      // The key of the parameter is of its own region.
      (restore.backupRegion !== undefined && restore.backupRegion !== regionOfArn(parameter.kmsKeyArn ?? '')),
    expected:
      'expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  },
  {
    field: ['restore', 'backupKmsKeyArn'],
    holds: ({ restore: { backupRegion, backupKmsKeyArn } }) =>
      backupKmsKeyArn === undefined || regionOfArn(backupKmsKeyArn) === backupRegion,
    expected: 'expected a key of backupRegion',
  },
  {
    field: ['restore', 'backupKmsKeyArn'],
    holds: ({ parameter, restore }) =>
      // A copy with AWS's own key could be read by more people than the original.
      restore.backupRegion === undefined ||
      restore.backupKmsKeyArn !== undefined ||
      parameter.kmsKeyArn === undefined,
    expected:
      'expected a key of backupRegion: a key works in its own region only, so the copy cannot have parameter.kmsKeyArn',
  },
  {
    field: ['stack', 'kmsKeyArn'],
    holds: ({ parameter, stack }) =>
      parameter.kmsKeyArn === undefined ||
      stack.kmsKeyArn === undefined ||
      regionOfArn(parameter.kmsKeyArn) === regionOfArn(stack.kmsKeyArn),
    expected:
      'expected a key of the same region as parameter.kmsKeyArn: both are used in the region of the stack',
  },
  {
    field: ['endpoint', 'host'],
    holds: ({ endpoint, metricFunction }) =>
      endpoint.host === undefined ||
      metricFunction === undefined ||
      Object.values(metricFunction.set).includes(endpoint.host),
    expected: 'the metric function has to send the same Host: name it in metricFunction.set as well',
  },
  {
    field: ['endpoint', 'headersFromEnv'],
    holds: ({ endpoint: { headers, headersFromEnv, internalKey, internalKeyHeader } }) =>
      !hasRepeated([
        ...Object.keys(headers),
        ...Object.keys(headersFromEnv),
        ...(internalKey === undefined ? [] : [internalKeyHeader]),
      ]),
    expected:
      'a header can be named only once in headers, headersFromEnv and internalKeyHeader, in capitals or not',
  },
  {
    field: ['endpoint', 'backlogPath'],
    holds: ({ endpoint: { method, expectStatus, backlogPath } }) =>
      backlogPath === undefined || (method !== 'HEAD' && !expectStatus.some((one) => withoutBody.has(one))),
    expected: 'an answer to HEAD, or one of 204 or 205, has no body to hold a number',
  },
  {
    field: ['endpoint', 'caFile'],
    holds: ({ endpoint: { url, caFile } }) => caFile === undefined || url.startsWith('https://'),
    expected: 'endpoint.url begins with http://, so nobody shows a certificate',
  },
  {
    field: ['parameter', 'requiredKeys'],
    holds: ({ parameter, endpoint, metricFunction }) =>
      [...headerKeysOf(endpoint), ...Object.values(metricFunction?.setFromEnv ?? {})].every((key) =>
        parameter.requiredKeys.includes(key),
      ),
    expected:
      'endpoint.internalKey and the keys in endpoint.headersFromEnv and metricFunction.setFromEnv have to be required',
  },
  {
    field: ['metricFunction', 'setFromEnv'],
    holds: ({ metricFunction: { set = {}, setFromEnv = {} } = {} }) =>
      !Object.keys(setFromEnv).some((name) => Object.hasOwn(set, name)),
    expected: 'a variable can be in set or in setFromEnv, not in both',
  },
  {
    field: ['metricFunction', 'setFromEnv'],
    holds: ({ metricFunction, endpoint }) =>
      !metricFunction?.deploy ||
      headerKeysOf(endpoint)
        .filter((key) => key !== endpoint.internalKey)
        .every((key) => Object.values(metricFunction.setFromEnv).includes(key)),
    expected:
      'the function that comes with the stack sends the headers of endpoint.headersFromEnv too: set a variable of any name from each of their keys',
  },
  {
    field: ['metricFunction', 'remove'],
    holds: ({ metricFunction: { remove = [], set = {}, setFromEnv = {} } = {} }) =>
      !remove.some((name) => Object.hasOwn(set, name) || Object.hasOwn(setFromEnv, name)),
    expected: 'a variable can be set or removed, not both',
  },
  {
    field: ['metricFunction', 'queues'],
    holds: ({ metricFunction }) => !metricFunction?.deploy || metricFunction.queues !== undefined,
    expected: 'expected the names of the queues, since deploy is true',
  },
  {
    field: ['metricFunction', 'set'],
    holds: ({ metricFunction, endpoint: { url, host } }) =>
      !metricFunction?.deploy ||
      (metricFunction.set.VIDEO_BACKLOG_API_INTERNAL === url &&
        (host === undefined || metricFunction.set.VIDEO_BACKLOG_API_HOST === host)),
    expected:
      'the function that comes with the stack asks what VIDEO_BACKLOG_API_INTERNAL says: set it to endpoint.url, and VIDEO_BACKLOG_API_HOST to endpoint.host if that is set',
  },
  {
    field: ['metricFunction', 'setFromEnv'],
    holds: ({ metricFunction, endpoint: { internalKey } }) =>
      !metricFunction?.deploy ||
      internalKey === undefined ||
      metricFunction.setFromEnv.LAMBDA_INTERNAL_API_KEY === internalKey,
    expected:
      'the function that comes with the stack sends the key in LAMBDA_INTERNAL_API_KEY: set that from endpoint.internalKey',
  },
  {
    field: ['metricFunction', 'answerPath'],
    holds: ({ metricFunction }) =>
      !metricFunction?.deploy || metricFunction.answerPath === 'video_backlog_count',
    expected:
      'expected video_backlog_count, where the function that comes with the stack answers with the number',
  },
  {
    field: ['metricFunction', 'set'],
    holds: ({ metricFunction }) =>
      Buffer.byteLength(
        Object.entries(metricFunction?.set ?? {})
          .flat()
          .join(''),
      ) <= maxVariableBytes,
    expected: 'expected at most 4 KB: Lambda takes no more for all variables of a function together',
  },
  {
    field: ['metricFunction', 'alias'],
    holds: ({ metricFunction }) => !metricFunction?.deploy || metricFunction.alias === undefined,
    expected: 'the function that comes with the stack has no alias, and deploy is true',
  },
  {
    field: ['metricFunction', 'deploy'],
    holds: ({ metricFunction, metric, endpoint }) =>
      !metricFunction?.deploy || (metric !== undefined && endpoint.backlogPath !== undefined),
    expected:
      'the function that comes with the stack takes the number at endpoint.backlogPath and publishes it as metric: set both, or deploy: false',
  },
  {
    field: ['triggers', 'heartbeat'],
    holds: ({ triggers, metric }) => !triggers.heartbeat || metric !== undefined,
    expected: 'the heartbeat alarm watches the metric: set metric as well, or leave this out',
  },
  {
    field: ['scaling', 'group'],
    holds: ({ scaling, metric }) => scaling === undefined || metric !== undefined,
    expected: 'the workers scale by the metric: set metric as well, or leave scaling out',
  },
  {
    field: ['metric', 'periodSeconds'],
    holds: ({ metric, scaling }) => scaling?.policy === undefined || (metric?.periodSeconds ?? 60) <= 60,
    expected:
      'expected at most 60, since scaling.policy looks at each minute: publish the metric each minute, or bring a policy of your own',
  },
  {
    field: ['metric', 'periodSeconds'],
    // CloudWatch can take two minutes to show a datapoint.
    holds: ({ metric, metricFunction }) =>
      metric === undefined ||
      metricFunction !== undefined ||
      metric.periodSeconds <= 60 ||
      metric.periodSeconds + 120 <= metric.confirmWithinSeconds,
    expected:
      'expected metric.confirmWithinSeconds, 600 at most, to be 120 more than this: without metricFunction, a recovery waits until somebody else publishes the metric',
  },
  {
    field: ['parameter', 'names'],
    holds: ({ parameter, triggers }) =>
      !triggers.parameterChange ||
      JSON.stringify(textNamesOf(parameter.name) ?? '').length + roomOfPattern <= maxPatternLength,
    expected:
      'expected shorter names, or triggers.parameterChange: false: a rule of EventBridge names them all in 2048 characters',
  },
  {
    field: ['triggers', 'alarms'],
    holds: ({ triggers: { alarms } }) =>
      JSON.stringify(alarms.map(({ name }) => name)).length + roomOfPattern <= maxPatternLength,
    expected:
      'expected fewer alarms, or shorter names: a rule of EventBridge names them all in 2048 characters; a composite alarm stands for several',
  },
  {
    field: ['vpc', 'apiSecurityGroupId'],
    holds: ({ vpc, endpoint }) =>
      !vpc?.manage ||
      vpc.apiSecurityGroupId !== undefined ||
      destinationOf(endpoint.url).address !== undefined,
    expected:
      'expected the security group of the API, since endpoint.url has a name where a rule needs an address',
  },
  {
    field: ['vpc', 'endpointClients'],
    holds: ({ vpc, metricFunction }) =>
      !vpc?.manage ||
      vpc.endpointClients !== undefined ||
      servicesOfStack(metricFunction).every((service) => vpc.endpoints[service] !== 'create'),
    expected:
      'expected the blocks or security groups that call the same services, or [] for none: a new endpoint takes the calls of the whole VPC',
  },
];
