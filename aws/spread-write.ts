import { isUsable } from '../env/contract.ts';
import { readEnvText } from '../env/document.ts';
import { lostKeys } from '../env/merge.ts';
import { salvageEnv } from '../env/salvage.ts';
import { valueWithOthers, withOthers } from '../workflow/concurrent-writes.ts';
import { refuseAsSsm, refuseUnsafe } from '../workflow/guard.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { changedParameters, completedLast, envOf, isPath, parameterNameOf } from '../workflow/spread-env.ts';
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
  const changes = completedLast(name, current, changedParameters(name, current?.text ?? '', text), (made) =>
    isUsable(made, write.reader, write.contract),
  );
  for (const [key, value] of changes) {
    const madeFrom = current?.parameters?.get(key);
    const one: GuardedWrite = {
      ...write,
      name: parameterNameOf(name, key),
      madeFrom,
      text: value,
      waivedKeys: [...(write.waivedKeys ?? []), ...leftOutOf(write, madeFrom?.text)],
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

/** The keys of one of several texts that a restore leaves out, since it can't use their values. */
function leftOutOf({ name, isRestore, reader, contract }: GuardedWrite, text = ''): string[] {
  if (!isRestore || isPath(name)) return [];
  return lostKeys(readEnvText(text, reader), readEnvText(salvageEnv(text, reader, contract).text, reader));
}

/** What a text has to hold was looked at for all of them together. */
const noContract: GuardedWrite['contract'] = { requiredKeys: [], requiredPrefixes: [], rules: {} };

const writeOne = (ssm: SsmClients, clock: Clock, write: GuardedWrite, isValue: boolean) =>
  isValue
    ? writeParameter(ssm, clock, {
        ...write,
        // What was written as a secret doesn't become readable because somebody has changed the type since.
        mayBePlain: (history, value) =>
          !write.isRestore || history.some(({ type, text }) => type !== 'SecureString' && text === value),
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
