/** The env of a target, whether it is one parameter or one for each key below a path: whoever calls these need not know. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { valuesOf } from '../env/entries.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { isPath } from '../workflow/path-env.ts';
import type { ParameterRecord, ParameterVersion } from '../workflow/versions.ts';
import type { Clock } from './clock.ts';
import { type GuardedWrite, writeEnvParameter } from './guarded-write.ts';
import { readHistory, readParameter, readParameterArn, type Since, untilFresh } from './parameter.ts';
import { readArnBelow, readPath, readPathHistory } from './path.ts';
import { writePath } from './path-write.ts';
import type { SsmClients } from './ssm-clients.ts';

/**
 * The newest version, or the version given; `undefined` if there is none.
 *
 * @param name of the parameter, or a path with a slash at its end.
 * @throws RecoveryError AccessDenied, KmsKeyUnusable.
 */
export async function readEnv(
  ssm: SSMClient,
  name: string,
  version?: number,
): Promise<ParameterVersion | undefined> {
  if (!isPath(name)) return readParameter(ssm, name, version);
  if (version === undefined) return readPath(ssm, name);
  return (await readPathHistory(ssm, name)).find((state) => state.version === version);
}

/** All versions that SSM keeps, oldest first; of an env below a path, what they add up to. */
export const readEnvHistory = (ssm: SSMClient, name: string): Promise<ParameterRecord[]> =>
  isPath(name) ? readPathHistory(ssm, name) : readHistory(ssm, name);

/**
 * As `readEnv`, but not older than what is known.
 *
 * @throws RecoveryError EnvStale
 */
export const readEnvSince = (ssm: SSMClient, name: string, since: Since) =>
  untilFresh(
    name,
    since,
    () => readEnv(ssm, name),
    (env) => env,
  );

/**
 * As `readEnvHistory`, but not older than what is known.
 *
 * @throws RecoveryError EnvStale
 */
export const readEnvHistorySince = (ssm: SSMClient, name: string, since: Since) =>
  untilFresh(
    name,
    since,
    () => readEnvHistory(ssm, name),
    (history) => history.at(-1),
  );

/**
 * The env's values by key, as they are now and as its reader understands them. Functions read them where they need them,
 * so no value ever goes through the state machine.
 */
export async function readEnvValues(
  ssm: SSMClient,
  name: string,
  reader: EnvReader,
  since: Since,
): Promise<ReadonlyMap<string, string>> {
  const env = await readEnvSince(ssm, name, since);
  return valuesOf(env?.text ?? '', reader);
}

/** The ARN of a parameter of the env, without a value; `undefined` if there is none. */
export const readEnvArn = (ssm: SSMClient, name: string): Promise<string | undefined> =>
  isPath(name) ? readArnBelow(ssm, name) : readParameterArn(ssm, name);

/**
 * Writes an env, which nothing else does, and never makes it hold less.
 *
 * @throws RecoveryError as `writeEnvParameter` and `writePath`.
 */
export const writeEnv = (ssm: SsmClients, clock: Clock, write: GuardedWrite): Promise<ParameterVersion> =>
  isPath(write.name) ? writePath(ssm, clock, write) : writeEnvParameter(ssm, clock, write);
