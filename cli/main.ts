import { CommanderError } from '@commander-js/extra-typings';
import { createProgram, type RunCommand } from './commands.ts';
import { failureOf } from './failure.ts';
import { openSession, requireRegion } from './session.ts';
import type { Surroundings } from './terminal.ts';

/**
 * Carries out one command line. Never throws.
 *
 * @param commandLine without the program's own name, e.g. `['env', 'check', '--json']`.
 * @returns the exit code: 0 for fine, 1 for not fine, 2 for a mistake in the command or in credentials, 3 if `doctor` can't tell.
 */
export async function main(commandLine: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = 0;
  const run: RunCommand = async (options, work, { isLocal = false } = {}) => {
    const session = openSession(options, surroundings);
    try {
      if (!isLocal) await requireRegion(session);
      const { ok, report, ...ended } = await work(session);
      if (options.json) surroundings.output.write(`${JSON.stringify(report)}\n`);
      exitCode = ended.exitCode ?? (ok ? 0 : 1);
    } finally {
      session.close();
    }
  };
  try {
    await createProgram(surroundings, run).parseAsync(commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Asking for help is not a mistake.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = failureOf(error);
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
