import { valueWithOthers, withOthers } from '../workflow/concurrent-writes.ts';
import { refuseAsSsm, refuseUnsafe } from '../workflow/guard.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { changedParameters, envOf, isPath, parameterNameOf } from '../workflow/spread-env.ts';
import { knownAs, type ParameterRecord, type ParameterVersion } from '../workflow/versions.ts';
import { retryThrottled } from './call.ts';
import type { Clock } from './clock.ts';
import { type GuardedWrite, writeEnvParameter, writeParameter } from './guarded-write.ts';
import { untilFresh, withoutHistory } from './parameter.ts';
import { readSpread } from './spread.ts';
import type { SsmClients } from './ssm-clients.ts';

/**
 * Writes a spread env: the parameters that are missing or differ, one guarded write each, and deletes none. SSM has no
 * transaction: what is cut off is completed by the next try, since each write can be repeated. What others have written
 * since the text was made is merged in, before the first write and at each of them.
 *
 * @returns the env as it is then, as far as this write has seen it.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge, EnvHistoryFull, EnvWriteConflict, EnvStale: each names
 *   the parameter that was not written, and those that were.
 */
export async function writeSpread(
  ssm: SsmClients,
  clock: Clock,
  write: GuardedWrite,
): Promise<ParameterVersion> {
  const { name } = write;
  const current = await untilFresh(
    name,
    { clock, known: knownAs(write.madeFrom) },
    () => readSpread(ssm.reader, name),
    (env) => env,
  );
  // Whoever wrote last has seen what was written before, as far as anybody can tell.
  const text = withOthers(write, current ? [current] : []);
  refuseUnsafe(write, current, text);
  const parameters = new Map(current?.parameters);
  const written: string[] = [];
  for (const [key, value] of changedParameters(name, current?.text ?? '', text)) {
    const one: GuardedWrite = {
      ...write,
      name: parameterNameOf(name, key),
      madeFrom: current?.parameters?.get(key),
      text: value,
    };
    try {
      const version = await retryThrottled(clock, () => writeOne(ssm, clock, one, isPath(name)));
      parameters.set(key, withoutHistory(version));
      written.push(one.name);
    } catch (error) {
      throw afterOthers(error, written);
    }
  }
  const result = envOf(name, parameters);
  if (result) return result;
  throw new RecoveryError('EnvInvalid', `parameter ${name}: the env to write has no key.`);
}

/** What a text has to hold was looked at for all of them together. */
const noContract: GuardedWrite['contract'] = { requiredKeys: [], requiredPrefixes: [], rules: {} };

const writeOne = (ssm: SsmClients, clock: Clock, write: GuardedWrite, isValue: boolean) =>
  isValue
    ? writeParameter(ssm, clock, {
        ...write,
        keepsType: true,
        merge: (history, ownVersions) => valueWithOthers(write, history, ownVersions),
        refuse: (old: ParameterRecord | undefined, merged) =>
          refuseAsSsm(write.name, old, merged, write.mayMoveUp),
      })
    : writeEnvParameter(ssm, clock, { ...write, contract: noContract });

/** A write that was cut off has changed something, whatever its failure says of the last parameter. */
function afterOthers(error: unknown, written: readonly string[]): unknown {
  if (written.length === 0 || !(error instanceof RecoveryError)) return error;
  const { name, message, cause } = error;
  return new RecoveryError(name, message, {
    remedy: `Before that, ${written.join(', ')} ${written.length === 1 ? 'was' : 'were'} written; the next try writes the others.`,
    cause,
  });
}
