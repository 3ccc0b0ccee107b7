/** The example targets: each is packaged, and recovers its outage in the sandbox as its own would. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { letPlay } from '../../sandbox/play.ts';
import { checkProof } from '../../sandbox/proof.ts';
import { scenarios } from '../../sandbox/scenarios.ts';
import { recover } from '../support/cli.ts';
import { exampleNames, exampleTargets } from '../support/example-targets.ts';
import { needlessIn } from '../support/needless.ts';
import { packagedIn } from '../support/package-stacks.ts';
import { checkInvariants, openRun, outputOf, type WholeRun } from '../support/whole-run.ts';

let whole: WholeRun | undefined;
afterEach(async () => {
  await whole?.close();
  whole = undefined;
});

it.each(exampleNames)('%s recovers its outage, on all instances', async (name) => {
  whole = await openRun('outage', name, exampleTargets);
  const { sandbox } = whole;
  const startedAtMs = Date.now();
  sandbox.workers.startCounting();
  const execution = sandbox.machines.start(sandbox.stateMachineArn, '{}');
  if (sandbox.target.approval) await approve(whole);
  await execution.ended;
  expect(outputOf(execution)).toMatchObject({
    outcome: scenarios.outage.expected,
    deployment: { instanceIds: sandbox.fleet.instances.map(({ id }) => id) },
  });
  expect(sandbox.fleet.hosts.map(({ starts }) => starts())).toEqual(sandbox.fleet.hosts.map(() => 2));
  expect(await checkProof(sandbox, startedAtMs)).toEqual([]);
  checkInvariants(whole);
  expect(await brokenLinks(whole)).toEqual([]);
});

/** As a person does in a sandbox that stays up, who is told what it waits for. */
async function approve({ sandbox, directory }: WholeRun): Promise<void> {
  letPlay(sandbox, directory);
  const wait = (...options: readonly string[]) =>
    recover(sandbox.endpoint.url, ['sandbox', 'wait', ...options]);
  const [{ name } = { name: '' }] = sandbox.machines.executions;
  expect(await wait()).toMatchObject({
    exitCode: 1,
    stdout: `${name}: waits for an approval: npx recover approve ${name}\n`,
  });
  expect(await wait('--approve')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining(`${name}: SUCCEEDED (Recovered)\n`),
  });
}

async function brokenLinks({ sandbox }: WholeRun): Promise<readonly unknown[]> {
  const { stdout } = await recover(sandbox.endpoint.url, ['doctor', '--json'], {
    environment: { RECOVER_TARGET: sandbox.target.name, RECOVER_TARGETS: exampleTargets },
  });
  return v.parse(v.pipe(v.string(), v.parseJson(), DoctorReport), stdout).causes;
}

const DoctorReport = v.object({ causes: v.array(v.object({ code: v.string() })) });

it.each(exampleNames)('the template of %s says nothing that CloudFormation knows by itself', (name) => {
  const file = join(packagedIn(name), 'cloudformation-template-update-stack.json');
  expect(needlessIn(readFileSync(file, 'utf8'))).toEqual([]);
});
