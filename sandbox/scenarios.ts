/** The outages that the sandbox can play. They differ in the state of things before the recovery starts. */

import { randomBytes } from 'node:crypto';
import { dimensionList } from '../workflow/dimensions.ts';
import { knownGoodLabel } from '../workflow/versions.ts';
import type { HostOptions } from './host/host.ts';
import type { Sandbox } from './sandbox.ts';
import { invocationOf } from './services/metric-data.ts';

export const scenarioNames = ['outage', 'healthy', 'host-rejected', 'no-source', 'instance-offline'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export interface Scenario {
  /** What a person should know about it. */
  readonly summary: string;
  /** How the execution has to end: the report's outcome, or the error's name. */
  readonly expected: 'Recovered' | 'Healthy' | 'HostRejected' | 'EnvRestoreFailed' | 'InstanceUnavailable';
  /** Who starts the execution. */
  readonly startedBy: 'alarm' | 'operator';
}

export const scenarios: Record<ScenarioName, Scenario> = {
  outage: {
    summary:
      'One key was written over the whole env, and the API was deployed with it. The metric has stopped, and the workers no longer scale.',
    expected: 'Recovered',
    startedBy: 'alarm',
  },
  healthy: {
    summary: 'Nothing is wrong.',
    expected: 'Healthy',
    startedBy: 'operator',
  },
  'host-rejected': {
    summary: "The env is complete, but the API's ALLOWED_HOSTS lacks the Host that requests have.",
    expected: 'HostRejected',
    startedBy: 'alarm',
  },
  'no-source': {
    summary: 'The env was overwritten, no older version of it is complete, and there is no backup.',
    expected: 'EnvRestoreFailed',
    startedBy: 'alarm',
  },
  'instance-offline': {
    summary: 'The env was overwritten, and the SSM agent of the instance is offline.',
    expected: 'InstanceUnavailable',
    startedBy: 'alarm',
  },
};

/** What a seeded sandbox starts from; the secrets are new each time. */
export interface Seed {
  readonly scenario: ScenarioName;
  /** Versions of the env parameter, oldest first. */
  readonly versions: readonly string[];
  readonly host: Omit<HostOptions, 'directory'>;
  readonly internalKey: string;
}

/** The Auto Scaling group of the workers. */
export const workerGroup = 'sandbox-video-workers';

const secret = () => randomBytes(18).toString('base64url');

/** The jobs that wait while the workers just keep up: what target tracking holds the backlog at. */
const steadyBacklog = 7;

/** The jobs that wait when nobody has scaled the workers for a while. */
export const grownBacklog = 20;

/** @param backlog the jobs that wait on the host. */
export function makeSeed(scenario: ScenarioName, backlog = steadyBacklog): Seed {
  const databasePassword = secret();
  const internalKey = secret();
  const allowedHosts = scenario === 'host-rejected' ? 'api.example.com' : '127.0.0.1,api.example.com';
  const complete = (workers: number) => `# The API's whole environment. Parameter Store is its only home.
SECRET_KEY=${secret()}
ALLOWED_HOSTS=${allowedHosts}

# Database
DB_HOST=db.internal
DB_PORT=5432
DB_NAME=videos
DB_USER=api
DB_PASSWORD=${databasePassword}

# Object storage
R2_ACCESS_KEY_ID=${secret()}
R2_SECRET_ACCESS_KEY=${secret()}
R2_BUCKET=videos

# Cache
REDIS_URL="redis://:${secret()}@cache.internal:6379/0"

GUNICORN_WORKERS=${workers}
# The metric Lambda shows this key
LAMBDA_INTERNAL_API_KEY=${internalKey}
`;
  const overwritten = `LAMBDA_INTERNAL_API_KEY=${internalKey}\n`;
  const versions = {
    outage: [complete(2), complete(4), overwritten],
    healthy: [complete(2), complete(4)],
    'host-rejected': [complete(2)],
    'no-source': [overwritten],
    'instance-offline': [complete(2), overwritten],
  }[scenario];
  return {
    scenario,
    versions,
    internalKey,
    host: {
      env: versions.at(-1) ?? '',
      database: { name: 'videos', password: databasePassword, videoBacklog: backlog },
    },
  };
}

/** Prepares a new sandbox for the start of the scenario. */
export function seedSandbox(sandbox: Sandbox, seed: Seed): void {
  sandbox.parameters.quietly(() => seedParameters(sandbox, seed));
  const { scenario, internalKey } = seed;
  const variables = sandbox.functions.variables(sandbox.metricFunctionName);
  const { queues } = sandbox.target.metricFunction;
  if (queues) {
    sandbox.queues.setDepth(queues.ai, 0);
    sandbox.queues.setDepth(queues.video, 5);
    sandbox.queues.setDepth(queues.messaging, 0);
  }
  sandbox.functions.update(sandbox.metricFunctionName, {
    ...variables,
    LAMBDA_INTERNAL_API_KEY: internalKey,
    LOG_LEVEL: 'info',
    // It makes the function send a Host that the API refuses, which is why the count stayed null.
    ...(scenario === 'healthy' ? {} : { VIDEO_BACKLOG_API_HOST: 'internal.example.com' }),
  });
  if (scenario === 'instance-offline') sandbox.instance.online = false;

  seedWorkers(sandbox);
  sandbox.topics.confirmSubscriptions();
  const { Namespace, MetricName, Dimensions } = sandbox.heartbeat;
  // The metric was published each minute until the outage, a quarter of an hour ago.
  const endMs = Date.now() - (scenario === 'healthy' ? 0 : 15 * 60_000);
  for (let minute = 30; minute > 0; minute -= 1) {
    // It was invoked all the time, and had nothing to publish.
    sandbox.metrics.record('AWS/Lambda', [
      invocationOf(sandbox.metricFunctionName, Date.now() - minute * 60_000),
    ]);
    sandbox.metrics.put(Namespace, [
      {
        MetricName,
        Dimensions,
        Value: steadyBacklog,
        Unit: 'Count',
        Timestamp: endMs - minute * 60_000,
        StorageResolution: 60,
      },
    ]);
  }
}

/** The workers' group, and the policy that holds the backlog where it was before the outage. */
function seedWorkers({ autoScaling, target: { metric } }: Sandbox): void {
  autoScaling.addGroup({
    name: workerGroup,
    minSize: 2,
    maxSize: 6,
    desired: 2,
    defaultInstanceWarmup: 60,
    tags: { Name: 'sandbox-video-worker' },
    createdAt: new Date(Date.now() - 7 * 24 * 3_600_000),
  });
  autoScaling.putPolicy({
    group: workerGroup,
    name: 'hold-backlog',
    enabled: true,
    estimatedInstanceWarmup: undefined,
    configuration: {
      TargetValue: steadyBacklog,
      DisableScaleIn: false,
      CustomizedMetricSpecification: {
        Namespace: metric.namespace,
        MetricName: metric.name,
        Dimensions: dimensionList(metric.dimensions),
        Statistic: 'Maximum',
        Unit: 'Count',
      },
    },
  });
}

function seedParameters(sandbox: Sandbox, { scenario, versions }: Seed): void {
  for (const Value of versions) {
    sandbox.parameters.put({
      Name: sandbox.parameterName,
      Value,
      Type: 'SecureString',
      Description: 'Environment of the API',
      Overwrite: true,
      Tier: 'Intelligent-Tiering',
    });
  }
  // A healthy target has been seen to be healthy before: an execution has nothing left to do.
  if (scenario === 'healthy') {
    sandbox.parameters.label(sandbox.parameterName, undefined, [knownGoodLabel]);
    sandbox.backups.put({
      Name: sandbox.backupParameterName,
      Value: versions.at(-1) ?? '',
      Type: 'SecureString',
    });
  }
}
