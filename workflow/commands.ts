/** The commands and the link in messages, which a person can paste or open. */
import type { ExecutionRef } from './execution-ref.ts';

/** The recovery that a message is about. */
export interface Recovery {
  readonly target: string;
  readonly execution: Pick<ExecutionRef, 'arn'>;
}

function regionOf({ execution: { arn } }: Recovery): string {
  return arn.split(':')[3] ?? '';
}

/** The execution in the console. */
export function linkOf(recovery: Recovery): string {
  const { arn } = recovery.execution;
  const [, partition = 'aws'] = arn.split(':');
  const region = regionOf(recovery);
  const domain =
    { 'aws-cn': 'console.amazonaws.cn', 'aws-us-gov': 'console.amazonaws-us-gov.com' }[partition] ??
    'console.aws.amazon.com';
  return `https://${region}.${domain}/states/home?region=${region}#/v2/executions/details/${arn}`;
}

/** Without `--no-install`, npx would fetch an unrelated package of that name where this one isn't installed. */
export function recoverCommand(words: string, recovery: Recovery): string {
  return `npx --no-install recover ${words} --target ${recovery.target} --region ${regionOf(recovery)}`;
}

/** What to do about lost keys: one or the other, as labelled lines. */
export function lossCommands(recovery: Recovery): string[] {
  return [
    `Bring back:   ${recoverCommand('env restore', recovery)}`,
    `Or accept:    ${recoverCommand('env accept', recovery)}`,
  ];
}

/** A command of `aws stepfunctions` on the execution. */
export function executionCommand(name: string, recovery: Recovery): string {
  return `aws stepfunctions ${name} --region ${regionOf(recovery)} --execution-arn ${recovery.execution.arn}`;
}

/** Shows the newest execution of a state machine. */
export function listCommand(stateMachineArn: string): string {
  const [, , , region = ''] = stateMachineArn.split(':');
  return `aws stepfunctions list-executions --region ${region} --state-machine-arn ${stateMachineArn} --max-items 1`;
}

/** Starts another execution, in spite of a pause. */
export function startCommand(recovery: Recovery, isDeploying = false): string {
  const machine = recovery.execution.arn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, '');
  return `aws stepfunctions start-execution --region ${regionOf(recovery)} --state-machine-arn ${machine} --input "{\\"force\\":true${isDeploying ? ',\\"deploy\\":\\"always\\"' : ''}}"`;
}

/** DeleteParameters takes no more names at once: the API reference, `Names`. */
const maxDeleted = 10;

/**
 * What takes parameters below a path out.
 *
 * @param region if it isn't the one that the CLI has.
 */
export function deleteCommands(path: string, keys: readonly string[], region?: string): string[] {
  const place = region === undefined ? '' : ` --region ${region}`;
  return keys
    .map((_, index) => keys.slice(index, index + maxDeleted))
    .filter((_, index) => index % maxDeleted === 0)
    .map(
      (some) => `aws ssm delete-parameters --names ${some.map((key) => `${path}${key}`).join(' ')}${place}`,
    );
}
