/** What can be broken in a sandbox that stays up, as it breaks in reality, so that a person can watch it being repaired. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvText, textOf } from '../env/document.ts';
import { setKey } from '../env/edit.ts';
import { putEnv, sharedOut, textOfEnv } from './env-store.ts';
import type { Sandbox } from './sandbox.ts';

export interface Break {
  /** What is broken. */
  readonly summary: string;
  /** What follows by itself, and what doesn't. */
  readonly next: string;
  /** Why it can't be broken here; `undefined` if it can. */
  readonly reasonAgainst?: (sandbox: Sandbox) => string | undefined;
  readonly apply: (sandbox: Sandbox) => void | Promise<void>;
  /** For what no recovery repairs. */
  readonly mend?: (sandbox: Sandbox) => void | Promise<void>;
}

const alarmFires = 'The metric has stopped, so the heartbeat alarm fires and starts a recovery.';

export const breaks = {
  wipe: {
    summary: 'one bad write leaves a single key of the env, and the API is deployed with that',
    next: 'The write itself starts a recovery.',
    apply: (sandbox) => {
      const { parameters, parameterName } = sandbox;
      const left = onlyKey(sandbox, textOfEnv(parameters, parameterName));
      deployByHand(sandbox, left);
      putEnv(parameters, parameterName, left);
    },
  },
  host: {
    summary: 'the metric function sends a Host that the API refuses',
    next: alarmFires,
    reasonAgainst: (sandbox) =>
      sandbox.target.metricFunction?.remove.length === 0
        ? 'metricFunction.remove names no variable that a recovery would take out'
        : ofFunction(sandbox),
    apply: (sandbox) =>
      changeFunction(sandbox, (variables) => ({
        ...variables,
        ...Object.fromEntries(
          sandbox.target.metricFunction?.remove.map((name) => [name, 'internal.example.com']) ?? [],
        ),
      })),
  },
  function: {
    summary: 'the metric function has lost what it takes from the env, such as its key',
    next: alarmFires,
    reasonAgainst: (sandbox) =>
      Object.keys(sandbox.target.metricFunction?.setFromEnv ?? { none: '' }).length === 0
        ? 'metricFunction.setFromEnv is empty'
        : ofFunction(sandbox),
    apply: (sandbox) =>
      changeFunction(sandbox, (variables) =>
        Object.fromEntries(
          Object.entries(variables).filter(
            ([name]) => !Object.hasOwn(sandbox.target.metricFunction?.setFromEnv ?? {}, name),
          ),
        ),
      ),
  },
  instance: {
    summary: 'the SSM agents of all instances are offline, so nothing can be deployed',
    next: 'Nothing happens yet: a recovery that has to deploy fails as InstanceUnavailable.',
    apply: ({ fleet }) => {
      for (const instance of fleet.instances) instance.online = false;
    },
    mend: ({ fleet }) => {
      for (const instance of fleet.instances) instance.online = true;
    },
  },
  schedule: {
    summary: 'nobody invokes the metric function any more, and the workers stand still',
    next: 'Nothing repairs that: `npx recover doctor` says after a while what is missing.',
    apply: ({ workers }) => workers.stop(),
    mend: ({ workers }) => workers.start(),
  },
} as const satisfies Readonly<Record<string, Break>>;

export type BreakName = keyof typeof breaks;

/** By name, for a name that somebody has typed. */
export const breakOf = (name: string): Break | undefined =>
  Object.entries<Break>(breaks).find(([known]) => known === name)?.[1];

/** Why a recovery would not repair the metric function, or why none would start. */
function ofFunction({ target, heartbeatName }: Sandbox): string | undefined {
  const { metricFunction } = target;
  if (!metricFunction) return 'the target has no metricFunction';
  if (metricFunction.alias !== undefined)
    return `the schedule invokes the alias ${metricFunction.alias}, which keeps the version that it has`;
  return heartbeatName === undefined ? 'triggers.heartbeat is off, so nothing would start' : undefined;
}

/** The line of the internal key, which is the one that a person has to hand. */
function onlyKey({ target }: Sandbox, text: string): string {
  const { blocks } = readEnvText(text, target.parameter.reader);
  const left = textOf(
    blocks.filter((block) => block.kind === 'entry' && block.key === target.endpoint.internalKey),
  );
  const isKept = left !== '' && target.parameter.requiredKeys.length > 1;
  const { name, reader } = target.parameter;
  return sharedOut(name, isKept ? left : (setKey('', 'OVERWRITTEN', '1', reader) ?? ''));
}

/** As somebody deploys on the host, without the workflow. */
function deployByHand({ fleet }: Sandbox, text: string): void {
  for (const host of fleet.hosts) {
    writeFileSync(join(host.directory, '.env'), text, { mode: 0o600 });
    host.restart();
  }
}

const pollMilliseconds = 50;

/** The alarm does not wait for five minutes without a datapoint: nothing else happens in them. */
async function changeFunction(
  sandbox: Sandbox,
  change: (variables: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  const { functions, metricFunctionName: name, metrics, heartbeatName, workers } = sandbox;
  functions.update(name, change(functions.variables(name)));
  while (functions.describe(name).LastUpdateStatus === 'InProgress')
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  // A count that has begun with the old variables would put the alarm back to OK.
  await workers.counted();
  const alarm = metrics.alarms().find(({ properties }) => properties.AlarmName === heartbeatName);
  if (alarm) metrics.setAlarmState(alarm, 'ALARM', 'No datapoint for five minutes');
}
