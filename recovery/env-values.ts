import type { SSMClient } from '@aws-sdk/client-ssm';
import { type EnvReader, effectiveEntries, isBlank, readEnvText } from './env-text.ts';
import { readParameter } from './parameter.ts';

/**
 * The env's values by key, as the parameter has them now and its reader hands them on. Functions read them
 * where they need them, so that no value ever travels through the state machine.
 */
export async function readEnvValues(
  ssm: SSMClient,
  settings: { readonly ENV_PARAMETER: string; readonly ENV_READER: EnvReader },
): Promise<ReadonlyMap<string, string>> {
  const parameter = await readParameter(ssm, settings.ENV_PARAMETER);
  return valuesOf(parameter?.text ?? '', settings.ENV_READER);
}

/** The values of a text by key, without the blank ones. */
export function valuesOf(text: string, reader: EnvReader): ReadonlyMap<string, string> {
  const entries = effectiveEntries(readEnvText(text, reader));
  return new Map(
    [...entries.values()].filter(({ value }) => !isBlank(value)).map(({ key, value }) => [key, value]),
  );
}
