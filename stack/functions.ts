/**
 * The functions of the stack and their roles. What is special about a function is next to its code, in
 * functions/<name>.yml; what they have in common is here, once.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { headerKeysOf } from '../workflow/endpoint-request.ts';
import { rateOf } from '../workflow/metric-period.ts';
import { functionNameOf } from '../workflow/stack-names.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import { placeInVpc } from './network.ts';
import { type Permission, Statement, statementsFor } from './permissions.ts';

/** What functions/<name>.yml may say. */
const FunctionFile = v.strictObject({
  timeoutSeconds: v.number(),
  /** Only what CloudFormation knows, as text or intrinsic functions: everything else is in the bundled target. */
  environment: v.optional(v.record(v.string(), v.unknown()), {}),
  /** Runs in the target's VPC, from which the endpoint can be reached. */
  inVpc: v.optional(v.boolean(), false),
  /** One call at a time, even if an earlier one goes on after its task timed out or was aborted. */
  oneAtATime: v.optional(v.boolean(), false),
  permissions: v.array(v.union([v.string(), Statement])),
  /** Of no use without it: then it stays in the stack, since a state names it, but may do nothing. */
  needs: v.optional(v.picklist(['metricFunction', 'headerKeys'])),
});
type FunctionFile = v.InferOutput<typeof FunctionFile>;

const folders = { states: '', events: 'events', doctor: 'doctor', metric: 'metric' } as const;

/**
 * Reads all functions/**\/*.yml.
 *
 * @returns functions by key as serverless.yml lists them, and a role for each, by logical id.
 * @throws Error with the file's name on a mistake.
 */
export function functionsOf(target: DeployedTarget, projectDirectory: string) {
  const functions: Record<string, object> = {};
  const roles: Record<string, object> = {};
  const stateKeys: string[] = [];
  for (const file of functionFiles(projectDirectory)) {
    if (dirname(file) === folders.metric && !target.metricFunction?.deploy) continue;
    const { key, settings: all } = readFunctionFile(projectDirectory, file);
    const settings = settingsFor(target, all);
    const name = logicalName(key);
    if (dirname(file) === '.') stateKeys.push(key);
    functions[key] = functionBlock(file, key, settings, target);
    roles[`${name}Role`] = roleFor(name, settings, target);
  }
  return { functions, roles, stateKeys };
}

function settingsFor(
  { metricFunction, endpoint }: DeployedTarget,
  { needs, ...settings }: FunctionFile,
): FunctionFile {
  const given = {
    metricFunction: metricFunction !== undefined,
    headerKeys: headerKeysOf(endpoint).length > 0,
  };
  return needs === undefined || given[needs] ? settings : { ...settings, permissions: [], oneAtATime: false };
}

/** What the resources of a function are called in the template, as Serverless does it. */
export const logicalName = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;

function functionFiles(projectDirectory: string): string[] {
  return Object.values(folders).flatMap((folder) =>
    readdirSync(join(projectDirectory, 'functions', folder))
      .filter((file) => file.endsWith('.yml'))
      .map((file) => (folder === '' ? file : `${folder}/${file}`)),
  );
}

function readFunctionFile(projectDirectory: string, file: string): { key: string; settings: FunctionFile } {
  const key = basename(file, '.yml').replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const content: unknown = parse(readFileSync(join(projectDirectory, 'functions', file), 'utf8'));
  const settings = v.safeParse(FunctionFile, content);
  if (settings.success) return { key, settings: settings.output };
  const [{ message }] = settings.issues;
  throw new Error(`functions/${file}: ${v.getDotPath(settings.issues[0]) ?? ''}: ${message}`);
}

function functionBlock(
  file: string,
  key: string,
  { timeoutSeconds, environment, inVpc, oneAtATime }: FunctionFile,
  target: DeployedTarget,
) {
  const { name, stack } = target;
  const place = inVpc ? placeInVpc(target) : undefined;
  const metricFunction = dirname(file) === folders.metric ? target.metricFunction : undefined;
  return {
    name: metricFunction?.name ?? functionNameOf(name, key),
    handler: `functions/${file.replace(/\.yml$/, '')}.handler`,
    // In this form Serverless adds no DependsOn to what CloudFormation knows by itself.
    role: { 'Fn::Sub': `\${${logicalName(key)}Role.Arn}` },
    timeout: timeoutSeconds,
    // It has the variables that a recovery sets from the start, except the key, which no template may hold.
    environment: { ...environment, ...metricFunction?.set },
    ...(metricFunction?.kmsKeyArn === undefined ? {} : { kmsKeyArn: metricFunction.kmsKeyArn }),
    ...(place ? { vpc: place } : {}),
    ...(oneAtATime && stack.reserveConcurrency ? { reservedConcurrency: 1 } : {}),
    ...(metricFunction
      ? { events: [{ schedule: { rate: rateOf(target.metric), enabled: metricFunction.schedule } }] }
      : {}),
  };
}

/** The frame of every function's role: who may assume it, its log group, its trace, and its place in the VPC. */
function roleFor(name: string, { permissions, inVpc }: FunctionFile, target: DeployedTarget) {
  const frame: Permission[] = [
    {
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': [`${name}LogGroup`, 'Arn'] },
    },
    'sendTraces',
    ...(inVpc && target.vpc ? ['joinVpc'] : []),
  ];
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      // No condition on the source: Lambda accepts only roles of its own account, so nobody else can use it.
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [
        {
          PolicyName: name,
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: statementsFor([...permissions, ...frame], target),
          },
        },
      ],
    },
  };
}
