/** The links from the env to the metric function: facts in, checks out. */
import { headerKeysOf } from '../endpoint-request.ts';
import { invokedFunctionOf } from '../invoked-function.ts';
import type { DeployedTarget } from '../target.ts';
import { counted, listNames } from '../words.ts';
import { codesOf, isBrokenCode } from './catalogue.ts';
import { broken, type Check, judge, ok, unknown } from './checks.ts';
import { hostOf, isHostForDjango } from './env-facts.ts';
import type { AgentFacts, EnvFacts, Facts, FunctionFacts } from './facts.ts';
import { provenByDatapointMs, timeOf } from './metric-age.ts';
import { hostRoles, metricFunctionRole } from './role-rules.ts';

export type Rule = (facts: Facts, target: DeployedTarget) => readonly Check[];

const writtenBy = ({ version, modifiedBy, modifiedAt, isByRecovery }: EnvFacts) =>
  `version ${version} was written${modifiedBy === null ? '' : ` by ${modifiedBy}`}${isByRecovery ? ' (a recovery)' : ''}${modifiedAt === null ? '' : ` at ${modifiedAt}`}`;

export const writer: Rule = ({ env }) =>
  judge(env, (found) => {
    if (found.version === 0) return [ok('there is no version')];
    return found.modifiedBy === null
      ? [unknown('NotTold', `nobody is named as the writer of version ${found.version}`)]
      : [
          ok(writtenBy(found)),
          ...(found.otherWriters.length > 0
            ? [ok(`earlier versions also by ${listNames(found.otherWriters, 4)}`)]
            : []),
        ];
  });

export const env: Rule = ({ env }, { parameter: { name } }) =>
  judge(env, (found) => {
    const { version, unreadable, gaps, mistakes, mistakenKeys, keyCount, loss } = found;
    if (version === 0) return [broken('EnvGone', `there is no parameter ${name}`)];
    const since = writtenBy(found);
    if (unreadable !== null)
      return [unknown('NotAnswered', `version ${version} can't be read (${unreadable})`)];
    if (gaps.length > 0)
      return [broken('EnvIncomplete', `in parameter ${name}, ${listNames(gaps, 4)}; ${since}`)];
    if (mistakes.length > 0)
      return [
        broken(
          'EnvInvalid',
          `in parameter ${name}, ${listNames(mistakes, 4)}; ${since}`,
          {},
          mistakenKeys.map((key) => `npx --no-install recover env set ${key} --target <target>`),
        ),
      ];
    if (loss !== null) return [broken('EnvKeysLost', `parameter ${name} ${loss}`)];
    return [ok(`version ${version} has ${counted(keyCount, 'key')}, all that the target asks for`)];
  });

export const host: Rule = (facts, target) => [...instanceChecks(facts, target), ...hostRoles(facts, target)];

const instanceChecks: Rule = ({ agents, instances }, { instances: { ids, tag } }) => [
  ...judge(instances, (found) => [
    ...(ids ?? [])
      .filter((id) => isOfEc2(id) && !found.some((one) => one.id === id))
      .map((instance) => broken('InstanceGone', `EC2 has no instance ${instance}`, { instance })),
    ...found.map(({ id, state }) =>
      ['running', 'pending'].includes(state)
        ? ok(`instance ${id} is ${state}`)
        : broken('InstanceStopped', `instance ${id} is ${state}`, { instance: id }),
    ),
  ]),
  ...judge(agents, (found) => {
    if (ids === undefined && found.length === 0)
      return [broken('NoInstances', `SSM lists no instance with the tag ${tag}`)];
    const missing = (ids ?? []).filter((id) => !found.some(({ instanceId }) => instanceId === id));
    return [
      ...missing.map((instance) =>
        broken('InstanceNotManaged', `SSM does not list instance ${instance}`, { instance }),
      ),
      ...found.map(agentCheck),
    ];
  }),
];

/** A hybrid node (mi-…) is a managed instance of SSM, not one of EC2. */
export const isOfEc2 = (instanceId: string): boolean => instanceId.startsWith('i-');

function agentCheck({ instanceId, pingStatus, lastPingAt }: AgentFacts): Check {
  const last = lastPingAt === null ? '' : `, last heard of at ${lastPingAt}`;
  return pingStatus === 'Online'
    ? ok(`the agent of ${instanceId} is online${last}`)
    : broken('AgentOffline', `the agent of instance ${instanceId} is ${pingStatus}${last}`, {
        instance: instanceId,
      });
}

/** Faults of the request, which are told at its own link. */
const requestFaults = codesOf('request');

export const endpoint: Rule = (facts, target) => {
  const { url } = target.endpoint;
  const { answer } = facts;
  const provenMs = provenByDatapointMs(facts, target);
  if (provenMs !== undefined && !answer?.isInside)
    return [ok(`${url} gave the function a number for the datapoint of ${timeOf(provenMs)}`)];
  if (answer === null) return [unknown('NotReachableFromHere', `${url} was not asked`)];
  const { fault, detail, isPrivate } = answer;
  const how = headerKeysOf(target.endpoint).length > 0 ? ' without the key' : '';
  const says = answer.isInside ? `${url} gave the recovery ${detail}` : `${url} answers ${detail}${how}`;
  if (fault === undefined) return [ok(says)];
  if (isPrivate || !isBrokenCode(fault))
    return [
      unknown('NotReachableFromHere', answer.isInside ? says : `${url} can't be seen from here (${detail})`),
    ];
  // It has read the request, at least.
  return requestFaults.includes(fault) ? [ok(`${url} answers ${detail}`)] : [broken(fault, says)];
};

export const request: Rule = (facts, target) =>
  judge(facts.env, ({ headerKeys, allowsHost, unreadable }) => {
    if (unreadable !== null) return [unknown('NotAnswered', `the env can't be read (${unreadable})`)];
    const name = hostOf(target.endpoint);
    const asked = facts.answer;
    const keyChecks = Object.entries(headerKeys).map(([key, state]) => {
      if (state === 'Missing')
        return broken('InternalKeyMissing', `the env has no value for ${key}`, { key });
      return state === 'Usable'
        ? ok(`${key} can be sent as a header`)
        : broken('InternalKeyUnusable', `the value of ${key} can't be sent as a header`, { key });
    });
    if (asked?.fault === 'HostRejected' && !asked.isPrivate)
      return [broken('HostRejected', `the API answers HTTP 400 to the Host ${name}`), ...keyChecks];
    // An answer proves more than a list does that not every API reads.
    const isAccepted =
      provenByDatapointMs(facts, target) !== undefined || (asked && asked.fault === undefined);
    if (allowsHost === false && !isAccepted)
      return [
        broken(
          'HostRejected',
          isHostForDjango(name)
            ? `ALLOWED_HOSTS of the env lacks the Host ${name}`
            : `the env has ALLOWED_HOSTS, and Django takes no Host such as ${name}, whatever that says`,
        ),
        ...keyChecks,
      ];
    return [
      ok(
        isAccepted
          ? `the API takes the Host ${name}`
          : allowsHost
            ? `ALLOWED_HOSTS has the Host ${name}`
            : `the Host is ${name}; the env has no ALLOWED_HOSTS`,
      ),
      ...keyChecks,
    ];
  });

export const metricFunction: Rule = (facts, target) => [
  ...configurationChecks(facts, target),
  ...metricFunctionRole(facts, target),
];

/** @returns nothing if the target has no metric function. */
const configurationChecks: Rule = ({ function: found }, { metricFunction: wanted }) => {
  if (found === null || wanted === undefined) return [];
  return judge(found, (it) => {
    const name = invokedFunctionOf(wanted);
    if (it === 'NotFound') return [broken('FunctionNotFound', `there is no function ${name}`)];
    if (it === 'EnvUnreadable')
      return [broken('FunctionEnvUnreadable', `Lambda can't decrypt the variables of function ${name}`)];
    return [stateCheck(name, it), variableCheck(name, it)];
  });
};

function stateCheck(
  name: string,
  { state, stateReason, updateStatus, updateReason, roleArn }: FunctionFacts,
): Check {
  const names = roleArn === null ? {} : { 'role-arn': roleArn };
  if (state === 'Failed')
    return broken(
      'FunctionFailed',
      `the state of function ${name} is Failed (${stateReason ?? 'no reason given'})`,
      names,
    );
  if (updateStatus === 'Failed')
    return broken(
      'FunctionUpdateFailed',
      `the last update of function ${name} failed (${updateReason ?? 'no reason given'})`,
      names,
    );
  if (state === 'Pending' || updateStatus === 'InProgress')
    return unknown('UpdateInProgress', `function ${name} is being updated`);
  return ok(`function ${name} is ${state}, its last update ${updateStatus}`);
}

function variableCheck(name: string, { wrongVariables, extraVariables }: FunctionFacts): Check {
  const wrong = [
    ...(wrongVariables.length > 0 ? [`${listNames(wrongVariables)} to be set`] : []),
    ...(extraVariables.length > 0 ? [`${listNames(extraVariables)} to be removed`] : []),
  ];
  return wrong.length > 0
    ? broken(
        'FunctionEnvWrong',
        `function ${name} has variables other than the target asks for: ${wrong.join(', ')}`,
      )
    : ok('its variables are what the target asks for');
}
