/** What a sandbox starts from: the env and its versions, the hosts, the metric function's variables, the metric. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectEnv } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { valuesOf } from '../../env/entries.ts';
import { headerKeysOf } from '../../workflow/endpoint-request.ts';
import { inNamesOf, isSpread } from '../../workflow/spread-env.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { putEnv, sharedOut } from '../env-store.ts';
import { type Backend, hostOf, hostsKey } from '../host/api.ts';
import type { Sandbox } from '../sandbox.ts';
import type { ScenarioName } from '../scenarios.ts';
import type { AlarmProperties } from '../services/alarms.ts';
import { invocationOf, metricOf } from '../services/metric-data.ts';
import { workOf } from '../workers.ts';
import { type EnvValues, makeUpEnv, makeUpValue, textOf } from './made-up-env.ts';
import { seedWorkers } from './seed-workers.ts';

/** The target that is played if no other is named. */
export const defaultTarget = 'sandbox';

/** The secrets are new each time. */
export interface Seed {
  readonly scenario: ScenarioName;
  readonly target: DeployedTarget;
  /** Versions of the env parameter, oldest first. */
  readonly versions: readonly string[];
  /** The keys that the env has whatever the scenario is. */
  readonly given: readonly string[];
  readonly backend: Backend;
  /** The metric function's own, before the recovery. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface SeedOptions {
  /** The jobs that wait; by default so many as the workers keep up with. */
  readonly backlog?: number | undefined;
  /** A .env whose keys the target's env has; none of its values. */
  readonly like?: string | undefined;
}

/** @throws NothingFits if no env can be made up that satisfies the contract. */
export function makeSeed(target: DeployedTarget, scenario: ScenarioName, options: SeedOptions = {}): Seed {
  const { backlog = workOf(target).steady, like = ownKeys(target) } = options;
  const { parameter, endpoint } = target;
  const allowed = scenario === 'host-rejected' ? 'rejected.example.com' : `${hostOf(target)},api.example.com`;
  const isGiven =
    [...parameter.requiredKeys, ...Object.keys(parameter.rules)].includes(hostsKey) ||
    valuesOf(like ?? '', parameter.reader).has(hostsKey);
  const isWanted = isGiven || scenario === 'host-rejected';
  const values = makeUpEnv(target, { like, wanted: isWanted ? { [hostsKey]: allowed } : {} });
  const textIn = (some: EnvValues) => sharedOut(parameter.name, textOf(some, parameter.reader));
  const complete = (release: 1 | 2) => textIn(released(values, target, release));
  const [first, second] = [complete(1), complete(2)];
  const overwritten = sharedOut(parameter.name, overwrittenText(values, target));
  const versions = {
    outage: [first, second, overwritten],
    healthy: [first, second],
    'host-rejected': [first],
    'no-source': [overwritten],
    'instance-offline': [first, overwritten],
  }[scenario];
  const known = parameter.requiredKeys.filter((key) => !headerKeysOf(endpoint).includes(key));
  return {
    scenario,
    target,
    versions,
    given: [...values.keys()].filter((key) => key !== hostsKey || isGiven),
    variables: variablesOf(target, values, scenario !== 'healthy'),
    backend: { backlog, values: new Map(known.map((key) => [key, values.get(key) ?? ''])) },
  };
}

const ownKeys = ({ name }: DeployedTarget): string | undefined =>
  name === defaultTarget ? readFileSync(join(import.meta.dirname, 'sandbox.env'), 'utf8') : undefined;

/** Two releases differ in a key that the contract doesn't name, as they do in reality; without one, in a new key. */
function released(values: EnvValues, target: DeployedTarget, release: 1 | 2): EnvValues {
  const { requiredKeys, requiredPrefixes, rules } = target.parameter;
  const free = [...values.keys()].filter(
    (key) =>
      key !== hostsKey &&
      !requiredKeys.includes(key) &&
      !Object.hasOwn(rules, key) &&
      !requiredPrefixes.some((prefix) => key.startsWith(prefix)),
  );
  const changing = free.at(-1);
  if (changing === undefined) return new Map([...values, ['RELEASE', String(release)]]);
  // Never the same value by chance: what is like another value differs from it.
  const changed = makeUpValue(target, changing, { like: values.get(changing) });
  return release === 1 ? values : new Map([...values, [changing, changed]]);
}

/** One key is left, the one that a person has to hand; if that is enough for the contract, one of nobody. */
function overwrittenText(values: EnvValues, { parameter, endpoint }: DeployedTarget): string {
  const { internalKey } = endpoint;
  const ofNobody = textOf(new Map([['OVERWRITTEN', '1']]), parameter.reader);
  if (internalKey === undefined) return ofNobody;
  const left = textOf(new Map([[internalKey, values.get(internalKey) ?? '']]), parameter.reader);
  const isEnough = inspectEnv(readEnvText(left, parameter.reader), parameter).complete;
  return isEnough ? ofNobody : left;
}

/** What the target removes is still there after an outage; if it removes nothing, what comes from the env is out of date. */
function variablesOf(
  { metricFunction }: DeployedTarget,
  values: EnvValues,
  isBroken: boolean,
): Record<string, string> {
  if (!metricFunction) return {};
  const { set, setFromEnv, remove } = metricFunction;
  const isStale = isBroken && remove.length === 0;
  return {
    ...set,
    ...Object.fromEntries(
      Object.entries(setFromEnv).map(([name, key]) => [
        name,
        isStale ? 'out-of-date' : (values.get(key) ?? ''),
      ]),
    ),
    LOG_LEVEL: 'info',
    ...(isBroken ? Object.fromEntries(remove.map((name) => [name, 'internal.example.com'])) : {}),
  };
}

/** Prepares a new sandbox for the start of the scenario. */
export function seedSandbox(sandbox: Sandbox, seed: Seed): void {
  const { scenario, target } = seed;
  sandbox.parameters.quietly(() => seedParameters(sandbox, seed));
  const { queues } = target.metricFunction ?? {};
  if (queues) {
    sandbox.queues.setDepth(queues.ai, 0);
    sandbox.queues.setDepth(queues.video, 5);
    sandbox.queues.setDepth(queues.messaging, 0);
  }
  if (scenario === 'instance-offline') sandbox.instance.online = false;
  seedWorkers(sandbox);
  sandbox.topics.confirmSubscriptions();
  seedMetric(sandbox, scenario);
  for (const { name } of target.triggers.alarms) sandbox.metrics.addAlarm(alwaysOk(name));
}

/** An alarm of the owner's own, on a metric that nobody publishes here. */
const alwaysOk = (name: string): AlarmProperties => ({
  AlarmName: name,
  AlarmActions: [],
  Namespace: 'Sandbox/Own',
  MetricName: name,
  Dimensions: [],
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 0,
  TreatMissingData: 'notBreaching',
});

/** The metric was published each minute until the outage, a quarter of an hour ago. */
function seedMetric({ metrics, target }: Sandbox, scenario: ScenarioName): void {
  const { metric, metricFunction } = target;
  const endMs = Date.now() - (scenario === 'healthy' ? 0 : 15 * 60_000);
  for (let minute = 30; minute > 0; minute -= 1) {
    // It was invoked all the time, and had nothing to publish.
    if (metricFunction)
      metrics.record('AWS/Lambda', [invocationOf(metricFunction.name, Date.now() - minute * 60_000)]);
    if (!metric) continue;
    const { Namespace, ...named } = metricOf(metric);
    metrics.put(Namespace, [
      {
        ...named,
        Value: workOf(target).steady,
        Unit: metric.unit ?? 'Count',
        Timestamp: endMs - minute * 60_000,
        StorageResolution: 60,
      },
    ]);
  }
}

function seedParameters(sandbox: Sandbox, { scenario, target, versions }: Seed): void {
  const { parameter } = target;
  const { backupParameter } = target.restore;
  for (const text of versions) putEnv(sandbox.parameters, parameter.name, text);
  const isHealthy = scenario === 'healthy';
  // A healthy target has been seen to be healthy before: an execution has nothing left to do.
  if (isHealthy && !isSpread(parameter.name))
    sandbox.parameters.label(parameter.name, undefined, [knownGoodLabel]);
  // What was deleted below a path has no history, so the copy is all that there is.
  const isCopied = isHealthy || (isSpread(parameter.name) && scenario !== 'no-source');
  const copied = versions.findLast((text) => isHealthy || text !== versions.at(-1));
  if (backupParameter !== undefined && isCopied && copied !== undefined)
    putEnv(sandbox.backups, backupParameter, inNamesOf(copied, parameter.name, backupParameter));
}
