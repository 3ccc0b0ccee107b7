import { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { readerConfig, writerConfig } from '../recovery/aws.ts';
import { inspectEnv, namesOf } from '../recovery/contract.ts';
import { effectiveEntries, readEnvText } from '../recovery/env-text.ts';
import { RecoveryError } from '../recovery/errors.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { unionEnv } from '../recovery/merge.ts';
import {
  type ParameterRecord,
  readHistory,
  readParameter,
  withOverwritten,
  writeEnvParameter,
} from '../recovery/parameter.ts';
import { contractOf, UploadSettings } from '../recovery/settings.ts';
import { type EnvUpload, UploadEnvInput } from '../recovery/states.ts';

type Settings = v.InferOutput<typeof UploadSettings>;
type UploadEnvServices = Services<Settings> & {
  readonly ssm: { readonly reader: SSMClient; readonly writer: SSMClient };
};

/**
 * Restores an incomplete env parameter: the union of what is there now and the newest complete text, from the
 * parameter's own history or else from the backup parameter. Writes nothing if the parameter is complete by now.
 *
 * @throws RecoveryError EnvRestoreFailed if no source is complete (nothing is written); and what
 *   `writeEnvParameter` throws.
 */
export async function uploadEnv(
  { env }: UploadEnvInput,
  { settings, clock, ssm }: UploadEnvServices,
): Promise<EnvUpload> {
  const name = settings.ENV_PARAMETER;
  const history = await readHistory(ssm.reader, name);
  const current = history.at(-1);
  if ((current?.version ?? 0) < env.version) {
    throw new RecoveryError(
      'EnvStale',
      `parameter ${name}: version ${env.version} is not in its history yet.`,
    );
  }
  const contract = contractOf(settings);
  const report = (
    text: string,
  ): Pick<EnvUpload, 'keyCount' | 'restoredKeys' | 'sizeBytes' | 'previousVersion'> => {
    const document = readEnvText(text, settings.ENV_READER);
    const keys = namesOf(document, contract);
    return {
      previousVersion: env.version,
      keyCount: effectiveEntries(document).size,
      restoredKeys: keys.filter((key) => !env.keys.includes(key) || env.blankKeys.includes(key)),
      sizeBytes: Buffer.byteLength(text),
    };
  };
  const source =
    current && isComplete(current.text, settings)
      ? undefined
      : await findSource(ssm.reader, history, settings);
  const text = source
    ? unionEnv(textToKeep(current?.text ?? '', settings), source.text, settings.ENV_READER)
    : withOverwritten(history, env.version, settings.ENV_READER);
  if (current && text === current.text) {
    return { outcome: 'AlreadyComplete', version: current.version, source: null, ...report(text) };
  }
  const written = await writeEnvParameter(ssm, clock, {
    name,
    reader: settings.ENV_READER,
    contract,
    replaces: current,
    text,
    kmsKeyId: settings.KMS_KEY_ID,
  });
  return {
    outcome: 'Restored',
    version: written.version,
    source: source?.origin ?? null,
    ...report(written.text),
  };
}

/** What of the current text goes into the union: all of it, unless it is blank, or a message and no env at all. */
function textToKeep(text: string, { ENV_READER }: Settings): string {
  const document = readEnvText(text, ENV_READER);
  const isNoEnv = text.trim() === '' || (document.flaw && effectiveEntries(document).size === 0);
  return isNoEnv ? '' : text;
}

type Source = { readonly text: string; readonly origin: NonNullable<EnvUpload['source']> };

/** @throws RecoveryError EnvRestoreFailed if there is none. */
async function findSource(
  ssm: SSMClient,
  history: readonly ParameterRecord[],
  settings: Settings,
): Promise<Source> {
  const source = completeFromHistory(history, settings) ?? (await completeFromBackup(ssm, settings));
  if (source) return source;
  throw new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${settings.ENV_PARAMETER}: no version of it (${history.length} are kept) is a complete env, nor is the backup parameter (${settings.BACKUP_PARAMETER ?? 'none is set'}). Nothing was written. Put a complete .env into the parameter by hand and start again.`,
  );
}

function completeFromHistory(history: readonly ParameterRecord[], settings: Settings): Source | undefined {
  const record = history.findLast((candidate) => isComplete(candidate.text, settings));
  return record && { text: record.text, origin: { kind: 'history', version: record.version } };
}

async function completeFromBackup(ssm: SSMClient, settings: Settings): Promise<Source | undefined> {
  const parameterName = settings.BACKUP_PARAMETER;
  if (parameterName === undefined) return undefined;
  const backup = await readParameter(ssm, parameterName);
  if (!backup || !isComplete(backup.text, settings)) return undefined;
  return { text: backup.text, origin: { kind: 'backup', parameterName, version: backup.version } };
}

function isComplete(text: string, settings: Settings): boolean {
  return inspectEnv(readEnvText(text, settings.ENV_READER), contractOf(settings)).complete;
}

export const handler = lambdaHandler(
  UploadEnvInput,
  UploadSettings,
  () => ({ ssm: { reader: new SSMClient(readerConfig()), writer: new SSMClient(writerConfig()) } }),
  uploadEnv,
);
