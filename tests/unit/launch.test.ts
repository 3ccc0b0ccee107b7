import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** A project of its own with the launcher in it, and a program that says what it got. */
let project: string;
const oldNode = `data:text/javascript,
  const node = '20.20.2';
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node } });`;
const platform = process.platform === 'win32' ? 'win' : process.platform;
const nodePackage = `node-${platform}-${process.arch}`;

const write = (file: string, content: unknown) => {
  mkdirSync(join(project, file, '..'), { recursive: true });
  writeFileSync(join(project, file), typeof content === 'string' ? content : JSON.stringify(content));
};
const install = (name: string, manifest = {}) => write(`node_modules/${name}/package.json`, manifest);
/** The platform's package, with the Node that runs the tests as its own. */
const installNode = () => {
  const directory = join(project, 'node_modules', nodePackage);
  install(nodePackage, { bin: { node: relative(directory, realpathSync(process.execPath)) } });
};

beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'launch test-')));
  copyFileSync(join(import.meta.dirname, '..', '..', 'launch.js'), join(project, 'launch.js'));
  write('package.json', {
    type: 'module',
    dependencies: { one: '1.0.0' },
    devDependencies: { '@scope/two': '1.0.0' },
    optionalDependencies: { [nodePackage]: '24.0.0' },
  });
  write(
    'program.ts',
    'const [, file, ...rest]: string[] = process.argv; console.log(process.pid, file, rest); process.exitCode = 7;',
  );
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const launchArguments = (isOldNode: boolean, ...rest: string[]) => [
  ...(isOldNode ? ['--import', oldNode] : []),
  join(project, 'launch.js'),
  ...rest,
];
const launch = (isOldNode: boolean, ...rest: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, launchArguments(isOldNode, ...rest), {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
};

describe('the launcher', () => {
  it.each([false, true])('says what to run if nothing is installed (old Node: %s)', (isOldNode) => {
    expect(launch(isOldNode, 'program.ts')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Packages are missing here, such as one. Run this first:\n  npm ci\n',
    });
  });

  it('misses a package for development, too', () => {
    install('one');
    expect(launch(false, 'program.ts')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('such as @scope/two'),
    });
  });

  it('runs a program under its own name, with its arguments and its exit code', () => {
    install('one');
    install('@scope/two');
    const { status, stdout } = launch(false, 'program.ts', '--a', 'b c');
    expect(stdout).toContain(`${join(project, 'program.ts')} [ '--a', 'b c' ]`);
    expect(status).toBe(7);
  });

  it('runs it with the Node that is installed in the project if its own is too old', () => {
    install('one');
    install('@scope/two');
    installNode();
    const { status, stdout, stderr } = launch(true, 'program.ts', '--a', 'b c');
    expect(stderr).toBe('');
    expect(stdout).toContain(`${join(project, 'program.ts')} [ '--a', 'b c' ]`);
    expect(status).toBe(7);
  });

  it('says how to come by Node if there is none new enough', () => {
    install('one');
    install('@scope/two');
    expect(launch(true, 'program.ts')).toMatchObject({
      status: 2,
      stderr: `This needs Node 24 or newer, and was started with ${process.version}.\nRun this first, without --omit=optional:\n  npm ci\n`,
    });
    write('package.json', {
      ...{ type: 'module', dependencies: {}, devDependencies: {}, optionalDependencies: {} },
    });
    expect(launch(true, 'program.ts').stderr).toContain('\nInstall Node 24 or newer.\n');
  });

  it('runs the command of a package', () => {
    install('one', { bin: './cli.js' });
    install('@scope/two');
    write('node_modules/one/cli.js', 'console.log("hello", process.argv[2]);');
    expect(launch(false, 'one', 'you').stdout).toBe('hello you\n');
  });

  it('ends with its program when it is told to', async () => {
    install('one');
    install('@scope/two');
    installNode();
    write('program.ts', 'console.log("up"); setInterval(() => {}, 1000);');
    const child = spawn(process.execPath, launchArguments(true, 'program.ts'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    // Its output is closed once the program has ended as well.
    expect(await once(child, 'close')).toEqual([null, 'SIGTERM']);
  });
});
