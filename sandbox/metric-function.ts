/** The target's metric function where the stack brings none: a stand-in, or a bundle of its owner. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dimensionList } from '../workflow/dimensions.ts';
import { secretHeadersOf } from '../workflow/endpoint-request.ts';
import type { DeployedTarget, MetricFunction } from '../workflow/target.ts';
import { moduleExtensions } from './function-runtime.ts';
import { backlogHeader } from './host/api.ts';
import type { Functions } from './services/lambda.ts';
import { arn } from './template.ts';
import { unpack } from './unpack.ts';

/** A bundle as Lambda takes it. */
export interface FunctionBundle {
  readonly zip: string;
  /** Such as `index.handler`. */
  readonly handler: string;
}

export interface MetricFunctionOptions {
  readonly target: DeployedTarget;
  /** That of the target. */
  readonly metricFunction: MetricFunction;
  /** Its environment before the recovery. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where its code is put. */
  readonly directory: string;
  readonly bundle: FunctionBundle | undefined;
}

/** Puts the function there, with the alias that the target names. */
export function addMetricFunction(functions: Functions, options: MetricFunctionOptions): void {
  const { target, metricFunction, variables, directory, bundle } = options;
  const { name, alias, kmsKeyArn } = metricFunction;
  const { vpc } = target;
  functions.add(
    {
      FunctionName: name,
      Handler: bundle?.handler ?? 'index.handler',
      Runtime: 'nodejs24.x',
      MemorySize: 256,
      Timeout: 60,
      Environment: { Variables: variables },
      KmsKeyArn: kmsKeyArn,
      ...(vpc && !vpc.manage
        ? { VpcConfig: { SubnetIds: vpc.subnetIds, SecurityGroupIds: vpc.securityGroupIds } }
        : {}),
    },
    arn('lambda', `function:${name}`),
    bundle ? unpackBundle(bundle, directory) : writeStandIn(options),
  );
  if (alias !== undefined)
    functions.versionsOf(name).putAlias(alias, { FunctionVersion: functions.publish(name) });
}

/** @throws Error if the bundle has no module of that name that Node loads. */
function unpackBundle({ zip, handler }: FunctionBundle, directory: string): string {
  const code = unpack(zip, directory);
  const module = handler.slice(0, handler.lastIndexOf('.'));
  if (!moduleExtensions.some((extension) => existsSync(join(code, `${module}${extension}`))))
    throw new Error(
      `${zip} holds no ${module}${moduleExtensions.join(` or ${module}`)}, where the handler ${handler} would be. The sandbox runs functions of Node alone; without --function-zip, a stand-in counts.`,
    );
  return code;
}

function writeStandIn({ target, metricFunction, directory }: MetricFunctionOptions): string {
  const { endpoint, metric } = target;
  const { set, setFromEnv, remove, answerPath } = metricFunction;
  const variableOf = (variables: Readonly<Record<string, string>>, wanted: string | undefined) =>
    Object.entries(variables).find(([, value]) => value === wanted)?.[0] ?? null;
  const code = join(directory, 'stand-in');
  mkdirSync(code, { recursive: true });
  copyFileSync(join(import.meta.dirname, 'stand-in-function.cjs'), join(code, 'index.js'));
  // No package.json of the project makes an ES module of it.
  writeFileSync(join(code, 'package.json'), '{}');
  writeFileSync(
    join(code, 'target.json'),
    JSON.stringify({
      url: endpoint.url,
      variables: {
        url: variableOf(set, endpoint.url),
        host: variableOf(set, endpoint.host),
        removed: remove,
      },
      method: endpoint.method,
      headers: endpoint.headers,
      secretHeaders: secretHeadersOf(endpoint).map(({ key, ...header }) => ({
        ...header,
        variable: variableOf(setFromEnv, key),
      })),
      expectStatus: endpoint.expectStatus,
      backlogPath: endpoint.backlogPath,
      answerPath,
      timeoutSeconds: endpoint.requestTimeoutSeconds,
      backlogHeader,
      ...(metric ? { metric: { ...metric, dimensions: dimensionList(metric.dimensions) } } : {}),
    }),
  );
  return code;
}
