/**
 * Runs a program of the project on Node 24, whichever Node calls it: `node launch.js <program> [arguments]`.
 * Plain JavaScript without dependencies, so that it can say what is missing.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The first version that runs TypeScript without a flag or a warning, and the one that the functions run on. */
const oldestNode = 24;

const launcher = fileURLToPath(import.meta.url);
const projectDirectory = dirname(launcher);
const manifest = readManifest(projectDirectory);

/**
 * Runs a program in this process, or in one with a newer Node that gets the same input, output and signals. Ends the
 * process with 2 if something has to be installed first.
 *
 * @param {string} program a TypeScript file of the project, or the name of a package whose command is run.
 * @param {readonly string[]} programArguments
 * @param {readonly ('dependencies' | 'devDependencies')[]} needed the packages without which it can't run.
 */
export async function launch(program, programArguments, needed) {
  const missing = needed
    .flatMap((kind) => Object.keys(manifest[kind]))
    .filter((name) => findPackage(name) === undefined);
  if (missing.length > 0)
    return giveUp(`Packages are missing here, such as ${missing[0]}. Run this first:`, '  npm ci');
  const file = program.endsWith('.ts') ? join(projectDirectory, program) : commandOf(program);
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) {
    process.argv.splice(1, process.argv.length, file, ...programArguments);
    await import(pathToFileURL(file).href);
    return;
  }
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const node = commandOf(`node-${platform}-${process.arch}`, 'node');
  if (node === undefined) return giveUp(...adviceOnNode(`node-${platform}-${process.arch}`));
  follow(spawn(node, [file, ...programArguments], { stdio: 'inherit' }));
}

/** Ends as the child does, and passes on the signals that it doesn't get by itself. */
function follow(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // On Windows, Ctrl+C reaches the child by itself, and `kill` would end it before it could clean up.
  for (const signal of signals)
    process.on(signal, () => {
      if (process.platform !== 'win32') child.kill(signal);
    });
  child.on('error', (error) => giveUp(`Node ${oldestNode} doesn't start here: ${error.message}`, installIt));
  child.on('exit', (code, signal) => {
    for (const one of signals) process.removeAllListeners(one);
    if (signal === null) process.exit(code);
    process.kill(process.pid, signal);
  });
}

const installIt = `Install Node ${oldestNode} or newer.`;

function adviceOnNode(name) {
  const isOffered = Object.keys(manifest.optionalDependencies).includes(name);
  return [
    `This needs Node ${oldestNode} or newer, and was started with ${process.version}.`,
    isOffered ? 'Run this first, without --omit=optional:\n  npm ci' : installIt,
  ];
}

function giveUp(...lines) {
  console.error(lines.join('\n'));
  process.exit(2);
}

/** @returns {string | undefined} the file of a package's command; none if the package isn't there. */
function commandOf(packageName, command = packageName) {
  const directory = findPackage(packageName);
  if (directory === undefined) return undefined;
  const { bin } = readManifest(directory);
  return join(directory, typeof bin === 'string' ? bin : bin[command]);
}

function findPackage(name) {
  return createRequire(launcher)
    .resolve.paths(name)
    .map((directory) => join(directory, name))
    .find((directory) => existsSync(join(directory, 'package.json')));
}

function readManifest(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}

if (realpathSync(process.argv[1]) === launcher) {
  const [program, ...programArguments] = process.argv.slice(2);
  await launch(program, programArguments, ['dependencies', 'devDependencies']);
}
