import { DescribeStateMachineCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { callAws } from './call.ts';

/** Whether a state machine exists, and is not being deleted. */
export async function hasStateMachine(sfn: SFNClient, arn: string): Promise<boolean> {
  return callAws<boolean>(
    { action: 'states:DescribeStateMachine', resource: `state machine ${arn}` },
    async () => {
      const { status } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
      return status !== 'DELETING';
    },
    { StateMachineDoesNotExist: () => false },
  );
}
