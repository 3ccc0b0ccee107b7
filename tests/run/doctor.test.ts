/** `recover doctor` against the sandbox as a person keeps it up: what is packaged, with workers that scale. */
import * as v from 'valibot';
import { recover } from '../support/cli.ts';
import { paste } from '../support/paste.ts';
import { until } from '../support/until.ts';
import { openRun, type WholeRun } from '../support/whole-run.ts';

const Report = v.object({
  state: v.string(),
  causes: v.array(v.object({ code: v.string(), fix: v.array(v.string()) })),
  links: v.array(v.object({ link: v.string(), state: v.string() })),
});

let whole: WholeRun;
afterEach(() => whole.close());

async function doctor() {
  const { exitCode, stdout } = await recover(whole.sandbox.endpoint.url, ['doctor', '--json']);
  const { causes, links } = v.parse(v.pipe(v.string(), v.parseJson(), Report), stdout);
  return {
    exitCode,
    causes: causes.map(({ code }) => code),
    fixes: causes.map(({ fix }) => fix),
    notOk: links.filter(({ state }) => state !== 'ok').map(({ link }) => link),
  };
}

/** The metric function counts each minute, and the alarms of target tracking have seen it. */
async function letWorkersWork({ sandbox }: WholeRun): Promise<void> {
  sandbox.workers.start();
  await until(() => sandbox.metrics.alarms().every(({ state }) => state !== 'INSUFFICIENT_DATA'));
}

/** Pastes what the doctor prints for the first cause, and waits for the executions that come of it. */
async function pasteFirst({ sandbox }: WholeRun, [commands = []]: readonly (readonly string[])[]) {
  for (const command of commands) await paste(command, sandbox.endpoint.url);
  await Promise.all(sandbox.machines.executions.map(({ ended }) => ended));
}

it('finds a healthy sandbox ok, and what its command cures: a wrong variable and a missing backup', async () => {
  whole = await openRun('healthy');
  await letWorkersWork(whole);
  expect(await doctor()).toEqual({ exitCode: 0, causes: [], fixes: [], notOk: [] });
  const { functions, metricFunctionName: metricFunction, backups, backupParameterName } = whole.sandbox;
  functions.update(metricFunction, {
    ...functions.variables(metricFunction),
    VIDEO_BACKLOG_API_HOST: 'another',
  });
  backups.delete(backupParameterName);
  const { causes, fixes } = await doctor();
  expect(causes).toEqual(['FunctionEnvWrong', 'BackupMissing']);
  await pasteFirst(whole, fixes);
  expect(await doctor()).toMatchObject({ exitCode: 0, causes: [] });
});

it('finds the env in an outage, and every link ok after the commands that it prints', async () => {
  whole = await openRun('outage');
  const found = await doctor();
  expect(found).toMatchObject({
    exitCode: 1,
    causes: ['EnvIncomplete', 'FunctionEnvWrong', 'NoKnownGood'],
    notOk: ['env', 'endpoint', 'function', 'metric', 'alarms', 'readiness'],
  });
  await pasteFirst(whole, found.fixes);
  await letWorkersWork(whole);
  expect(await doctor()).toEqual({ exitCode: 0, causes: [], fixes: [], notOk: [] });
});
