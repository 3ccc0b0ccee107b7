/** Answers an execution that waits for an approval: a person does, or nobody is there to ask. */
import { createInterface } from 'node:readline/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readLedger } from '../aws/lease-table.ts';
import { type Approval, planRejected, type Rejection } from '../workflow/plan.ts';
import { leaseTableOf } from '../workflow/stack-names.ts';
import { indented } from './recovery.ts';
import type { Sandbox } from './sandbox.ts';
import type { Execution } from './services/execution.ts';
import { region } from './template.ts';

type Print = (line?: string) => void;

/** Where a person reads and types. */
interface Screen {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Shows the message that asks, and answers as `recover approve` and `recover reject` do.
 *
 * @param signal ends the question; then nothing is answered.
 */
export async function answerApproval(sandbox: Sandbox, print: Print, signal: AbortSignal): Promise<void> {
  print(indented(sandbox.topics.messages.at(-1)?.message ?? ''));
  const decision = await ask(print, signal);
  if (decision === undefined) return;
  const { approval } = await readApproval(sandbox);
  if (!approval) return print('It no longer waits.');
  const answer = JSON.stringify({ decision, hash: approval.plan.hash, by: 'sandbox' });
  const { machines } = sandbox;
  if (decision === 'Approved') machines.succeedTask(approval.taskToken, answer);
  else machines.failTask(approval.taskToken, planRejected, answer);
}

/** @returns `undefined` if the signal has ended the question. */
export async function ask(
  print: Print,
  signal: AbortSignal,
  { input, output }: Screen = { input: process.stdin, output: process.stdout },
): Promise<(Approval | Rejection)['decision'] | undefined> {
  if (!input.isTTY || !output.isTTY) {
    print('Approved by itself, since nobody is at a terminal to be asked');
    return 'Approved';
  }
  const terminal = createInterface({ input, output });
  // Otherwise Ctrl+C would end the question alone. Not by `process.kill`, which on Windows ends the process at once,
  // before it has cleaned up: https://nodejs.org/api/process.html#signal-events.
  terminal.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'));
  try {
    const text = await terminal.question('Approve this plan? [y/n] ', { signal });
    return /^y(es)?$/i.test(text.trim()) ? 'Approved' : 'Rejected';
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    terminal.close();
  }
}

/** Whether an execution waits for a person's answer. */
export const isAsking = ({ status, history }: Execution): boolean =>
  status === 'RUNNING' && history.at(-1)?.type === 'TaskSubmitted';

/** Says yes to the plan that waits, if there is one. */
export async function approvePlan(sandbox: Sandbox): Promise<void> {
  const { approval } = await readApproval(sandbox);
  if (!approval) return;
  const answer = { decision: 'Approved', hash: approval.plan.hash, by: 'sandbox' };
  sandbox.machines.succeedTask(approval.taskToken, JSON.stringify(answer));
}

/** The token is where `recover approve` finds it, too. */
async function readApproval({ target, endpoint }: Sandbox) {
  const dynamo = new DynamoDBClient({
    region,
    endpoint: endpoint.url,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
  });
  try {
    const item = { tableName: leaseTableOf(target.name), target: target.name };
    return (await readLedger({ dynamo, ...item })).ledger;
  } finally {
    dynamo.destroy();
  }
}
