/** Gathers what the rules of the doctor look at. Every call reads; calls that need no other one's answer go together. */

import { valuesOf } from '../../env/entries.ts';
import { envFacts } from '../../workflow/doctor/env-facts.ts';
import type { Facts, FunctionFinding } from '../../workflow/doctor/facts.ts';
import { functionFacts } from '../../workflow/doctor/function-facts.ts';
import { provenByDatapointMs } from '../../workflow/doctor/metric-age.ts';
import { type Place, placeOf } from '../../workflow/doctor/place.ts';
import { mapSeen } from '../../workflow/network/seen.ts';
import type { MetricFunction } from '../../workflow/target.ts';
import { lookAtEndpoint, resolveHost } from '../endpoint-look.ts';
import type { FunctionEnv } from '../function-environment.ts';
import { readAgents } from '../instances.ts';
import { look } from '../look.ts';
import { readHistory } from '../parameter.ts';
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

/** @returns also where the target is; `undefined` if nothing tells the account. */
export async function gatherFacts(
  doctor: Doctor,
): Promise<{ readonly facts: Facts; readonly place: Place | undefined }> {
  const { clients, target, nowMs } = doctor;
  const [
    host,
    history,
    agents,
    backup,
    metricFunction,
    invocations,
    datapoint,
    dimensionSets,
    alarms,
    scaling,
  ] = await Promise.all([
    resolveHost(target.endpoint.url),
    look(() => readHistory(clients.ssm, target.parameter.name)),
    look(() => readAgents(clients.ssm, target.instances)),
    lookAtBackup(doctor),
    lookAtFunction(doctor),
    lookAtInvocations(doctor),
    lookAtDatapoints(doctor),
    lookAtDimensions(doctor),
    lookAtAlarms(doctor),
    lookAtScaling(doctor),
  ]);
  const newest = history.seen ? history.value.at(-1) : undefined;
  const configuration = metricFunction?.seen ? metricFunction.value : undefined;
  const arns = [
    typeof configuration === 'object' ? configuration.arn : undefined,
    ...(alarms.seen ? alarms.value.map(({ arn }) => arn) : []),
    newest?.modifiedBy,
  ];
  const place = placeIn(arns, await clients.ssm.config.region());
  const metric = datapoint && mapSeen(datapoint, (lastDatapointMs) => ({ lastDatapointMs, hasUnit: null }));
  const isProven = provenByDatapointMs({ nowMs, metric }, target) !== undefined;
  const [instances, callers, stack, answer, hasUnit, network] = await Promise.all([
    lookAtInstances(doctor, agents),
    lookAtCallers(doctor, place),
    lookAtStack(doctor, place),
    isProven ? null : lookAtEndpoint(target.endpoint, host.isPrivate),
    lookAtMetricUnit(doctor, scaling.policies),
    lookAtNetwork(doctor, typeof configuration === 'object' ? configuration : undefined, host),
  ]);
  const values = history.seen ? valuesOf(newest?.text ?? '', target.parameter.reader) : undefined;
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

/** The account of the first ARN that has one. */
function placeIn(arns: readonly (string | undefined)[], region: string): Place | undefined {
  const places = arns.map((arn) => placeOf(arn ?? ''));
  const found = places.find(({ accountId }) => /^\d{12}$/.test(accountId));
  return found && { ...found, region };
}
