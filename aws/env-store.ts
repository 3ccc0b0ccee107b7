/** The env of a target, whether it is one parameter or is spread over several: whoever calls these need not know. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { valuesOf } from '../env/entries.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { isSpread } from '../workflow/spread-env.ts';
import type { ParameterRecord, ParameterVersion } from '../workflow/versions.ts';
import type { Clock } from './clock.ts';
import { type GuardedWrite, writeEnvParameter } from './guarded-write.ts';
import { readHistory, readParameter, readParameterArn, type Since, untilFresh } from './parameter.ts';
import { readArnOfSpread, readSpread, readSpreadHistory } from './spread.ts';
import { writeSpread } from './spread-write.ts';
import type { SsmClients } from './ssm-clients.ts';

/**
 * The newest version, or the version given; `undefined` if there is none.
 *
 * @param name of the parameter, a path with a slash at its end, or that of several texts.
 * @throws RecoveryError AccessDenied, KmsKeyUnusable.
 */
export async function readEnv(
  ssm: SSMClient,
  name: string,
  version?: number,
): Promise<ParameterVersion | undefined> {
  if (!isSpread(name)) return readParameter(ssm, name, version);
  if (version === undefined) return readSpread(ssm, name);
  return (await readSpreadHistory(ssm, name)).find((state) => state.version === version);
}

/** All versions that SSM keeps, oldest first; of a spread env, what they add up to. */
export const readEnvHistory = (ssm: SSMClient, name: string): Promise<ParameterRecord[]> =>
  isSpread(name) ? readSpreadHistory(ssm, name) : readHistory(ssm, name);

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
  isSpread(name) ? readArnOfSpread(ssm, name) : readParameterArn(ssm, name);

/**
 * Writes an env, which nothing else does, and never makes it hold less.
 *
 * @throws RecoveryError as `writeEnvParameter` and `writeSpread`.
 */
export const writeEnv = (ssm: SsmClients, clock: Clock, write: GuardedWrite): Promise<ParameterVersion> =>
  isSpread(write.name) ? writeSpread(ssm, clock, write) : writeEnvParameter(ssm, clock, write);
