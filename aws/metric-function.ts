import { InvokeCommand, type InvokeCommandOutput, type LambdaClient } from '@aws-sdk/client-lambda';
import { numberAt } from '../workflow/number-at.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws } from './call.ts';

/**
 * Invokes the metric function once and takes the backlog out of its answer. Both ways in which it can fail to
 * count are answers, since the next try may succeed.
 *
 * @throws RecoveryError AccessDenied and the like, if it can't be invoked at all.
 */
export async function invokeMetricFunction(
  lambda: LambdaClient,
  { FUNCTION_NAME, ANSWER_PATH }: { readonly FUNCTION_NAME: string; readonly ANSWER_PATH: string },
): Promise<number | RecoveryError> {
  // A function in a VPC that has been idle for weeks gets its network interface back first.
  const notReady = (): Pick<InvokeCommandOutput, 'FunctionError' | 'Payload'> => ({
    FunctionError: 'not ready yet',
  });
  const answer = await callAws(
    { action: 'lambda:InvokeFunction', resource: `function ${FUNCTION_NAME}` },
    async () => lambda.send(new InvokeCommand({ FunctionName: FUNCTION_NAME })),
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
      `function ${FUNCTION_NAME} failed (${answer.FunctionError}).`,
      { remedy: `Read its log group /aws/lambda/${FUNCTION_NAME}.` },
    );
  }
  const backlog = numberAt(Buffer.from(answer.Payload ?? []).toString('utf8'), ANSWER_PATH);
  return (
    backlog ??
    new RecoveryError(
      'BacklogNotNumeric',
      `function ${FUNCTION_NAME} answered no number ≥ 0 at "${ANSWER_PATH}".`,
      {
        remedy: `Check metricFunction.answerPath in the target file, and read its log group /aws/lambda/${FUNCTION_NAME}: it says why it could not count.`,
      },
    )
  );
}
