/** What a change of the parameter starts by itself. */
import { readEnvArn } from '../../aws/env-store.ts';
import { listCommand } from '../../workflow/commands.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import type { Session } from '../session.ts';

/** For the report. */
interface Triggered {
  readonly stateMachine: string;
  /** `null` if it could not be found out. */
  readonly stateMachineArn: string | null;
}

/**
 * Says what a write has set off, and how to follow it. The execution starts moments later, by an event, under a name
 * that EventBridge gives it: nobody can tell it in advance, so the person gets the command that shows the newest one.
 *
 * @returns `null` if a change of the parameter starts nothing.
 */
export async function tellTriggered({
  stateMachine,
  parameterName,
  ssm,
  target: { triggers },
  terminal,
}: Pick<
  Session,
  'stateMachine' | 'parameterName' | 'ssm' | 'target' | 'terminal'
>): Promise<Triggered | null> {
  if (stateMachine === undefined) return null;
  const stateMachineArn = machineArnOf(await arnOrUnknown(ssm, parameterName), stateMachine);
  const does =
    triggers.act === 'plan'
      ? 'tells people what a recovery would do, and changes nothing'
      : 'repairs what it finds broken';
  terminal.print(
    `This write also starts an execution of ${stateMachine}, which ${does}; a pause can hold it back. ${
      stateMachineArn === null
        ? 'The console of Step Functions shows it.'
        : `To see it: ${listCommand(stateMachineArn)}`
    }`,
  );
  return { stateMachine, stateMachineArn };
}

/** The write is done: that its ARN can't be read is no failure of the command. */
async function arnOrUnknown(ssm: Session['ssm'], parameterName: string): Promise<string | undefined> {
  try {
    return await readEnvArn(ssm.reader, parameterName);
  } catch (error) {
    if (error instanceof RecoveryError) return undefined;
    throw error;
  }
}

/** The stack is in the parameter's own region and account. */
function machineArnOf(parameterArn: string | undefined, stateMachine: string): string | null {
  const [, place] = /^(arn:[^:]+:ssm:[^:]+:\d+):/.exec(parameterArn ?? '') ?? [];
  return place === undefined ? null : `${place.replace(':ssm:', ':states:')}:stateMachine:${stateMachine}`;
}
