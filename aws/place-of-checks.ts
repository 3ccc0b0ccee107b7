/** Where the recovery's own functions are in the network. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { functionNameOf } from '../workflow/stack-names.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import { type FunctionEnv, readFunctionEnv } from './function-environment.ts';

export const checksFunctionOf = ({ name }: Pick<DeployedTarget, 'name'>): string =>
  functionNameOf(name, 'checkEndpoint');

/**
 * As the target file says it. A group that the stack has made is known by the function that has it.
 *
 * @returns `undefined` if they are in no VPC.
 * @throws RecoveryError FunctionNotFound and the like, if the stack makes the group.
 */
export async function readPlaceOfChecks(
  lambda: LambdaClient,
  target: Pick<DeployedTarget, 'name' | 'vpc'>,
): Promise<FunctionEnv['vpc']> {
  const { vpc } = target;
  return vpc?.manage ? (await readFunctionEnv(lambda, checksFunctionOf(target))).vpc : vpc;
}
