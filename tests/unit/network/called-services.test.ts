import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import {
  endpointServiceOf,
  servicesOfChecks,
  servicesOfMetricFunction,
} from '../../../workflow/network/called-services.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const Statements = v.array(
  v.object({
    Action: v.pipe(
      v.union([v.string(), v.array(v.string())]),
      v.transform((one) => [one].flat()),
    ),
  }),
);
const FunctionFile = v.object({
  inVpc: v.optional(v.boolean(), false),
  permissions: v.array(v.union([v.string(), v.unknown()])),
});
const read = (...path: string[]): unknown => parse(readFileSync(join(root, ...path), 'utf8'));
const shared = v.parse(v.record(v.string(), Statements), read('stack', 'permissions.yml'));

/** Names of endpoints that differ from those of actions. Parameter Store calls KMS itself. */
const endpointNames: Record<string, string[]> = { cloudwatch: ['monitoring'], kms: [] };

/** The services that a function in the VPC has permissions for; nothing for one that is not in it. */
function servicesOf(folder: string, file: string): string[] {
  const { inVpc, permissions } = v.parse(FunctionFile, read('functions', folder, file));
  if (!inVpc) return [];
  const statements = permissions.flatMap((one) =>
    typeof one === 'string' ? (shared[one] ?? []) : v.parse(Statements, [one]),
  );
  const services = statements.flatMap(({ Action }) => Action.map((action) => action.split(':')[0] ?? ''));
  return [...new Set(services.flatMap((service) => endpointNames[service] ?? [service]))].sort();
}
const servicesIn = (folder: string) => [
  ...new Set(
    readdirSync(join(root, 'functions', folder))
      .filter((file) => file.endsWith('.yml'))
      .flatMap((file) => servicesOf(folder, file)),
  ),
];

describe('the services that functions in the VPC call', () => {
  const queues = { ai: 'ai', video: 'video', messaging: 'messaging' };

  it('are those that their permissions are for', () => {
    expect(servicesIn('')).toEqual(servicesOfChecks);
    expect(servicesIn('events')).toEqual([]);
    expect(servicesIn('metric')).toEqual(servicesOfMetricFunction({ queues }));
  });

  it('have no queues without names of queues', () => {
    expect(servicesOfMetricFunction({ queues: undefined })).toEqual(['monitoring']);
  });
});

it('names the endpoints of a region as that region does', () => {
  expect(['ssm', 'monitoring', 'sqs'].map((service) => endpointServiceOf(service, 'cn-north-1'))).toEqual([
    'com.amazonaws.cn-north-1.ssm',
    'cn.com.amazonaws.cn-north-1.monitoring',
    'cn.com.amazonaws.cn-north-1.sqs',
  ]);
  expect(endpointServiceOf('sqs', 'us-gov-west-1')).toBe('com.amazonaws.us-gov-west-1.sqs');
});
