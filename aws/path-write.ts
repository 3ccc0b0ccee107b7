import { readEnvText } from '../env/document.ts';
import { valueWithOthers, withOthers } from '../workflow/concurrent-writes.ts';
import { changedValues, refuseAsSsm, refuseUnsafe } from '../workflow/guard.ts';
import { envBelowPath } from '../workflow/path-env.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { knownAs, type ParameterRecord, type ParameterVersion } from '../workflow/versions.ts';
import { retryThrottled } from './call.ts';
import type { Clock } from './clock.ts';
import { type GuardedWrite, writeParameter } from './guarded-write.ts';
import { untilFresh } from './parameter.ts';
import { readPath } from './path.ts';
import type { SsmClients } from './ssm-clients.ts';

/**
 * Writes an env that has a parameter for each key: those that are missing or differ, one guarded write each, and deletes
 * none. SSM has no transaction: what is cut off is completed by the next try, since each write can be repeated. What
 * others have written since the text was made is merged in, before the first write and at each of them.
 *
 * @returns the env as it is then, as far as this write has seen it.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge, EnvHistoryFull, EnvWriteConflict, EnvStale: each names
 *   the parameter that was not written, and those that were.
 */
export async function writePath(
  ssm: SsmClients,
  clock: Clock,
  write: GuardedWrite,
): Promise<ParameterVersion> {
  const { name: path, reader, mayMoveUp, fence, kmsKeyId } = write;
  const current = await untilFresh(
    path,
    { clock, known: knownAs(write.madeFrom) },
    () => readPath(ssm.reader, path),
    (env) => env,
  );
  // Whoever wrote last has seen what was written before, as far as anybody can tell.
  const text = withOthers(write, current ? [current] : []);
  refuseUnsafe(write, current, text);
  const before = current && readEnvText(current.text, reader);
  const parameters = new Map(current?.parameters);
  const written: string[] = [];
  for (const [key, value] of changedValues(before, readEnvText(text, reader))) {
    const name = `${path}${key}`;
    const madeFrom = current?.parameters?.get(key);
    try {
      const version = await retryThrottled(clock, () =>
        writeParameter(ssm, clock, {
          name,
          madeFrom,
          kmsKeyId,
          ...(mayMoveUp === undefined ? {} : { mayMoveUp }),
          ...(fence === undefined ? {} : { fence }),
          keepsType: true,
          merge: (history, ownVersions) => valueWithOthers({ madeFrom, text: value }, history, ownVersions),
          refuse: (old, merged) => refuseAsSsm(name, old, merged, mayMoveUp),
        }),
      );
      parameters.set(key, recordOf(version));
      written.push(name);
    } catch (error) {
      throw afterOthers(error, written);
    }
  }
  const result = envBelowPath(parameters);
  if (result) return result;
  throw new RecoveryError('EnvInvalid', `parameters below ${path}: the env to write has no key.`);
}

/** What only its history tells of a parameter is nobody's concern after its write. */
const recordOf = (version: ParameterVersion): ParameterRecord => ({
  keyId: undefined,
  description: undefined,
  allowedPattern: undefined,
  tier: undefined,
  labels: [],
  modifiedBy: undefined,
  ...version,
});

/** A write that was cut off has changed something, whatever its failure says of the last parameter. */
function afterOthers(error: unknown, written: readonly string[]): unknown {
  if (written.length === 0 || !(error instanceof RecoveryError)) return error;
  const { name, message, cause } = error;
  return new RecoveryError(name, message, {
    remedy: `Before that, ${written.join(', ')} ${written.length === 1 ? 'was' : 'were'} written; the next try writes the others.`,
    cause,
  });
}
