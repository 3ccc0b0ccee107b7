import type { SSMClient } from '@aws-sdk/client-ssm';
import { whyUnusable } from '../env/contract.ts';
import type { Target } from '../workflow/target.ts';
import { knownAs, newerIsIncomplete, type ParameterVersion } from '../workflow/versions.ts';
import { readEnvHistorySince, readEnvSince } from './env-store.ts';
import type { Since } from './parameter.ts';

/**
 * The newest version of the env parameter, for a run that has found it complete or has restored it: somebody may have
 * wiped it since, or before the run started, and SSM did not show it.
 *
 * @param startedAt of the run; `undefined` if it has written or deployed a version since.
 * @param consequence a sentence on what an incomplete version means here.
 * @throws RecoveryError EnvOverlooked, EnvReplaced
 */
export async function requireCompleteEnv(
  ssm: SSMClient,
  contract: Target['parameter'],
  since: Since,
  { startedAt, consequence }: { readonly startedAt: string | undefined; readonly consequence: string },
): Promise<ParameterVersion> {
  const { name, reader } = contract;
  const parameter = await readEnvSince(ssm, name, since);
  const lacks = whyUnusable(parameter?.text ?? '', reader, contract);
  if (parameter && lacks.length === 0) return parameter;
  // Nor may the history lag behind what is blamed.
  const history = await readEnvHistorySince(ssm, name, { ...since, known: knownAs(parameter) });
  throw newerIsIncomplete(
    name,
    history.at(-1),
    startedAt,
    `(${lacks.join('; ')}). ${consequence}`,
    since.known.version,
  );
}
