/** The CLI as an operator uses it, against the loopback endpoint: called in this process, or started as a program. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { main } from '../../cli/main.ts';
import { region } from '../../sandbox/template.ts';
import { programEnvironment, projectDirectory } from './program.ts';

export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly input?: string | Uint8Array;
  /** There is a terminal, on which each of these is typed as the answer to a question, with Enter if it has no end. */
  readonly typed?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The target sandbox, and credentials of nobody. */
const baseEnvironment = {
  RECOVER_TARGET: 'sandbox',
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

/**
 * Calls `recover …` in this process, with streams and an environment of its own; with a terminal if something is typed.
 *
 * @param endpointUrl `undefined` for a command that calls nothing.
 */
export async function recover(
  endpointUrl: string | undefined,
  commandLine: readonly string[],
  { input = '', typed, environment = {} }: CliOptions = {},
): Promise<CliRun> {
  const [stdout, stderr] = [collector(), collector()];
  // The SDK reads AWS_ENDPOINT_URL from the environment of the process.
  const endpoint =
    endpointUrl === undefined || commandLine.includes('--endpoint-url')
      ? []
      : ['--endpoint-url', endpointUrl];
  const exitCode = await main([...commandLine, ...endpoint], {
    environment: { ...baseEnvironment, ...environment },
    input: typed ? keyboard(typed, stderr.stream) : Readable.from([Buffer.from(input)]),
    output: stdout.stream,
    errorOutput: Object.assign(stderr.stream, { isTTY: typed !== undefined }),
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** Calls `recover env …` in this process. */
export const recoverEnv = (
  endpointUrl: string,
  commandLine: readonly string[],
  options?: CliOptions,
): Promise<CliRun> => recover(endpointUrl, ['env', ...commandLine], options);

/** Somebody who types an answer whenever the screen shows a question. */
function keyboard(typed: readonly string[], screen: Writable) {
  const keys = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const answers = typed.values();
  const write = screen.write.bind(screen);
  screen.write = (part: unknown, ...rest: []) => {
    const isQuestion = /(?::|\]) $/.test(String(part));
    if (isQuestion) setImmediate(() => keys.write(keysFor(answers.next().value)));
    return write(part, ...rest);
  };
  return keys;
}

/** Every prompt waits for Enter, unless it is left with Ctrl+C or Ctrl+D, as it is when no answer is left. */
const keysFor = (answer = '\u0004') =>
  ['\n', '\u0003', '\u0004'].some((end) => answer.endsWith(end)) ? answer : `${answer}\n`;

function collector() {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write: (part, _encoding, done) => {
      parts.push(Buffer.from(part));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(parts).toString('utf8') };
}

const startWithinMs = 120_000;

export interface StartOptions extends CliOptions {
  /** Nobody reads its standard output, as in a pipe to a program that has ended. */
  readonly closesOutput?: boolean;
}

/** Starts `recover …` as a program. */
export async function startRecover(
  endpointUrl: string,
  commandLine: readonly string[],
  { input = '', environment = {}, closesOutput = false }: StartOptions = {},
): Promise<CliRun> {
  const program = join(projectDirectory, 'cli', 'recover.ts');
  const child = spawn(process.execPath, [program, ...commandLine], {
    env: programEnvironment({ AWS_ENDPOINT_URL: endpointUrl, ...baseEnvironment, ...environment }),
    timeout: startWithinMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  if (closesOutput) child.stdout.destroy();
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, stdout, stderr };
}
