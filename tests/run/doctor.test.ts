/** `recover doctor` against the sandbox as a person keeps it up: what is packaged, with workers that scale. */
import * as v from 'valibot';
import { recover } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { openRun, type WholeRun } from '../support/whole-run.ts';

const Report = v.object({
  state: v.string(),
  causes: v.array(v.object({ code: v.string() })),
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
    notOk: links.filter(({ state }) => state !== 'ok').map(({ link }) => link),
  };
}

/** The metric function counts each minute, and the alarms of target tracking have seen it. */
async function letWorkersWork({ sandbox }: WholeRun): Promise<void> {
  sandbox.workers.start();
  await until(() => sandbox.metrics.alarms().every(({ state }) => state !== 'INSUFFICIENT_DATA'));
}

it('finds every link of a healthy sandbox ok', async () => {
  whole = await openRun('healthy');
  await letWorkersWork(whole);
  expect(await doctor()).toEqual({ exitCode: 0, causes: [], notOk: [] });
});

it('finds the env in an outage, and every link ok after the recovery', async () => {
  whole = await openRun('outage');
  expect(await doctor()).toMatchObject({
    exitCode: 1,
    causes: ['EnvIncomplete', 'FunctionEnvWrong', 'NoKnownGood'],
    notOk: ['env', 'endpoint', 'function', 'metric', 'alarms', 'readiness'],
  });
  const { status } = await whole.run();
  expect(status).toBe('SUCCEEDED');
  await letWorkersWork(whole);
  expect(await doctor()).toEqual({ exitCode: 0, causes: [], notOk: [] });
});
