/** `npm start` and `npm run sandbox`: packages the stack, boots what was compiled, and starts a recovery. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { ownTargets } from '../targets/load.ts';
import { RecoveryReport } from '../workflow/report.ts';
import { readCommandLine } from './command-line.ts';
import { packageTarget } from './package.ts';
import { letPlay } from './play.ts';
import { commandLines } from './printed-commands.ts';
import { checkProof } from './proof.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import {
  grownBacklog,
  makeSeed,
  type ScenarioName,
  scenarios,
  seedSandbox,
  workerGroup,
} from './scenarios.ts';
import { reportLines, Screen } from './screen.ts';
import type { Execution } from './services/execution.ts';
import { WorkersScreen, watchWorkers } from './workers-screen.ts';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const interruption = new AbortController();
/** Why it ends early; perhaps nobody reads its output any more. */
let interruptedBy: Signal | 'closed output' | undefined;

function interrupt(by: Signal | 'closed output'): void {
  interruptedBy ??= by;
  interruption.abort();
}

const interrupted = new Promise<undefined>((resolve) => {
  interruption.signal.addEventListener('abort', () => resolve(undefined));
});

/** Leaves out what still happens while an interrupted sandbox is being closed. */
const print = (line = '') => {
  if (interruptedBy === undefined) console.log(line);
};

async function main(): Promise<number> {
  const { scenario, keep } = readCommandLine();
  const root = join(import.meta.dirname, '..', '.sandbox');
  mkdirSync(root, { recursive: true });
  const directory = mkdtempSync(join(root, `run-${process.pid}-`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt('closed output'));

  let code: number | undefined;
  try {
    code = await runSandbox(scenario, keep, directory);
  } catch (error) {
    if (interruptedBy === undefined) throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
  if (interruptedBy === undefined) return code ?? 1;
  // Ctrl+C is how a sandbox that stays up is meant to end, and a reader may have read enough.
  if (keep || interruptedBy === 'closed output') return 0;
  console.error(`Interrupted (${interruptedBy}). The sandbox is closed, and its folder removed.`);
  return 128 + constants.signals[interruptedBy];
}

/** @returns the exit code; `undefined` if it was interrupted. */
async function runSandbox(
  scenario: ScenarioName,
  keep: boolean,
  directory: string,
): Promise<number | undefined> {
  let sandbox: Sandbox | undefined;
  try {
    print(`Scenario ${scenario}: ${scenarios[scenario].summary}`);
    print('Packaging the stack (serverless package --param target=sandbox) …');
    const packageDirectory = await packageTarget('sandbox', interruption.signal);
    // Since the metric has stopped, more has come in than the workers get done.
    const seed = makeSeed(scenario, scenario === 'healthy' ? undefined : grownBacklog);
    const screens = new Map<Execution, Screen>();
    sandbox = await openSandbox({
      packageDirectory,
      directory,
      host: seed.host,
      onEvent: (execution, event) => {
        // An execution that runs at the same time as another, such as the one that the restore starts, is marked.
        const isBeside = [...screens.keys()].some((one) => one !== execution && one.status === 'RUNNING');
        const line = isBeside ? (text: string) => print(`    | ${text.trim()}`) : print;
        const screen = screens.get(execution) ?? new Screen(line, execution.name);
        screens.set(execution, screen);
        screen.show(event);
      },
      onMessage: ({ subject, message }) => {
        print(`  message: ${subject}`);
        if (keep) print(indented(message));
      },
    });
    if (interruptedBy !== undefined) return undefined;
    seedSandbox(sandbox, seed);
    print(`Booted the compiled template at ${sandbox.endpoint.url}`);
    print();
    if (keep) {
      letPlay(sandbox, directory);
      for (const line of commandLines(sandbox, ownTargets)) print(line);
      const screen = new WorkersScreen(sandbox, print);
      sandbox.workers.start(() => screen.show());
    }
    return await Promise.race([interrupted, ...(keep ? [] : [recover(sandbox, scenario)])]);
  } finally {
    await sandbox?.close();
  }
}

/** Starts the recovery as the scenario says, and checks independently how it ended. */
async function recover(sandbox: Sandbox, scenario: ScenarioName): Promise<number> {
  const { startedBy, expected } = scenarios[scenario];
  const versionBefore = sandbox.parameters.get(sandbox.parameterName).Version;
  const startedAtMs = Date.now();
  const screen = new WorkersScreen(sandbox, print);
  sandbox.workers.startCounting();
  if (startedBy === 'operator') {
    print('Started by an operator, with {}');
    sandbox.machines.start(sandbox.stateMachineArn, '{}');
  } else {
    print(`The workers: ${screen.summary()}`);
    print('No datapoint for five minutes: the heartbeat alarm fires, and its event starts the state machine');
    sandbox.metrics.evaluateAlarms();
  }
  const [execution] = sandbox.machines.executions;
  if (!execution) {
    print('The alarm has not started an execution.');
    return 1;
  }
  await execution.ended;
  // The clean-up after a failure, and the message about it, follow an event.
  await sandbox.functions.idle();
  print();

  if (execution.status !== 'SUCCEEDED') {
    const version = sandbox.parameters.get(sandbox.parameterName).Version;
    print(`${execution.status}: ${execution.error}`);
    print(
      `  ${sandbox.parameterName} ${version === versionBefore ? `is at version ${version}, as before` : `went from version ${versionBefore} to ${version}`}`,
    );
    printLastMessage(sandbox);
    const isExpected = execution.status === 'FAILED' && execution.error === expected;
    print();
    print(
      isExpected ? `As expected: this is how scenario ${scenario} has to end.` : `${expected} was expected.`,
    );
    return isExpected ? 0 : 1;
  }
  const report = v.parse(RecoveryReport, JSON.parse(execution.output ?? ''));
  for (const line of reportLines(report, execution)) print(line);
  const problems = await checkProof(sandbox, startedAtMs);
  for (const problem of problems) print(`NOT RECOVERED: ${problem}`);
  printLastMessage(sandbox);
  if (report.outcome !== expected) print(`${expected} was expected.`);
  if (problems.length > 0 || report.outcome !== expected) return 1;
  if (expected !== 'Recovered') return 0;
  // The metric counts again: does target tracking act on it, and does the backlog go down?
  print(`\nThe workers, in ${workerGroup}, with ${sandbox.autoScaling.minuteSeconds} s for each minute:`);
  return (await watchWorkers(sandbox, print, screen)) ? 0 : 1;
}

const indented = (text: string) => text.trimEnd().replaceAll(/^/gm, '    ');

function printLastMessage({ topics }: Sandbox): void {
  const message = topics.messages.at(-1)?.message;
  if (message !== undefined) print(`\nThe last message to whoever is on call:\n\n${indented(message)}`);
}

process.exitCode = await main();
