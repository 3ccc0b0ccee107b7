/**
 * The command line: names, arguments, options, and what each command runs. `recover env …` looks after the env
 * parameter with the same code as the workflow; `recover approve` and `reject` answer an execution that asks before
 * it changes anything; `recover doctor` looks at the whole chain; `recover target …` writes and checks target files.
 */
import { Command, InvalidArgumentError, type OptionValues } from '@commander-js/extra-typings';
import { answerPlan } from './answer.ts';
import { acceptLoss } from './env/accept.ts';
import { checkEnv } from './env/check.ts';
import { diffEnv } from './env/diff.ts';
import { showHistory } from './env/history.ts';
import { pullEnv } from './env/pull.ts';
import { pushEnv } from './env/push.ts';
import { restoreEnv } from './env/restore.ts';
import { setEnvKey } from './env/set.ts';
import { unsetEnvKey } from './env/unset.ts';
import { UsageError } from './failure.ts';
import { breakIt, listBreaks, mendIt, waitForSandbox } from './sandbox.ts';
import type { CommonOptions, Outcome, Session } from './session.ts';
import { checkTargets } from './target/check.ts';
import type { Desk, Surroundings, TerminalOptions } from './terminal.ts';

/**
 * Opens a session, does the work of a command in it, and keeps the outcome.
 *
 * @param isLocal whether the command calls nothing, so that it needs neither region nor credentials.
 */
export type RunCommand = (
  options: CommonOptions,
  work: (session: Session) => Promise<Outcome>,
  how?: { readonly isLocal?: boolean },
) => Promise<void>;

/** Does the work of a command that belongs to no target, and keeps the outcome. */
export type RunWithoutTarget = (
  options: TerminalOptions,
  work: (desk: Desk) => Outcome | Promise<Outcome>,
) => Promise<void>;

/** @throws CommanderError from parsing a command line that is wrong, or that asks for help. */
export function createProgram(
  { output, errorOutput }: Pick<Surroundings, 'output' | 'errorOutput'>,
  run: RunCommand,
  runWithoutTarget: RunWithoutTarget,
): Command {
  const program = new Command('recover')
    .description(
      'Looks after the .env of an API in SSM Parameter Store, answers plans, and finds what is broken. No command shows a value.',
    )
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errorOutput.write(text),
    })
    .exitOverride();
  addEnvCommands(program.command('env').description('the env parameter of a target'), run);
  addAnswers(program, run);
  command(
    program,
    'doctor',
    'says where the chain from the env to the workers is broken; changes nothing',
  ).action(
    // It needs clients that no other command waits for.
    (options) => run(options, async (session) => (await import('./doctor.ts')).runDoctor(session)),
  );
  addSandboxCommands(
    program.command('sandbox').description('what can be played in the sandbox, and never in AWS'),
    runWithoutTarget,
  );
  addTargetCommands(program.command('target').description('target files'), runWithoutTarget);
  return program;
}

const targets = [
  '--targets <folder>',
  'where the target files are, by default targets/; or RECOVER_TARGETS',
] as const;
const json = ['--json', 'print one JSON object, for machines'] as const;

/** A command with the options that all commands take. */
const command = (parent: Command, name: string, description: string) =>
  caller(
    parent
      .command(name)
      .description(description)
      .option('--target <name>', 'which <name>.yml; or RECOVER_TARGET')
      .option(...targets),
  );

/** A command with the options of all that call AWS. */
const caller = <Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) =>
  command
    .option('--region <region>', 'or AWS_REGION, AWS_DEFAULT_REGION, or the one of the profile')
    .option('--profile <profile>', 'of the shared AWS config files; or AWS_PROFILE')
    .option('--endpoint-url <url>', 'another AWS endpoint, such as the sandbox; or AWS_ENDPOINT_URL')
    .option(...json);
const yes = ['--yes', 'go on without asking'] as const;
const advanced = [
  '--advanced',
  'the parameter may move up to the tier Advanced, which holds 8 KB: for good, and for a fee',
] as const;
const replace = [
  '--replace [name]',
  "give up all keys that are not in the new text; wants the parameter's name, or asks for it",
] as const;

function addEnvCommands(env: Command, run: RunCommand): void {
  command(env, 'check', 'does the parameter, or a file, have every key that the target asks for?')
    .argument('[file]')
    .action((file, options) =>
      run(options, (session) => checkEnv(session, file), { isLocal: file !== undefined }),
    );
  command(env, 'diff', 'what a push of the file would change')
    .argument('<file>')
    .action((file, options) => run(options, (session) => diffEnv(session, file)));
  command(env, 'push', "replace the parameter's text with a file; refuses to lose a key")
    .argument('<file>')
    .option('--drop <key>', 'a key that may be lost; give it once for each key', collect, [])
    .option(
      '--since <version>',
      'the version that was pulled; keeps what others have changed since',
      versionNumber,
    )
    .option(...replace)
    .option(...advanced)
    .option(...yes)
    .action((file, options) => run(options, (session) => pushEnv(session, file, options)));
  command(env, 'pull', 'write the text to a file that only you can read')
    .argument('<file>')
    .option('--version <number>', 'the text of this version instead of the newest', versionNumber)
    .option(...yes)
    .action((file, options) => run(options, (session) => pullEnv(session, file, options)));
  command(env, 'set', 'add or change one key in place; asks for the value, or reads it from standard input')
    .argument('<key>')
    .option('--as-is', 'the value is meant, whatever blanks, quotes or invisible characters it has')
    .option(...advanced)
    .action((key, options) => run(options, (session) => setEnvKey(session, key, options)));
  command(env, 'unset', 'take one key out')
    .argument('<key>')
    .option(...yes)
    .action((key, options) => run(options, (session) => unsetEnvKey(session, key)));
  command(env, 'accept', 'say that the keys which the parameter has lost may go; it lists them first')
    .option(...yes)
    .action((options) => run(options, acceptLoss));
  command(env, 'history', 'all versions, by key names').action((options) => run(options, showHistory));
  command(env, 'restore', 'fill what is missing, or go back to the values of a version; loses no key')
    .option('--version <number>', 'the values of this version', versionNumber)
    .option('--known-good', 'the values with which everything was last seen to work')
    .option(...replace)
    .option(...advanced)
    .option(...yes)
    .action((options) => {
      if (options.version !== undefined && options.knownGood)
        throw new UsageError('give either --version or --known-good, not both');
      if (options.replace !== undefined && options.version === undefined && !options.knownGood)
        throw new UsageError(
          '--replace goes with --version or --known-good; without them, nothing is given up',
        );
      return run(options, (session) => restoreEnv(session, options));
    });
}

function addAnswers(program: Command, run: RunCommand): void {
  command(program, 'approve', 'lets an execution carry out the plan it has shown')
    .argument('<execution>', 'its name or ARN')
    .option('--plan <hash>', 'refuse if the execution has a different plan by now')
    .option(...yes)
    .action((execution, options) =>
      run(options, (session) => answerPlan(session, execution, 'Approved', options.plan)),
    );
  command(program, 'reject', 'ends an execution that waits for an approval; nothing is changed')
    .argument('<execution>', 'its name or ARN')
    // It asks nothing, but a script may say so in any case.
    .option(...yes)
    .action((execution, options) => run(options, (session) => answerPlan(session, execution, 'Rejected')));
}

function addTargetCommands(target: Command, run: RunWithoutTarget): void {
  target
    .command('check')
    .description('what packaging would find wrong with the target files, all of it; calls nothing')
    .option('--target <name>', 'only <name>.yml')
    .option(...targets)
    .option('--region <region>', 'of the stack, for the keys that are named; or AWS_REGION')
    .option(...json)
    .action((options) => run(options, (desk) => checkTargets(options, desk)));
  caller(
    target
      .command('init')
      .description('writes a first target file, and marks what a person has still to say')
      .argument('<name>', 'of the target'),
  )
    .option(...targets)
    .option('--from <file>', 'a .env, or an example of one; by default, what the parameter holds')
    .option('--parameter <name>', 'the SSM parameter; asked for if it is left out')
    .option('--reader <reader>', 'who reads the .env; by default guessed')
    .option('--instances <tag>', 'of the instances with the API, as Key=value; by default found')
    .option('--function <name>', 'the metric function; by default found')
    .option('--metric <metric>', 'as Namespace/Name; by default found')
    .action((name, options) =>
      run(options, async (desk) => (await import('./target/init.ts')).initTarget(name, options, desk)),
    );
}

function addSandboxCommands(sandbox: Command, run: RunWithoutTarget): void {
  const add = (name: string, description: string) =>
    sandbox
      .command(name)
      .description(description)
      .option('--endpoint-url <url>', 'of the sandbox; or AWS_ENDPOINT_URL')
      .option(...json);
  add('list', 'what can be broken').action((options) =>
    run(options, (desk) => listBreaks(options.endpointUrl, desk)),
  );
  add('break', 'breaks something, as it breaks in reality')
    .argument('<what>')
    .action((what, options) => run(options, (desk) => breakIt(what, options.endpointUrl, desk)));
  add('mend', 'puts right what no recovery repairs')
    .argument('<what>')
    .action((what, options) => run(options, (desk) => mendIt(what, options.endpointUrl, desk)));
  add('wait', 'until no execution runs')
    .option('--approve', 'approve each plan that waits for it')
    .action((options) =>
      run(options, (desk) => waitForSandbox(options.endpointUrl, options.approve === true, desk)),
    );
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected the number of a version');
  return Number(text);
}

const collect = (key: string, keys: readonly string[]): readonly string[] => [...keys, key];
