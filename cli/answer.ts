import { userInfo } from 'node:os';
import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { callAws } from '../aws/call.ts';
import { readLedger } from '../aws/lease-table.ts';
import { diagnosisLine } from '../workflow/doctor/summary.ts';
import { planLines } from '../workflow/messages.ts';
import { type Approval, planRejected, type Rejection } from '../workflow/plan.ts';
import { executionName } from '../workflow/words.ts';
import type { Outcome, Session } from './session.ts';

/**
 * Answers an execution that waits for an approval of its plan. The answer carries the hash of the plan that was shown;
 * the execution makes its plan again, and goes on only if the new one has the same hash. A rejection fails the task
 * that waits, which the state machine catches.
 *
 * @param execution its name or ARN.
 * @param plan the beginning of the hash that the person saw earlier, if they want to make sure of it.
 */
export async function answerPlan(
  session: Session,
  execution: string,
  decision: (Approval | Rejection)['decision'],
  plan?: string,
): Promise<Outcome> {
  const { lease, leaseItem, terminal, clock } = session;
  const { approval } = (await readLedger({ dynamo: lease.dynamo, ...leaseItem })).ledger;
  const refuse = (why: string): Outcome => {
    terminal.print(why);
    return { ok: false, report: { answered: false, why } };
  };
  if (!approval || (approval.arn !== execution && executionName(approval.arn) !== execution))
    return refuse(
      `Execution ${executionName(execution)} waits for no approval. If the target is still broken, start a new execution.`,
    );
  if (Date.parse(approval.until) <= clock.now())
    return refuse(
      `Execution ${executionName(execution)} waited until ${approval.until}, and waits no longer. If the target is still broken, start a new one.`,
    );
  const { hash } = approval.plan;
  if (plan !== undefined && !hash.startsWith(plan))
    return refuse(
      `Execution ${executionName(execution)} now has the plan ${hash.slice(0, 12)}. Look at that first: without --plan, it is shown and asked about.`,
    );

  terminal.print(`Plan ${hash.slice(0, 12)} of execution ${executionName(approval.arn)}`);
  if (approval.plan.diagnosis) terminal.print(diagnosisLine(approval.plan.diagnosis));
  for (const line of planLines(approval.plan)) terminal.print(line);
  if (decision === 'Approved' && !(await terminal.confirm('Approve this plan?')))
    return refuse('Not answered; the execution goes on waiting.');

  const { taskToken } = approval;
  const answer = { decision, hash, by: nameOfUser() };
  const json = JSON.stringify(answer);
  const isApproved = decision === 'Approved';
  const isTaken = await callAws<boolean>(
    {
      action: isApproved ? 'states:SendTaskSuccess' : 'states:SendTaskFailure',
      resource: `execution ${approval.arn}`,
    },
    async () => {
      await (isApproved
        ? lease.sfn.send(new SendTaskSuccessCommand({ taskToken, output: json }))
        : lease.sfn.send(new SendTaskFailureCommand({ taskToken, error: planRejected, cause: json })));
      return true;
    },
    { TaskTimedOut: () => false, TaskDoesNotExist: () => false, InvalidToken: () => false },
  );
  if (!isTaken)
    return refuse(
      `Execution ${executionName(approval.arn)} waits no longer. If the target is still broken, start a new one.`,
    );
  terminal.print(
    decision === 'Approved'
      ? 'Approved. If everything is still as the plan has it, the execution goes on; otherwise it ends and changes nothing.'
      : 'Rejected. The execution ends and changes nothing.',
  );
  return { ok: true, report: { answered: true, execution: approval.arn, ...answer } };
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return 'a person';
  }
}
