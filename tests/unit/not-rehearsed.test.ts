/** What a person is told of a target that the sandbox does not play. */
import { notRehearsed } from '../../sandbox/not-rehearsed.ts';
import { summaryOf } from '../../sandbox/scenarios.ts';
import { loadTarget } from '../../targets/load.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { appTarget } from '../support/app-target.ts';

const kmsKeyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';
const told = (part: Partial<DeployedTarget>, options = { runCommands: false, hasBundle: false }) =>
  notRehearsed({ ...appTarget(), ...part }, options).map((line) =>
    line.replace(/^not rehearsed: /, '').replace(/: .*/, ''),
  );
const app = appTarget();

it('is its commands and its own function, unless they are run', () => {
  expect(told({})).toEqual(['deploy.commands', 'metricFunction']);
  expect(told({}, { runCommands: true, hasBundle: true })).toEqual([]);
});

it('is nothing of its commands and function where the sandbox has the same', () => {
  const sandbox = { name: 'sandbox', ...loadTarget('sandbox') };
  const lines = notRehearsed(sandbox, { runCommands: false, hasBundle: false });
  expect(lines.filter((line) => /deploy|metricFunction/.test(line))).toEqual([]);
});

it.each<[string, Partial<DeployedTarget>]>([
  [
    'parameter.kmsKeyArn, stack.kmsKeyArn',
    { parameter: { ...app.parameter, kmsKeyArn }, stack: { ...app.stack, kmsKeyArn } },
  ],
  ['restore.backupRegion', { restore: { backupParameter: '/copy', backupRegion: 'ap-northeast-2' } }],
  ['vpc', { vpc: { subnetIds: ['subnet-00000000'], securityGroupIds: ['sg-00000000'] } }],
  [
    'triggers.alarms',
    { triggers: { ...app.triggers, alarms: [{ name: 'mine', onInsufficientData: false }] } },
  ],
  ['pauses.changeCalendars', { pauses: { ...app.pauses, changeCalendars: ['closed-in-december'] } }],
  ['triggers.act', { triggers: { ...app.triggers, act: 'plan' } }],
  [
    'notify.subscriptions',
    { notify: { subscriptions: [{ protocol: 'email', endpoint: 'oncall@example.com' }] } },
  ],
])('is %s where the target has it', (what, part) => {
  expect(told(part)).toContain(what);
  expect(told({})).not.toContain(what);
});

it('leaves out of the scenario what the target does not have', () => {
  const { metric, ...rest } = app;
  const outage = 'One key was written over the whole env, and the API was deployed with it.';
  expect(summaryOf('outage')).toBe(`${outage} The metric has stopped. The workers no longer scale.`);
  expect(summaryOf('outage', { ...rest, metric: metric && { ...metric, dimensions: {} } })).toBe(
    `${outage} The metric has stopped.`,
  );
  expect(summaryOf('outage', { ...rest, metric: undefined })).toBe(outage);
});
