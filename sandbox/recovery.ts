/** One recovery in the sandbox: started as its scenario says, shown, and checked independently of the workflow. */
import * as v from 'valibot';
import { silenceOf } from '../workflow/metric-period.ts';
import { RecoveryReport } from '../workflow/report.ts';
import { scalingOf } from '../workflow/target.ts';
import { counted } from '../workflow/words.ts';
import { versionOfEnv } from './env-store.ts';
import { checkProof } from './proof.ts';
import type { Sandbox } from './sandbox.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { reportLines } from './screen.ts';
import type { Execution } from './services/execution.ts';
import { WorkersScreen, watchWorkers } from './workers-screen.ts';

type Print = (line?: string) => void;

/** @returns the exit code: 0 if it ends as it has to, even if that is a failure. */
export async function recover(sandbox: Sandbox, scenario: ScenarioName, print: Print): Promise<number> {
  const { expected } = scenarios[scenario];
  const versionBefore = versionOfEnv(sandbox.parameters, sandbox.parameterName);
  const startedAtMs = Date.now();
  const workers = workersScreen(sandbox, print);
  sandbox.workers.startCounting();
  const execution = start(sandbox, scenario, print, workers?.screen);
  if (!execution) {
    print('The alarm has not started an execution.');
    return 1;
  }
  await execution.ended;
  // The clean-up after a failure, and the message about it, follow an event.
  await sandbox.functions.idle();
  print();

  if (execution.status !== 'SUCCEEDED') {
    const version = versionOfEnv(sandbox.parameters, sandbox.parameterName);
    print(`${execution.status}: ${execution.error}`);
    print(
      `  ${sandbox.parameterName} ${version === versionBefore ? `is at version ${version}, as before` : `went from version ${versionBefore} to ${version}`}`,
    );
    printLastMessage(sandbox, print);
    const isExpected = execution.status === 'FAILED' && execution.error === expected;
    print();
    print(
      isExpected ? `As expected: this is how scenario ${scenario} has to end.` : `${expected} was expected.`,
    );
    return isExpected ? 0 : 1;
  }
  const output: unknown = JSON.parse(execution.output ?? '');
  const report = v.safeParse(RecoveryReport, output);
  if (!report.success) return notRecovered(output, print);
  for (const line of reportLines(report.output, execution)) print(line);
  const problems = await checkProof(sandbox, startedAtMs);
  for (const problem of problems) print(`NOT RECOVERED: ${problem}`);
  printLastMessage(sandbox, print);
  const { outcome } = report.output;
  if (outcome !== expected) print(`${expected} was expected.`);
  if (problems.length > 0 || outcome !== expected) return 1;
  if (expected !== 'Recovered' || !workers) return 0;
  // The metric counts again: does target tracking act on it, and does the backlog go down?
  const { watched, screen } = workers;
  print(
    `\nThe workers, in ${watched.workerGroup}, with ${sandbox.autoScaling.minuteSeconds} s for each minute:`,
  );
  return (await watchWorkers(watched, print, screen)) ? 0 : 1;
}

/** `undefined` for a target without a group of workers. */
export function workersScreen(sandbox: Sandbox, print: Print) {
  const scaling = scalingOf(sandbox.target);
  if (!scaling) return undefined;
  const watched = { ...sandbox, workerGroup: scaling.group, metricName: scaling.metric.name };
  return { watched, screen: new WorkersScreen(watched, print) };
}

function start(
  sandbox: Sandbox,
  scenario: ScenarioName,
  print: Print,
  screen: WorkersScreen | undefined,
): Execution | undefined {
  const { heartbeatName, metrics, target } = sandbox;
  const heartbeat = metrics.alarms().find(({ properties }) => properties.AlarmName === heartbeatName);
  const onlyPlans = target.triggers.act === 'plan';
  const byOperator = scenarios[scenario].startedBy === 'operator' || !heartbeat || onlyPlans;
  if (!byOperator && screen) print(`The workers: ${screen.summary()}`);
  print(
    byOperator
      ? 'Started by an operator, with {}'
      : `No datapoint for ${silenceText(target)}: the heartbeat alarm fires, and its event starts the state machine`,
  );
  if (byOperator) return sandbox.machines.start(sandbox.stateMachineArn, '{}');
  metrics.evaluateAlarms();
  // The outage has lasted for a quarter of an hour, which is not long for a metric of one an hour.
  metrics.setAlarmState(heartbeat, 'ALARM', 'Threshold Crossed');
  return sandbox.machines.executions[0];
}

function silenceText({ metric }: Sandbox['target']): string {
  const { periodSeconds, evaluationPeriods } = silenceOf(metric);
  const minutes = (periodSeconds * evaluationPeriods) / 60;
  return minutes === 5 ? 'five minutes' : counted(minutes, 'minute');
}

/** A person has rejected the plan, or something else has ended it before anything was changed. */
function notRecovered(output: unknown, print: Print): number {
  const { outcome } = v.parse(v.object({ outcome: v.string() }), output);
  print(`${outcome}: nothing was changed.`);
  return outcome === 'NotApproved' ? 0 : 1;
}

export const indented = (text: string) => text.trimEnd().replaceAll(/^/gm, '    ');

function printLastMessage({ topics }: Sandbox, print: Print): void {
  const message = topics.messages.at(-1)?.message;
  if (message !== undefined) print(`\nThe last message to whoever is on call:\n\n${indented(message)}`);
}
