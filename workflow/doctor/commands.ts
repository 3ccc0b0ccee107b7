/** The commands of the catalogue with the names of the target in them. */
import { invokedFunctionOf } from '../invoked-function.ts';
import { isPath } from '../spread-env.ts';
import { type DeployedTarget, scalingOf, splitTag } from '../target.ts';
import type { Names } from './checks.ts';
import { arnOf, machineArnOf, type Place, topicArnOf } from './place.ts';

/**
 * Puts names in the place of placeholders. A name that a shell would not take as it is, and a placeholder that has
 * none, stay as they are: somebody has to fill those in.
 */
export function fillCommand(
  command: string,
  target: DeployedTarget,
  place: Place | undefined,
  names: Names,
): string {
  const invoked = target.metricFunction && invokedFunctionOf(target.metricFunction);
  const known: Readonly<Record<string, string | undefined>> = {
    target: target.name,
    parameter: aParameterOf(target.parameter.name, target),
    backup: aParameterOf(target.restore.backupParameter, target),
    'backup-region': target.restore.backupRegion ?? place?.region,
    function: target.metricFunction?.name,
    'invoked-function': invoked,
    namespace: target.metric?.namespace,
    metric: target.metric?.name,
    group: scalingOf(target)?.group,
    'key-arn': target.metricFunction?.kmsKeyArn,
    tag: splitTag(target.instances.tag).key,
    value: splitTag(target.instances.tag).value,
    machine: place && machineArnOf(place, target.name),
    topic: place && topicArnOf(place, target.name),
    'function-arn': place && invoked && arnOf(place, 'lambda', `function:${invoked}`),
    'rule-arn': place && names.rule && arnOf(place, 'events', `rule/${names.rule}`),
    ...names,
  };
  return command.replaceAll(/<([a-z-]+)>/g, (placeholder, name: string) => {
    if (name === 'url') return curlArguments(target.endpoint);
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    return value !== undefined && isPlain(value) ? value : placeholder;
  });
}

const isPlain = (value: string): boolean => /^[\w./:@+=,-]+$/.test(value);

/** Within double quotes, each shell takes these as they are. */
const isPlainInQuotes = (value: string): boolean => /^[\w ./:@+=,;*?()-]+$/.test(value);

/** The URL, and what else belongs to the request, without the keys; where the CA is, only a person knows. */
function curlArguments({ url, host, method, headers, caFile }: DeployedTarget['endpoint']): string {
  const sent = Object.entries({ ...headers, ...(host === undefined ? {} : { Host: host }) });
  return [
    ...(method === 'GET' ? [] : [method === 'HEAD' ? '--head' : `-X ${method}`]),
    ...(caFile === undefined ? [] : ['--cacert <ca-file>']),
    ...sent.map(([name, value]) => {
      const header = `${name}: ${value}`;
      return `-H "${isPlainInQuotes(header) ? header : '<header>'}"`;
    }),
    isPlain(url) ? url : '<url>',
  ].join(' ');
}

/** One stands for all of a spread env: below a path, the first that the target requires. */
const aParameterOf = (name: string | undefined, { parameter }: DeployedTarget): string | undefined =>
  name !== undefined && isPath(name) ? `${name}${parameter.requiredKeys[0]}` : name?.split(',')[0];
