/** What has to hold between the fields of a target, in the order in which a file is checked. */
import { servicesOfStack } from '../network/called-services.ts';
import { destinationOf } from '../network/destination.ts';
import { isHostForDjango } from './addresses.ts';
import { nameInArn, regionOfKey } from './fields.ts';
import type { TargetFields } from './sections.ts';

interface Check {
  /** Where the mistake is shown. */
  readonly field: readonly [keyof TargetFields, string];
  readonly holds: (target: TargetFields) => boolean;
  readonly expected: string;
}

export const checks: readonly Check[] = [
  {
    field: ['restore', 'backupParameter'],
    holds: ({ restore }) => restore.backupRegion === undefined || restore.backupParameter !== undefined,
    expected: 'expected the name of the copy, since backupRegion says where it is',
  },
  {
    field: ['restore', 'backupParameter'],
    holds: ({ parameter, restore }) =>
      nameInArn(restore.backupParameter ?? '') !== nameInArn(parameter.name) ||
      // The key of the parameter is of its own region.
      (restore.backupRegion !== undefined && restore.backupRegion !== regionOfKey(parameter.kmsKeyArn ?? '')),
    expected:
      'expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  },
  {
    field: ['restore', 'backupKmsKeyArn'],
    holds: ({ restore: { backupRegion, backupKmsKeyArn } }) =>
      backupKmsKeyArn === undefined || regionOfKey(backupKmsKeyArn) === backupRegion,
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
      regionOfKey(parameter.kmsKeyArn) === regionOfKey(stack.kmsKeyArn),
    expected:
      'expected a key of the same region as parameter.kmsKeyArn: both are used in the region of the stack',
  },
  {
    field: ['endpoint', 'url'],
    holds: ({ endpoint: { url, host } }) => host !== undefined || isHostForDjango(new URL(url).host),
    expected:
      'Django refuses the host of this URL, whatever ALLOWED_HOSTS says, since only letters, digits, dots and hyphens are valid there (no _): use another name, or set endpoint.host',
  },
  {
    field: ['endpoint', 'host'],
    holds: ({ endpoint, metricFunction }) =>
      endpoint.host === undefined || Object.values(metricFunction.set).includes(endpoint.host),
    expected: 'the metric function has to send the same Host: name it in metricFunction.set as well',
  },
  {
    field: ['parameter', 'requiredKeys'],
    holds: ({ parameter, endpoint, metricFunction }) =>
      [endpoint.internalKey, ...Object.values(metricFunction.setFromEnv)].every((key) =>
        parameter.requiredKeys.includes(key),
      ),
    expected: 'endpoint.internalKey and the keys in metricFunction.setFromEnv have to be required',
  },
  {
    field: ['metricFunction', 'setFromEnv'],
    holds: ({ metricFunction: { set, setFromEnv } }) =>
      !Object.keys(setFromEnv).some((name) => Object.hasOwn(set, name)),
    expected: 'a variable can be in set or in setFromEnv, not in both',
  },
  {
    field: ['metricFunction', 'remove'],
    holds: ({ metricFunction: { remove, set, setFromEnv } }) =>
      !remove.some((name) => Object.hasOwn(set, name) || Object.hasOwn(setFromEnv, name)),
    expected: 'a variable can be set or removed, not both',
  },
  {
    field: ['metricFunction', 'queues'],
    holds: ({ metricFunction }) => !metricFunction.deploy || metricFunction.queues !== undefined,
    expected: 'expected the names of the queues, since deploy is true',
  },
  {
    field: ['metricFunction', 'alias'],
    holds: ({ metricFunction }) => !metricFunction.deploy || metricFunction.alias === undefined,
    expected: 'the function that comes with the stack has no alias, and deploy is true',
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
