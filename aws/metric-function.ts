import { InvokeCommand, type InvokeCommandOutput, type LambdaClient } from '@aws-sdk/client-lambda';
import { invokedFunctionOf } from '../workflow/invoked-function.ts';
import { numberAt } from '../workflow/number-at.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { MetricFunction } from '../workflow/target.ts';
import { callAws } from './call.ts';
import { withKey } from './function-environment.ts';

/**
 * Invokes the metric function once and takes the backlog out of its answer. If it doesn't count, its failure is an
 * answer and not thrown, since the next try may succeed.
 *
 * @param kmsKeyArn the customer managed key of its variables, if it has one: Lambda decrypts them when it invokes it.
 * @throws RecoveryError AccessDenied and the like, if it can't be invoked at all.
 */
export async function invokeMetricFunction(
  lambda: LambdaClient,
  metricFunction: Pick<MetricFunction, 'name' | 'alias' | 'answerPath'>,
  kmsKeyArn: string | undefined,
): Promise<number | RecoveryError> {
  const { name, answerPath } = metricFunction;
  const invoked = invokedFunctionOf(metricFunction);
  // A function in a VPC that has been idle for weeks needs its network interface back first.
  const notReady = (): Pick<InvokeCommandOutput, 'FunctionError' | 'Payload'> => ({
    FunctionError: 'not ready yet',
  });
  const answer = await callAws(
    { action: 'lambda:InvokeFunction', resource: `function ${invoked}${withKey(kmsKeyArn)}` },
    async () => lambda.send(new InvokeCommand({ FunctionName: invoked })),
    {
      ResourceNotReadyException: notReady,
      ResourceConflictException: notReady,
      ENINotReadyException: notReady,
      EC2ThrottledException: notReady,
    },
  );
  if (answer.FunctionError !== undefined) {
    return new RecoveryError(
      'MetricFunctionFailed',
      `function ${invoked} failed (${answer.FunctionError}).`,
      {
        remedy: `Read its log group /aws/lambda/${name}.`,
      },
    );
  }
  const backlog = numberAt(Buffer.from(answer.Payload ?? []).toString('utf8'), answerPath);
  return (
    backlog ??
    new RecoveryError('BacklogNotNumeric', `function ${invoked} answered no number ≥ 0 at "${answerPath}".`, {
      remedy: `Check metricFunction.answerPath in the target file, and read its log group /aws/lambda/${name}: it says why it could not count.`,
    })
  );
}
