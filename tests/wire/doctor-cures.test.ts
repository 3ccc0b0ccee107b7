/**
 * One thing is broken in a healthy chain: the doctor has to find just that, and what it prints to put it right has to
 * put it right when it is pasted.
 */
import { callerCures } from '../support/caller-cures.ts';
import { cures, instanceId } from '../support/cures.ts';
import { causesOf, commandsOf, followersOf, useDoctor } from '../support/doctor.ts';
import { type ChainOptions, group, trackBacklog } from '../support/healthy-chain.ts';
import { paste } from '../support/paste.ts';
import { until } from '../support/until.ts';

const { aws, doctor, open } = useDoctor();

describe('the commands that the doctor prints cure', () => {
  it.each([...cures, ...callerCures])(
    '$what',
    async ({ options, change, cause, followers = [], fills, typed, afterwards, left = [] }) => {
      await open(options);
      change?.(aws());
      const found = await doctor();
      expect(new Set(causesOf(found))).toEqual(new Set([cause]));
      expect(new Set(followersOf(found))).toEqual(new Set(followers));
      const values = fills?.(aws()) ?? {};
      const commands = commandsOf(found).map((command) =>
        command.replaceAll(/<([a-z-]+)>/g, (placeholder, name: string) => values[name] ?? placeholder),
      );
      for (const command of commands) await paste(command, aws().endpoint.url, typed?.(aws()));
      afterwards?.(aws());
      // As CloudWatch does each minute.
      aws().metrics.evaluateAlarms();
      // A new endpoint is pending for a moment.
      await until(() =>
        aws().network.endpoints.every(({ availableFromMs }) => availableFromMs <= Date.now()),
      );
      const cured = await doctor();
      expect(causesOf(cured)).toEqual(left);
      if (left.length === 0) expect(cured).toMatchObject({ exitCode: 0, state: 'ok' });
    },
  );
});

describe('a person has to', () => {
  it.each<[what: string, cause: string, change: () => void, says: RegExp, options?: ChainOptions]>([
    [
      'start an agent again on its host',
      'AgentOffline',
      () => undefined,
      /run elsewhere/,
      { isOnline: false },
    ],
    [
      'correct the address in the target file',
      'InstanceGone',
      () => {
        const { interfaces } = aws().network;
        interfaces.splice(
          interfaces.findIndex((one) => one.instanceId === instanceId),
          1,
        );
      },
      /run elsewhere/,
    ],
    [
      'deploy the stack',
      'HeartbeatMissing',
      () => aws().metrics.removeAlarms(['env-recovery-sandbox-heartbeat']),
      /run elsewhere/,
    ],
    [
      'put a scaling policy into the target file',
      'PolicyMissing',
      () => aws().autoScaling.deletePolicy(group, 'hold-backlog'),
      /run elsewhere/,
    ],
    [
      'choose between two policies',
      'PolicyElsewhere',
      () => trackBacklog(aws(), { MetricName: 'Other' }),
      /run elsewhere/,
    ],
    [
      'say what to launch',
      'ActivityFailed',
      () => {
        aws().autoScaling.group(group).launchFailure = 'no capacity';
        aws().autoScaling.setDesired(group, 2, 'a test');
      },
      /fill in <template>/,
    ],
  ])('%s (%s), and is told so', async (_what, cause, change, says, options = {}) => {
    await open(options);
    change();
    const found = await doctor();
    expect(causesOf(found)).toEqual([cause]);
    expect(found.causes[0]?.note).toMatch(/^[A-Z].*\.$/);
    await expect(paste(commandsOf(found)[0] ?? '', aws().endpoint.url)).rejects.toThrow(says);
  });
});
