/** `npm start` and `npm run sandbox`: packages the stack, boots what was compiled, and starts a recovery. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { answerApproval } from './approval.ts';
import { type CommandLine, Mistake, readCommandLine } from './command-line.ts';
import { notRehearsed } from './not-rehearsed.ts';
import { packageTarget } from './package.ts';
import { letPlay } from './play.ts';
import { commandLines } from './printed-commands.ts';
import { indented, recover, workersScreen } from './recovery.ts';
import { openRehearsal, type Rehearsal } from './rehearsal.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { reasonAgainst, summaryOf } from './scenarios.ts';
import { Screen } from './screen.ts';
import { defaultTarget, seedSandbox } from './seed/seed.ts';
import type { Execution } from './services/execution.ts';
import type { HistoryEvent } from './services/execution-events.ts';

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

/** Rejects with what goes wrong in an answer to an event, which nobody waits for. */
const { promise: failed, reject: fail } = Promise.withResolvers<never>();
failed.catch(() => undefined);

async function main(): Promise<number> {
  const commandLine = readCommandLine();
  const { scenario, keep } = commandLine;
  let rehearsal: Rehearsal;
  try {
    rehearsal = openRehearsal(commandLine);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    console.error(error.message);
    return 2;
  }
  print(`Scenario ${scenario}: ${summaryOf(scenario, rehearsal.target)}`);
  const reason = reasonAgainst(scenario, rehearsal.target, rehearsal.seed.given);
  if (reason !== undefined) {
    print(`It makes no sense for ${rehearsal.target.name}: ${reason}.`);
    return 0;
  }
  const root = join(import.meta.dirname, '..', '.sandbox');
  mkdirSync(root, { recursive: true });
  const directory = mkdtempSync(join(root, `run-${process.pid}-`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt('closed output'));

  let code: number | undefined;
  try {
    code = await runSandbox(commandLine, rehearsal, directory);
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
  commandLine: CommandLine,
  { target, targets, seed, bundle, notes }: Rehearsal,
  directory: string,
): Promise<number | undefined> {
  const { scenario, keep, runCommands } = commandLine;
  const host = join(directory, 'hosts');
  for (const note of notes) print(note);
  if (runCommands) print(`WARNING: the deploy commands of ${target.name} run on this machine, in ${host}`);
  if (target.name !== defaultTarget)
    for (const line of notRehearsed(target, { runCommands, hasBundle: bundle !== undefined })) print(line);
  let sandbox: Sandbox | undefined;
  try {
    print(`Packaging the stack (serverless package --param target=${target.name}) …`);
    const packageDirectory = await packageTarget(target.name, { targets, signal: interruption.signal });
    const show = showExecutions();
    sandbox = await openSandbox({
      packageDirectory,
      directory,
      seed,
      runCommands,
      functionBundle: bundle,
      onEvent: (execution, event) => {
        show(execution, event);
        if (event.type === 'TaskSubmitted' && sandbox && !keep)
          answerApproval(sandbox, print, interruption.signal).catch(fail);
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
      for (const line of commandLines(sandbox, targets)) print(line);
      const workers = workersScreen(sandbox, print);
      sandbox.workers.start(() => workers?.screen.show());
    }
    return await Promise.race([interrupted, failed, ...(keep ? [] : [recover(sandbox, scenario, print)])]);
  } finally {
    await sandbox?.close();
  }
}

/** A line for each execution: one that runs at the same time as another, such as the one that the restore starts, is marked. */
function showExecutions() {
  const screens = new Map<Execution, Screen>();
  return (execution: Execution, event: HistoryEvent) => {
    const isBeside = [...screens.keys()].some((one) => one !== execution && one.status === 'RUNNING');
    const line = isBeside ? (text: string) => print(`    | ${text.trim()}`) : print;
    const screen = screens.get(execution) ?? new Screen(line, execution.name);
    screens.set(execution, screen);
    screen.show(event);
  };
}

process.exitCode = await main();
