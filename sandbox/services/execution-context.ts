/** The context object that a state machine's paths can read as `$$`. */
import type { Execution } from './execution.ts';
import { executionRoleArn } from './execution-events.ts';
import type { Machine } from './state-machine.ts';

/** The context object; see `readMachine` for its `Run`. */
export function contextOf(
  execution: Execution,
  machine: Machine,
  run: { readonly state: object; readonly token: string },
) {
  return {
    Run: {
      Execution: {
        Id: execution.executionArn,
        Input: JSON.parse(execution.input),
        Name: execution.name,
        RoleArn: executionRoleArn,
        StartTime: execution.startDate.toISOString(),
        RedriveCount: execution.redriveCount,
        ...(execution.redriveDate ? { RedriveTime: execution.redriveDate.toISOString() } : {}),
      },
      get State() {
        return { ...run.state };
      },
    },
    StateMachine: { Id: machine.arn, Name: machine.name },
    Task: {
      get Token() {
        return run.token;
      },
    },
  };
}
