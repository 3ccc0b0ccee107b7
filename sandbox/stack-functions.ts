/** The functions of the compiled template, with their packaged code. */
import { join } from 'node:path';
import type { DeployedTarget } from '../workflow/target.ts';
import { EventInvokeProperties, FunctionProperties, type Functions } from './services/lambda.ts';
import { type ResolvedResource, resourcesOf } from './template.ts';
import { unpack } from './unpack.ts';

export interface StackFunctions {
  readonly functions: Functions;
  readonly resources: ReadonlyMap<string, ResolvedResource>;
  readonly packageDirectory: string;
  readonly target: DeployedTarget;
  /** Those of the metric function before the recovery, besides what the template gives it. */
  readonly variables: Readonly<Record<string, string>>;
}

/** @returns whether the stack brings the metric function. */
export function addStackFunctions(options: StackFunctions): boolean {
  const { functions, resources, packageDirectory, target, variables } = options;
  let bringsMetricFunction = false;
  for (const { logicalId, arn, properties } of resourcesOf(
    resources,
    'AWS::Lambda::Function',
    FunctionProperties,
  )) {
    const isMetricFunction = properties.FunctionName === target.metricFunction?.name;
    bringsMetricFunction ||= isMetricFunction;
    const own = isMetricFunction ? variables : {};
    // The zip is named after the function's key, which is how its logical id begins.
    const key = logicalId.replace(/LambdaFunction$/, '');
    const zip = `${key.charAt(0).toLowerCase()}${key.slice(1)}.zip`;
    functions.add(
      { ...properties, Environment: { Variables: { ...properties.Environment?.Variables, ...own } } },
      arn,
      unpack(join(packageDirectory, zip), join(packageDirectory, 'unpacked')),
    );
  }
  for (const { properties } of resourcesOf(
    resources,
    'AWS::Lambda::EventInvokeConfig',
    EventInvokeProperties,
  ))
    functions.configureEvents(properties);
  return bringsMetricFunction;
}
