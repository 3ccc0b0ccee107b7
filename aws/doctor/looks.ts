/** What the doctor looks at, service by service. */

import { whyUnusable } from '../../env/contract.ts';
import { seenIn } from '../../workflow/doctor/checks.ts';
import type { BackupFacts, Facts } from '../../workflow/doctor/facts.ts';
import type { SeenInside } from '../../workflow/doctor/inside.ts';
import { arnOf, machineArnOf, type Place, topicArnOf } from '../../workflow/doctor/place.ts';
import { startingAlarms } from '../../workflow/doctor/scaling-rules.ts';
import { isOfEc2 } from '../../workflow/doctor/service-rules.ts';
import { invokedFunctionOf } from '../../workflow/invoked-function.ts';
import { calledWithinSecondsOf } from '../../workflow/metric-period.ts';
import { type Seen, seen, unseen } from '../../workflow/network/seen.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { restoreRules } from '../../workflow/restore.ts';
import { type DeployedTarget, scalingOf } from '../../workflow/target.ts';
import { readAlarms } from '../alarms.ts';
import { readBackup } from '../backup.ts';
import { readCalls } from '../callers-proof.ts';
import { listAliases } from '../function-alias.ts';
import { type FunctionEnv, readFunctionEnv } from '../function-environment.ts';
import { look } from '../look.ts';
import { listDimensions, readMinutes } from '../metric-look.ts';
import { readInstances } from '../network-interfaces.ts';
import { lookAtGroup, lookAtUnit } from '../scaling-look.ts';
import { listRuleNames, readRule } from '../schedule.ts';
import { hasStateMachine } from '../state-machine.ts';
import { listSubscriptions } from '../topic.ts';
import type { DoctorClients } from './clients.ts';

/** What every look needs. */
export interface Doctor {
  readonly target: DeployedTarget;
  readonly clients: DoctorClients;
  readonly nowMs: number;
  /** Where the target is; found out if not given. */
  readonly place?: Place;
  readonly inside?: SeenInside;
}

const noAccount = unseen('nothing that could be read tells the number of the account', 'AccountUnknown');

/** `null` if the target has no backup parameter. */
export async function lookAtBackup({ clients, target }: Doctor): Promise<Seen<BackupFacts> | null> {
  const { parameter, restore } = target;
  if (restore.backupParameter === undefined) return null;
  return look(async () => {
    const backup = await readBackup(clients.backupSsm, restoreRules(target));
    return {
      exists: backup !== undefined,
      gaps: backup ? whyUnusable(backup.text, parameter.reader, parameter) : [],
    };
  });
}

/** Its configuration, with secret values in it, or what there is instead; `null` if the target has none. */
export async function lookAtFunction({
  clients,
  target: { metricFunction },
}: Pick<Doctor, 'target'> & { readonly clients: Pick<DoctorClients, 'lambda'> }): Promise<Seen<
  FunctionEnv | 'NotFound' | 'EnvUnreadable'
> | null> {
  if (!metricFunction) return null;
  return look(async () => {
    try {
      return await readFunctionEnv(clients.lambda, invokedFunctionOf(metricFunction));
    } catch (error) {
      if (error instanceof RecoveryError && error.name === 'FunctionNotFound') return 'NotFound';
      if (error instanceof RecoveryError && error.name === 'FunctionEnvUnreadable') return 'EnvUnreadable';
      throw error;
    }
  });
}

/** What EC2 says of the target's instances: those that the target file names, or those that SSM lists. */
export async function lookAtInstances(
  { clients, target }: Doctor,
  agentLook: Promise<Facts['agents']>,
): Promise<Facts['instances']> {
  const listed = async () => (seenIn(await agentLook) ?? []).map(({ instanceId }) => instanceId);
  const ids = (target.instances.ids ?? (await listed())).filter(isOfEc2);
  return ids.length === 0 ? seen([]) : readInstances(clients.ec2, ids);
}

type LookAtMetrics = Pick<Doctor, 'target' | 'nowMs'> & {
  readonly clients: Pick<DoctorClients, 'cloudWatch'>;
};

/** How often the function was invoked of late; `null` if the target has none. */
export async function lookAtInvocations({
  clients,
  target,
  nowMs,
}: LookAtMetrics): Promise<Seen<number> | null> {
  const { metricFunction } = target;
  if (!metricFunction) return null;
  return look(async () => {
    const times = { sinceMs: nowMs - calledWithinSecondsOf(target.metric) * 1000, nowMs };
    const minutes = await readCalls(clients.cloudWatch, metricFunction.name, times);
    return minutes.reduce((sum, { value }) => sum + value, 0);
  });
}

/** How far back the last datapoint is looked for. */
const datapointWithinMs = 3 * 60 * 60_000;

/** `null` if the target has no metric. */
export async function lookAtDatapoints({
  clients,
  target: { metric },
  nowMs,
}: LookAtMetrics): Promise<Seen<number | null> | null> {
  if (!metric) return null;
  return look(async () => {
    const sinceMs = nowMs - datapointWithinMs;
    const minutes = { metric, statistic: 'SampleCount', unit: metric.unit, sinceMs, nowMs } as const;
    return (await readMinutes(clients.cloudWatch, minutes))[0]?.timestampMs ?? null;
  });
}

/** `null` if the target has no metric. */
export const lookAtDimensions = async ({
  clients,
  target: { metric },
}: Doctor): Promise<Facts['dimensionSets']> =>
  metric ? look(() => listDimensions(clients.cloudWatch, metric)) : null;

/** Whether the metric has datapoints with the unit that a policy asks for; `null` if none asks for one. */
export async function lookAtMetricUnit(
  { clients, target, nowMs }: Doctor,
  policies: Awaited<ReturnType<typeof lookAtScaling>>['policies'],
): Promise<boolean | null> {
  const times = { sinceMs: nowMs - datapointWithinMs, nowMs };
  return policies && target.metric ? lookAtUnit(clients, target.metric, policies, times) : null;
}

export async function lookAtAlarms({ clients, target }: Doctor) {
  const names = startingAlarms(target);
  return look(async () => (names.length === 0 ? [] : readAlarms(clients.cloudWatch, { names })));
}

/** All of it `null` if the target has no group. */
export async function lookAtScaling({ clients, target }: Doctor) {
  const scaling = scalingOf(target);
  return scaling
    ? lookAtGroup(clients, scaling.group)
    : { scalingAlarms: null, policies: null, group: null, activities: null, refreshes: null };
}

/** The rules of EventBridge that invoke the function, or one of its aliases; `null` if the target has none. */
export async function lookAtCallers(
  { clients, target }: Doctor,
  place: Place | undefined,
): Promise<Facts['callers']> {
  if (!target.metricFunction) return null;
  if (!place) return noAccount;
  const { name } = target.metricFunction;
  const aliases = await look(() => listAliases(clients.lambda, name));
  if (!aliases.seen) return aliases;
  return look(async () => {
    const invoked = [{}, ...aliases.value.map((alias) => ({ alias }))];
    const callers = invoked.map(async (one: { readonly alias?: string }) => {
      const functionArn = arnOf(place, 'lambda', `function:${invokedFunctionOf({ name, ...one })}`);
      const rules = await listRuleNames(clients.events, functionArn);
      return Promise.all(
        rules.map(async (rule) => {
          const found = await readRule(clients.events, rule);
          return found ? [{ ...found, ...one }] : [];
        }),
      );
    });
    return (await Promise.all(callers)).flat(2);
  });
}

/** What of the target's stack has to be there before an outage. */
export async function lookAtStack(
  { clients, target }: Doctor,
  place: Place | undefined,
): Promise<Pick<Facts, 'isStackDeployed' | 'subscriptions'>> {
  if (!place) return { isStackDeployed: noAccount, subscriptions: noAccount };
  const [isStackDeployed, subscriptions] = await Promise.all([
    look(() => hasStateMachine(clients.sfn, machineArnOf(place, target.name))),
    look(() => listSubscriptions(clients.sns, topicArnOf(place, target.name))),
  ]);
  return { isStackDeployed, subscriptions };
}
