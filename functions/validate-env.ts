import type { SSMClient } from '@aws-sdk/client-ssm';
import { readEnvSince } from '../aws/env-store.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { type ContractFinding, gapsOf, inspectEnv, mistakesOf, namesOf } from '../env/contract.ts';
import { readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { salvageEnv } from '../env/salvage.ts';
import { knownBefore, ValidateEnvInput } from '../workflow/chain.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { EnvFinding } from '../workflow/results.ts';
import { isSpread } from '../workflow/spread-env.ts';
import { knownAs } from '../workflow/versions.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { NoResources } from './runtime/resources.ts';

type ValidateEnvServices = Services & { readonly ssm: SSMClient };

/**
 * Reads the env parameter, and says by name what it has and what it lacks. A parameter that is missing, empty or
 * incomplete is a finding.
 *
 * @throws RecoveryError EnvInvalid if nothing required is missing, but the text can't be read reliably, holds a stand-in
 *   for a required value, or breaks a rule of the contract. A restore keeps the values that it finds, since somebody may
 *   mean them: it would not correct this, and a deploy would break on it. EnvStale.
 */
export async function validateEnv(
  input: ValidateEnvInput,
  { target, clock, ssm }: ValidateEnvServices,
): Promise<EnvFinding> {
  const { name, reader } = target.parameter;
  const contract = target.parameter;
  const parameter = await readEnvSince(ssm, name, { clock, known: knownBefore(input) });
  const text = parameter?.text ?? '';
  const asFound = readEnvText(text, reader);
  const firstFinding = inspectEnv(asFound, contract);
  const hasGaps = gapsOf(firstFinding).length > 0;
  const mistakes = mistakesOf(asFound, firstFinding);
  // Where something is missing, a restore leaves out what is odd; otherwise it would change nothing.
  if (mistakes.length > 0 && !hasGaps) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: ${mistakes.join('; ')}. A restore would keep these values.`,
    );
  }
  const salvage = hasGaps ? salvageEnv(text, reader, contract) : { text, leftOutLines: [] };
  const document = hasGaps ? readEnvText(salvage.text, reader) : asFound;
  const finding = hasGaps ? inspectEnv(document, contract) : firstFinding;
  const { missingKeys, blankKeys, missingPrefixes } = finding;
  const complete = finding.complete && !document.needsNormalising;
  const keys = namesOf(document, contract);
  return {
    complete,
    finding: nameFinding(parameter?.text, finding, complete),
    parameterName: name,
    ...knownAs(parameter),
    // Those of a spread env may differ.
    type: isSpread(name) ? null : (parameter?.type ?? null),
    sizeBytes: Buffer.byteLength(text),
    keyCount: effectiveEntries(document).size,
    keys,
    missingKeys: [...missingKeys],
    blankKeys: [...blankKeys],
    missingPrefixes: [...missingPrefixes],
    duplicateKeys: asFound.duplicates.map(({ key }) => key).filter((key) => keys.includes(key)),
    leftOutLines: [...salvage.leftOutLines],
    hasBom: asFound.hadBom,
    hasCrlf: asFound.hadCrlf,
  };
}

function nameFinding(
  text: string | undefined,
  finding: ContractFinding,
  complete: boolean,
): EnvFinding['finding'] {
  if (text === undefined) return 'Missing';
  if (text.trim() === '') return 'Empty';
  if (complete) return 'Complete';
  return finding.complete ? 'Misread' : 'Incomplete';
}

export const handler = stateHandler(
  ValidateEnvInput,
  NoResources,
  () => ({ ssm: openSsm().reader }),
  validateEnv,
);
