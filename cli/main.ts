import { CommanderError } from '@commander-js/extra-typings';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Caller } from './caller.ts';
import { createProgram, type RunCommand, type RunWithoutTarget } from './commands.ts';
import { failureOf } from './failure.ts';
import { type Outcome, openSession, requireRegion } from './session.ts';
import { type Surroundings, Terminal, type TerminalOptions } from './terminal.ts';

/**
 * Carries out one command line. Never throws.
 *
 * @param commandLine without the program's own name, e.g. `['env', 'check', '--json']`.
 * @returns the exit code: 0 for fine, 1 for not fine, 2 for a mistake in the command or in credentials, 3 if `doctor` can't tell.
 */
export async function main(commandLine: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = 0;
  /** Of a command that calls AWS. */
  let caller: Caller | undefined;
  const finish = ({ ok, report, ...ended }: Outcome, { json }: TerminalOptions) => {
    if (json) surroundings.output.write(`${JSON.stringify(report)}\n`);
    exitCode = ended.exitCode ?? (ok ? 0 : 1);
  };
  const run: RunCommand = async (options, work, { isLocal = false } = {}) => {
    const session = await openSession(options, surroundings);
    try {
      if (!isLocal) {
        requireRegion(session);
        caller = session.caller;
      }
      finish(await work(session), options);
    } finally {
      session.close();
    }
  };
  const runWithoutTarget: RunWithoutTarget = async (options, work) => {
    const terminal = new Terminal(options, surroundings);
    finish(await work({ terminal, environment: surroundings.environment }), options);
  };
  try {
    await createProgram(surroundings, run, runWithoutTarget).parseAsync(commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Asking for help is not a mistake.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = failureOf(error, await whereItFailed(error, caller));
    if (commandLine.includes('--json')) {
      const { name, message } = failure;
      surroundings.output.write(`${JSON.stringify({ error: name, message })}\n`);
    }
    // Commander has already said what is wrong with a command line.
    if (!(error instanceof CommanderError))
      surroundings.errorOutput.write(`${failure.name}: ${failure.message}\n`);
    return failure.exitCode;
  }
}

/** As whom, and where, AWS was called: a command that finds nothing may have looked in the wrong account. */
async function whereItFailed(error: unknown, caller: Caller | undefined): Promise<string | undefined> {
  if (!(error instanceof RecoveryError) || caller === undefined) return undefined;
  return error.name === 'CredentialsExpired' ? caller.place : caller.where();
}
