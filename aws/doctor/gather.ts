/** Gathers what the rules of the doctor look at. Every call reads; calls that need no other one's answer go together. */

import { valuesOf } from '../../env/entries.ts';
import { envFacts } from '../../workflow/doctor/env-facts.ts';
import type { Facts, FunctionFinding } from '../../workflow/doctor/facts.ts';
import { functionFacts } from '../../workflow/doctor/function-facts.ts';
import { provenByDatapointMs } from '../../workflow/doctor/metric-age.ts';
import { type Place, placeOf } from '../../workflow/doctor/place.ts';
import { mapSeen, type Seen } from '../../workflow/network/seen.ts';
import { restoreRules } from '../../workflow/restore.ts';
import type { MetricFunction } from '../../workflow/target.ts';
import type { ParameterRecord } from '../../workflow/versions.ts';
import { hostAt, lookAtEndpoint, resolveHost } from '../endpoint-look.ts';
import type { FunctionEnv } from '../function-environment.ts';
import { readAgents } from '../instances.ts';
import { readMarkedHistory } from '../known-good-env.ts';
import { look } from '../look.ts';
import {
  type Doctor,
  lookAtAlarms,
  lookAtBackup,
  lookAtCallers,
  lookAtDatapoints,
  lookAtDimensions,
  lookAtFunction,
  lookAtInstances,
  lookAtInvocations,
  lookAtMetricUnit,
  lookAtScaling,
  lookAtStack,
} from './looks.ts';
import { lookAtNetwork } from './network.ts';

/**
 * Each look waits for those alone that it needs, so that one without an answer takes no other one along.
 *
 * @returns also where the target is; `undefined` if nothing tells the account.
 */
export async function gatherFacts(
  doctor: Doctor,
): Promise<{ readonly facts: Facts; readonly place: Place | undefined }> {
  const { clients, target, nowMs, inside = {} } = doctor;
  const { url } = target.endpoint;
  const hostLook = inside.addresses ? Promise.resolve(hostAt(inside.addresses)) : resolveHost(url);
  const historyLook = look(() => readMarkedHistory(clients.ssm, clients.backupSsm, restoreRules(target)));
  const agentLook = look(() => readAgents(clients.ssm, target.instances));
  const functionLook = lookAtFunction(doctor);
  const datapointLook = lookAtDatapoints(doctor);
  const alarmLook = lookAtAlarms(doctor);
  const scalingLook = lookAtScaling(doctor);
  const placeLook = doctor.place
    ? Promise.resolve(doctor.place)
    : findPlace(doctor, functionLook, alarmLook, historyLook);
  const askUnlessFresh = async () => {
    const found = await datapointLook;
    const metric = found && mapSeen(found, (lastDatapointMs) => ({ lastDatapointMs, hasUnit: null }));
    if (provenByDatapointMs({ nowMs, metric }, target) !== undefined) return null;
    return lookAtEndpoint(target.endpoint, (await hostLook).isPrivate);
  };
  // Awaited together from the start, so that none fails while nobody waits for it.
  const [
    history,
    agents,
    metricFunction,
    datapoint,
    alarms,
    scaling,
    place,
    backup,
    invocations,
    dimensionSets,
    instances,
    callers,
    stack,
    answer,
    hasUnit,
    network,
  ] = await Promise.all([
    historyLook,
    agentLook,
    functionLook,
    datapointLook,
    alarmLook,
    scalingLook,
    placeLook,
    lookAtBackup(doctor),
    lookAtInvocations(doctor),
    lookAtDimensions(doctor),
    lookAtInstances(doctor, agentLook),
    placeLook.then((found) => lookAtCallers(doctor, found)),
    placeLook.then((found) => lookAtStack(doctor, found)),
    inside.answer ?? askUnlessFresh(),
    scalingLook.then(({ policies }) => lookAtMetricUnit(doctor, policies)),
    Promise.all([functionLook, hostLook]).then(([found, host]) =>
      lookAtNetwork(doctor, configurationIn(found), host),
    ),
  ]);
  const values = history.seen
    ? valuesOf(history.value.at(-1)?.text ?? '', target.parameter.reader)
    : undefined;
  const facts: Facts = {
    ...scaling,
    ...stack,
    nowMs,
    env: mapSeen(history, (records) => envFacts(records, target)),
    agents,
    instances,
    answer,
    function:
      metricFunction && target.metricFunction
        ? mapSeen(metricFunction, functionFinding(values, target.metricFunction))
        : null,
    invocations,
    callers,
    network,
    metric: datapoint && mapSeen(datapoint, (lastDatapointMs) => ({ lastDatapointMs, hasUnit })),
    dimensionSets,
    alarms,
    backup,
  };
  return { facts, place };
}

const functionFinding =
  (env: ReadonlyMap<string, string> | undefined, wanted: MetricFunction) =>
  (found: FunctionEnv | 'NotFound' | 'EnvUnreadable'): FunctionFinding =>
    typeof found === 'object' ? functionFacts(found, env, wanted) : found;

const configurationIn = (found: Awaited<ReturnType<typeof lookAtFunction>>) =>
  found?.seen && typeof found.value === 'object' ? found.value : undefined;

/** The account of the first ARN that has one. */
async function findPlace(
  { clients }: Doctor,
  functionLook: ReturnType<typeof lookAtFunction>,
  alarmLook: ReturnType<typeof lookAtAlarms>,
  historyLook: Promise<Seen<readonly ParameterRecord[]>>,
): Promise<Place | undefined> {
  const [metricFunction, alarms, history] = await Promise.all([functionLook, alarmLook, historyLook]);
  const arns = [
    configurationIn(metricFunction)?.arn,
    ...(alarms.seen ? alarms.value.map(({ arn }) => arn) : []),
    history.seen ? history.value.at(-1)?.modifiedBy : undefined,
  ];
  const region = await clients.ssm.config.region();
  const places = arns.map((arn) => placeOf(arn ?? ''));
  const found = places.find(({ accountId }) => /^\d{12}$/.test(accountId));
  return found && { ...found, region };
}
