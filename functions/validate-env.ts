import { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { readerConfig } from '../recovery/aws.ts';
import { inspectEnv, namesOf } from '../recovery/contract.ts';
import { effectiveEntries, readEnvText } from '../recovery/env-text.ts';
import { RecoveryError } from '../recovery/errors.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { readParameter } from '../recovery/parameter.ts';
import { readRequest } from '../recovery/request.ts';
import { contractOf, EnvSettings } from '../recovery/settings.ts';
import { type EnvFinding, ValidateEnvInput, type ValidateEnvOutput } from '../recovery/states.ts';

type ValidateEnvServices = Services<v.InferOutput<typeof EnvSettings>> & { readonly ssm: SSMClient };

/**
 * Reads the execution's input and the env parameter, and says what is there and what isn't, by name.
 * A parameter that is missing, empty or incomplete is a finding.
 *
 * @throws RecoveryError InvalidInput, before any call; EnvInvalid if the text can't be trusted to be read, or
 *   holds template leftovers: restoring would not mend these, and a deploy would break on them.
 */
export async function validateEnv(
  { execution, input }: ValidateEnvInput,
  { settings, ssm }: ValidateEnvServices,
): Promise<ValidateEnvOutput> {
  const request = readRequest(input);
  const parameter = await readParameter(ssm, settings.ENV_PARAMETER);
  const document = readEnvText(parameter?.text ?? '', settings.ENV_READER);
  // A flaw in a text without a single key endangers nothing: whatever it is, it has to be replaced.
  if (document.flaw && effectiveEntries(document).size > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${settings.ENV_PARAMETER}, line ${document.flaw.line}: ${document.flaw.problem}. Mend that line and start again.`,
    );
  }
  const contract = contractOf(settings);
  const finding = inspectEnv(document, contract);
  if (finding.placeholderKeys.length > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${settings.ENV_PARAMETER}: ${finding.placeholderKeys.join(', ')} still hold a template's placeholder. Put the real values in and start again.`,
    );
  }
  const { complete, missingKeys, blankKeys, missingPrefixes } = finding;
  const keys = namesOf(document, contract);
  const env: EnvFinding = {
    complete,
    finding: complete ? 'Complete' : nameFinding(parameter?.text),
    parameterName: settings.ENV_PARAMETER,
    version: parameter?.version ?? 0,
    type: parameter?.type ?? null,
    sizeBytes: Buffer.byteLength(parameter?.text ?? ''),
    keyCount: effectiveEntries(document).size,
    keys,
    missingKeys: [...missingKeys],
    blankKeys: [...blankKeys],
    missingPrefixes: [...missingPrefixes],
    duplicateKeys: document.duplicates.map(({ key }) => key).filter((key) => keys.includes(key)),
    hasBom: document.hadBom,
    hasCrlf: document.hadCrlf,
  };
  return { execution, request, env };
}

function nameFinding(text: string | undefined): EnvFinding['finding'] {
  if (text === undefined) return 'Missing';
  return text.trim() === '' ? 'Empty' : 'Incomplete';
}

export const handler = lambdaHandler(
  ValidateEnvInput,
  EnvSettings,
  () => ({ ssm: new SSMClient(readerConfig()) }),
  validateEnv,
);
