#!/usr/bin/env node
/**
 * `npx recover env …`: the operator's hands on the env parameter, by the same code as the workflow's.
 * `npx recover approve` and `reject`: the answer to an execution that asks before it changes anything.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import { TargetInvalid } from '../targets/load.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { answerPlan } from './answer.ts';
import { checkEnv } from './env/check.ts';
import { diffEnv } from './env/diff.ts';
import { showHistory } from './env/history.ts';
import { pullEnv } from './env/pull.ts';
import { pushEnv } from './env/push.ts';
import { restoreEnv } from './env/restore.ts';
import { setEnvKey } from './env/set.ts';
import { unsetEnvKey } from './env/unset.ts';
import { CommonOptions, type Outcome, openSession, requireRegion, type Session } from './session.ts';
import { UsageError } from './terminal.ts';
import { UnreadableText } from './text-file.ts';

const program = new Command('recover')
  .description(
    'Looks after the .env of an API in SSM Parameter Store, and answers plans. No command shows a value.',
  )
  .exitOverride();
const env = program.command('env').description('the env parameter of a target');

/** A command with the options that all of them take. */
function command(name: string, description: string, parent = env): Command {
  return parent
    .command(name)
    .description(description)
    .option('--target <name>', 'targets/<name>.yml; or RECOVER_TARGET')
    .option('--region <region>', 'or AWS_REGION, AWS_DEFAULT_REGION, or the one of the profile')
    .option('--profile <profile>', 'of the shared AWS config files; or AWS_PROFILE')
    .option('--endpoint-url <url>', 'another AWS endpoint, such as the sandbox; or AWS_ENDPOINT_URL')
    .option('--json', 'print one JSON object, for machines');
}
const yes = ['--yes', "don't ask, go on"] as const;

async function run(
  options: unknown,
  work: (session: Session) => Promise<Outcome>,
  { isLocal = false } = {},
): Promise<void> {
  const common = v.parse(CommonOptions, options);
  const session = openSession(common);
  if (!isLocal) await requireRegion(session);
  const { ok, report } = await work(session);
  if (common.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = ok ? 0 : 1;
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected the number of a version');
  return Number(text);
}
const collect = (key: string, keys: readonly string[]) => [...keys, key];

command('check', 'is every key there that the target asks for? the parameter, or a file')
  .argument('[file]')
  .action((file: string | undefined, options: unknown) =>
    run(options, (session) => checkEnv(session, file), { isLocal: file !== undefined }),
  );
command('diff', 'what a push of the file would change')
  .argument('<file>')
  .action((file: string, options: unknown) => run(options, (session) => diffEnv(session, file)));
command('push', 'put a file in place of the text; refuses to lose a key')
  .argument('<file>')
  .option('--drop <key>', 'a key that may go; once for each', collect, [])
  .option(
    '--since <version>',
    'the version that was pulled; keeps what others have changed since',
    versionNumber,
  )
  .option(...yes)
  .action((file: string, options: unknown) =>
    run(options, (session) => {
      const Choice = v.object({ drop: v.array(v.string()), since: v.optional(v.number()) });
      return pushEnv(session, file, v.parse(Choice, options));
    }),
  );
command('pull', 'write the text to a file that only you can read')
  .argument('<file>')
  .option(...yes)
  .action((file: string, options: unknown) => run(options, (session) => pullEnv(session, file)));
command('set', 'add or change one key in place; the value is asked for, or read from standard input')
  .argument('<key>')
  .action((key: string, options: unknown) => run(options, (session) => setEnvKey(session, key)));
command('unset', 'take one key out')
  .argument('<key>')
  .option(...yes)
  .action((key: string, options: unknown) => run(options, (session) => unsetEnvKey(session, key)));
command('history', 'all versions, by key names').action((options: unknown) => run(options, showHistory));
command('restore', 'fill what is missing, or go back to the values of a version; loses no key')
  .option('--version <number>', 'the values of this version', versionNumber)
  .option('--known-good', 'the values with which everything was last seen to work')
  .option(...yes)
  .action((options: unknown) =>
    run(options, (session) => {
      const Choice = v.object({ version: v.optional(v.number()), knownGood: v.optional(v.boolean()) });
      const choice = v.parse(Choice, options);
      if (choice.version !== undefined && choice.knownGood)
        throw new UsageError('say either --version or --known-good');
      return restoreEnv(session, choice);
    }),
  );

command('approve', 'lets an execution carry out the plan it has shown', program)
  .argument('<execution>', 'its name or ARN')
  .option('--plan <hash>', 'refuse if it has another plan than this by now')
  .option(...yes)
  .action((execution: string, options: unknown) =>
    run(options, (session) => {
      const { plan } = v.parse(v.object({ plan: v.exactOptional(v.string()) }), options);
      return answerPlan(session, execution, 'Approved', plan);
    }),
  );
command('reject', 'ends an execution that waits for an approval; nothing is changed', program)
  .argument('<execution>', 'its name or ARN')
  .action((execution: string, options: unknown) =>
    run(options, (session) => answerPlan(session, execution, 'Rejected')),
  );

/** What went wrong, for a person or a machine, and the exit code: 2 for usage and credentials, else 1. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has said what it has to say; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  const { name, message, exitCode } = describe(error);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: name, message })}\n`);
  process.stderr.write(`${name}: ${message}\n`);
  process.exitCode = exitCode;
}

const fileMistakes: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'that is a folder',
  ENOTDIR: 'a part of the path is no folder',
  EACCES: 'access denied',
  EPERM: 'access denied',
  EROFS: 'that place is read-only',
  EEXIST: 'there is something of that name already',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
};

function describe(error: unknown): { name: string; message: string; exitCode: 1 | 2 } {
  if (error instanceof RecoveryError) {
    const isCredentials = error.name === 'AccessDenied' || error.name === 'CredentialsExpired';
    const remedy =
      error.name === 'EnvWouldShrink'
        ? ' Add them to the file, or waive each by name with --drop <key>.'
        : '';
    return { name: error.name, message: `${error.message}${remedy}`, exitCode: isCredentials ? 2 : 1 };
  }
  if (error instanceof UsageError || error instanceof TargetInvalid)
    return { name: error.name, message: error.message, exitCode: 2 };
  if (error instanceof UnreadableText) return { name: error.name, message: error.message, exitCode: 1 };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const path = error instanceof Error && 'path' in error ? String(error.path) : '';
  const mistake = fileMistakes[code];
  if (mistake !== undefined) return { name: 'FileError', message: `${path}: ${mistake}`, exitCode: 2 };
  // A defect: its message may quote anything, so only its kind is shown.
  const kind = error instanceof Error ? error.name : typeof error;
  return { name: 'InternalError', message: `${kind} ${code}. Report it.`, exitCode: 1 };
}

// A pager that has seen enough closes the pipe; a write to the parameter goes on all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
await program.parseAsync().catch(fail);
