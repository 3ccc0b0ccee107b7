import { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { readerConfig, writerConfig } from '../recovery/aws.ts';
import { inspectEnv } from '../recovery/contract.ts';
import { effectiveEntries, readEnvText } from '../recovery/dotenv.ts';
import { RecoveryError } from '../recovery/errors.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { unionEnv } from '../recovery/merge.ts';
import {
  type ParameterRecord,
  readHistory,
  readParameter,
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
 * parameter's own history or else from the backup parameter. Writes at most once, and nothing at all if the
 * parameter is complete by now.
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
  const before = new Set(env.keys);
  const report = (
    text: string,
  ): Pick<EnvUpload, 'keys' | 'restoredKeys' | 'sizeBytes' | 'previousVersion'> => {
    const keys = [...effectiveEntries(readEnvText(text, settings.ENV_READER)).keys()];
    const filled = new Set(env.blankKeys);
    return {
      previousVersion: env.version,
      keys,
      restoredKeys: keys.filter((key) => !before.has(key) || filled.has(key)),
      sizeBytes: Buffer.byteLength(text),
    };
  };
  if (current && isComplete(current.text, settings)) {
    return { outcome: 'AlreadyComplete', version: current.version, source: null, ...report(current.text) };
  }

  const source = completeFromHistory(history, settings) ?? (await completeFromBackup(ssm.reader, settings));
  if (!source) {
    throw new RecoveryError(
      'EnvRestoreFailed',
      `parameter ${name}: neither its ${history.length} versions nor ${settings.BACKUP_PARAMETER ?? 'a backup parameter (none is set)'} hold a complete env. Nothing was written. Put a complete .env into the parameter by hand and start again.`,
    );
  }
  const text = unionEnv(current?.text ?? '', source.text, settings.ENV_READER);
  const written = await writeEnvParameter(ssm, clock, {
    name,
    reader: settings.ENV_READER,
    replaces: current,
    text,
    kmsKeyId: settings.KMS_KEY_ID,
  });
  return { outcome: 'Restored', version: written.version, source: source.origin, ...report(written.text) };
}

type Source = { readonly text: string; readonly origin: NonNullable<EnvUpload['source']> };

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
