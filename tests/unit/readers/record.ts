/**
 * Asks the real readers, as far as this machine has them, what they make of the texts in texts.ts, and writes
 * their answers to <reader>.json. `node launch.js tests/unit/readers/record.ts [reader ...]`; the tests need none of
 * these programs. COMPOSE_READER is a program that reads an array of texts with compose-go; COMPOSE_READER_ORIGIN,
 * DJANGO_ENVIRON_ORIGIN and PYTHON_DECOUPLE_ORIGIN say which version of these it was. OLDER_VERSION, such as 1.2.2, is put
 * after the reader's name, to keep the answers of a version that reads some texts otherwise than the newest.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import dotenv from 'dotenv';
import * as v from 'valibot';

/** What a real reader answered: `values` unless it refused the text whole; `complained` if it did, or dropped a line. */
export const Answer = v.object({
  values: v.optional(v.record(v.string(), v.string())),
  complained: v.optional(v.boolean(), false),
});
export type Answer = v.InferOutput<typeof Answer>;

interface Recorder {
  /** Program and version, and how it was asked. */
  readonly origin: () => string;
  readonly read: (texts: readonly string[]) => Promise<Answer[]>;
}

const run = (command: string, args: readonly string[], input = '') =>
  execFileSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 }).trim();

const python = (program: string) => async (input: readonly string[]) =>
  v.parse(v.array(Answer), JSON.parse(run('python3', ['-c', program], JSON.stringify(input))));

const pythonDotenv = `
import io, json, logging, os, sys
import dotenv
from dotenv.parser import parse_stream
logging.disable(logging.CRITICAL)
os.environ.clear()
answers = []
for text in json.load(sys.stdin):
    # As load_dotenv does: the encoding is utf-8, which keeps a byte order mark, and line ends are universal.
    stream = lambda: io.TextIOWrapper(io.BytesIO(text.encode('utf-8')), encoding='utf-8')
    values = {key: value for key, value in dotenv.dotenv_values(stream=stream()).items() if value is not None}
    dropped = any(binding.error and '=' in binding.original.string for binding in parse_stream(stream()))
    answers.append({'values': values, 'complained': dropped})
print(json.dumps(answers))
`;

const djangoEnviron = `
import json, logging, os, sys, tempfile
import environ
from environ.compat import ImproperlyConfigured
warnings = []
class Collector(logging.Handler):
    def emit(self, record):
        warnings.append(record.getMessage())
logging.getLogger('environ.environ').addHandler(Collector(logging.WARNING))
logging.getLogger('environ.environ').propagate = False
answers = []
for text in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(text.encode('utf-8'))
    warnings.clear()
    class Env(environ.Env):
        ENVIRON = {}
    Env.read_env(file.name)
    os.unlink(file.name)
    lines = [warning.removeprefix('Invalid line: ').lstrip() for warning in warnings]
    values, complained = {}, any('=' in line and not line.startswith('#') for line in lines)
    for key in Env.ENVIRON:
        try:
            values[key] = Env()(key)
        except (ImproperlyConfigured, RecursionError):
            complained = True
    answers.append({'values': values, 'complained': complained})
print(json.dumps(answers))
`;

const pythonDecouple = `
import json, os, sys, tempfile
import decouple
os.environ.clear()
answers = []
for text in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(text.encode('utf-8'))
    repository = decouple.RepositoryEnv(file.name)
    os.unlink(file.name)
    config = decouple.Config(repository)
    answers.append({'values': {key: config(key) for key in repository.data}, 'complained': False})
print(json.dumps(answers))
`;

/** The function that reads EnvironmentFile=, in systemd's own library, and the filter that follows it. */
const systemd = `
import ctypes, glob, json, os, re, sys, tempfile
library = ctypes.CDLL(sorted(glob.glob('/usr/lib/*/systemd/libsystemd-shared-*.so'))[-1])
library.env_assignment_is_valid.restype = ctypes.c_bool
answers = []
for text in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(text.encode('utf-8'))
    pairs = ctypes.POINTER(ctypes.c_char_p)()
    code = library.load_env_file(None, file.name.encode(), ctypes.byref(pairs))
    os.unlink(file.name)
    if code < 0:
        answers.append({'complained': True})
        continue
    values, dropped, index = {}, False, 0
    while pairs and pairs[index]:
        if library.env_assignment_is_valid(pairs[index]):
            key, _, value = pairs[index].decode('utf-8').partition('=')
            values[key] = value
        else:
            dropped = True
        index += 1
    answers.append({'values': values, 'complained': dropped})
print(json.dumps(answers))
`;

import type { EnvReader } from '../../../env/readers/readers.ts';
import { texts } from './texts.ts';

/** Each text in a shell of its own, without any variable or command of this machine. */
async function readWithBash(input: readonly string[]): Promise<Answer[]> {
  const directory = mkdtempSync(join(tmpdir(), 'readers-'));
  const file = join(directory, 'env');
  const script = 'set -a; source ./env; status=$?; set +a; echo STATUS=$status >&2; /usr/bin/env -0';
  const answers: Answer[] = [];
  for (const text of input) {
    writeFileSync(file, text);
    const child = spawn('/bin/bash', ['--norc', '--noprofile', '-c', script], {
      cwd: directory,
      env: { PATH: '/nonexistent' },
    });
    const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    child.stdout.on('data', (part) => output.stdout.push(part));
    child.stderr.on('data', (part) => output.stderr.push(part));
    await new Promise((resolve) => child.on('close', resolve));
    const variables = Buffer.concat(output.stdout).toString('utf8').split('\0').slice(0, -1);
    const values = Object.fromEntries(
      variables
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const)
        .filter(([key]) => !['PATH', 'PWD', 'SHLVL', 'OLDPWD', '_', 'status'].includes(key)),
    );
    answers.push({ values, complained: Buffer.concat(output.stderr).toString('utf8') !== 'STATUS=0\n' });
  }
  rmSync(directory, { recursive: true });
  return answers;
}

/** The docker client reads the file itself; an engine of a few lines shows what it would create. */
async function readWithDocker(input: readonly string[]): Promise<Answer[]> {
  const directory = mkdtempSync(join(tmpdir(), 'readers-'));
  let created = '';
  const engine = createServer((request, response) => {
    response.setHeader('Api-Version', '1.44');
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      if (request.url?.includes('/containers/create')) created = Buffer.concat(parts).toString('utf8');
      response.writeHead(request.url?.includes('/containers/create') ? 201 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify({ Id: 'none', Warnings: [] }));
    });
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = v.parse(v.object({ port: v.number() }), engine.address());
  const answers: Answer[] = [];
  for (const text of input) {
    const file = join(directory, 'env');
    writeFileSync(file, text);
    created = '';
    const child = spawn('docker', ['-H', `tcp://127.0.0.1:${port}`, 'create', '--env-file', file, 'image'], {
      stdio: 'ignore',
      env: { PATH: process.env.PATH },
    });
    await new Promise((resolve) => child.on('close', resolve));
    if (created === '') {
      answers.push({ complained: true });
      continue;
    }
    const { Env } = v.parse(v.object({ Env: v.nullable(v.array(v.string())) }), JSON.parse(created));
    answers.push({
      values: Object.fromEntries(
        (Env ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      ),
      complained: false,
    });
  }
  engine.close();
  engine.closeAllConnections();
  rmSync(directory, { recursive: true });
  return answers;
}

/** A program that takes a JSON array of texts and gives one of answers, for what has no command of its own. */
const program = (path: string) => async (input: readonly string[]) =>
  v.parse(v.array(Answer), JSON.parse(run(path, [], JSON.stringify(input))));

export const recorders: Partial<Record<EnvReader, Recorder>> = {
  docker: {
    origin: () => `${run('docker', ['--version'])}: docker create --env-file, as sent to the engine`,
    read: readWithDocker,
  },
  dotenv: {
    origin: () =>
      `dotenv ${v.parse(v.object({ version: v.string() }), JSON.parse(readFileSync('node_modules/dotenv/package.json', 'utf8'))).version}: parse()`,
    read: async (input) => input.map((text) => ({ values: dotenv.parse(text), complained: false })),
  },
  'python-dotenv': {
    origin: () =>
      `python-dotenv ${run('python3', ['-c', 'from importlib.metadata import version; print(version("python-dotenv"))'])}: dotenv_values(), with an empty environment`,
    read: python(pythonDotenv),
  },
  systemd: {
    origin: () =>
      `${run('systemctl', ['--version']).split('\n')[0]}: load_env_file() of libsystemd-shared, which reads EnvironmentFile=`,
    read: python(systemd),
  },
  shell: {
    origin: () => `${run('bash', ['--version']).split('\n')[0]}: set -a; source, with an empty environment`,
    read: readWithBash,
  },
  node: {
    origin: () => `Node ${process.version}: util.parseEnv()`,
    read: async (input) =>
      input.map((text) => ({
        values: v.parse(v.record(v.string(), v.string()), { ...parseEnv(text) }),
        complained: false,
      })),
  },
  'django-environ': {
    origin: () =>
      `django-environ ${process.env.DJANGO_ENVIRON_ORIGIN ?? run('python3', ['-c', 'import environ; print(environ.__version__)'])}: Env.read_env() and env(key), with an empty environment`,
    read: python(djangoEnviron),
  },
  'python-decouple': {
    origin: () =>
      `python-decouple ${process.env.PYTHON_DECOUPLE_ORIGIN ?? run('python3', ['-c', 'from importlib.metadata import version; print(version("python-decouple"))'])}: Config(RepositoryEnv()), with an empty environment`,
    read: python(pythonDecouple),
  },
  ...(process.env.COMPOSE_READER === undefined
    ? {}
    : {
        compose: {
          origin: () => process.env.COMPOSE_READER_ORIGIN ?? 'compose-go',
          read: program(process.env.COMPOSE_READER),
        },
      }),
};

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  const suffix = process.env.OLDER_VERSION === undefined ? '' : `-${process.env.OLDER_VERSION}`;
  for (const [reader, { origin, read }] of Object.entries(recorders)) {
    if (wanted.length > 0 && !wanted.includes(reader)) continue;
    const answers = await read(texts);
    const lines = texts.map((text, index) => `    ${JSON.stringify({ text, ...answers[index] })}`);
    writeFileSync(
      join(import.meta.dirname, `${reader}${suffix}.json`),
      `{\n  "origin": ${JSON.stringify(origin())},\n  "answers": [\n${lines.join(',\n')}\n  ]\n}\n`,
    );
    console.log(`${reader}: ${origin()}`);
  }
}
