import { SSMClient } from '@aws-sdk/client-ssm';
import { readerConfig, writerConfig } from '../recovery/aws.ts';
import { namesOf } from '../recovery/contract.ts';
import { type EnvReader, effectiveEntries, readEnvText, textOf } from '../recovery/env-text.ts';
import { RecoveryError } from '../recovery/errors.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { findGoodVersion, isComplete } from '../recovery/known-good.ts';
import { unionEnv } from '../recovery/merge.ts';
import {
  type ParameterRecord,
  readHistory,
  readParameter,
  withOverwritten,
  writeEnvParameter,
} from '../recovery/parameter.ts';
import { UploadSettings } from '../recovery/settings.ts';
import { type EnvUpload, UploadEnvInput } from '../recovery/states.ts';

type UploadEnvServices = Services<UploadSettings> & {
  readonly ssm: { readonly reader: SSMClient; readonly writer: SSMClient };
};

/**
 * Restores an incomplete env parameter: the union of what is there now and the known-good version, or else the newest
 * complete one, or else the backup parameter. Writes nothing if the parameter is complete by now.
 *
 * @throws RecoveryError EnvRestoreFailed if no source is complete (nothing is written); and what
 *   `writeEnvParameter` throws.
 */
export async function uploadEnv(
  { env }: UploadEnvInput,
  { settings, clock, ssm }: UploadEnvServices,
): Promise<EnvUpload> {
  const { ENV_PARAMETER: name, ENV_READER: reader, ENV_CONTRACT: contract } = settings;
  const history = await readHistory(ssm.reader, name);
  const current = history.at(-1);
  if ((current?.version ?? 0) < env.version) {
    throw new RecoveryError(
      'EnvStale',
      `parameter ${name}: version ${env.version} is not in its history yet.`,
    );
  }
  const source =
    current && isComplete(current.text, reader, contract)
      ? undefined
      : await findSource(ssm.reader, history, settings);
  const text = source
    ? unionEnv(textToKeep(current?.text ?? '', reader), source.text, reader)
    : normalised(withOverwritten(history, env.version, reader), reader);
  const report = (written: string) => {
    const document = readEnvText(written, reader);
    const entries = effectiveEntries(document);
    const keys = namesOf(document, contract);
    const restored = effectiveEntries(readEnvText(source?.text ?? '', reader));
    return {
      previousVersion: env.version,
      keyCount: entries.size,
      restoredKeys: keys.filter((key) => !env.keys.includes(key) || env.blankKeys.includes(key)),
      revertedKeys: keys.filter(
        (key) => source?.supersededKeys.includes(key) && entries.get(key)?.value === restored.get(key)?.value,
      ),
      sizeBytes: Buffer.byteLength(written),
    };
  };
  if (current && text === current.text) {
    return { outcome: 'AlreadyComplete', version: current.version, source: null, ...report(text) };
  }
  const written = await writeEnvParameter(ssm, clock, {
    name,
    reader,
    contract,
    madeFrom: current,
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
function textToKeep(text: string, reader: EnvReader): string {
  const document = readEnvText(text, reader);
  const isNoEnv = text.trim() === '' || (document.flaw && effectiveEntries(document).size === 0);
  return isNoEnv ? '' : text;
}

/** Without a byte order mark and CRLF, if the reader would stumble over them. */
function normalised(text: string, reader: EnvReader): string {
  const document = readEnvText(text, reader);
  return document.needsNormalising ? textOf(document.blocks) : text;
}

interface Source {
  readonly text: string;
  readonly origin: NonNullable<EnvUpload['source']>;
  readonly supersededKeys: readonly string[];
}

/** @throws RecoveryError EnvRestoreFailed if there is none. */
async function findSource(
  ssm: SSMClient,
  history: readonly ParameterRecord[],
  { ENV_PARAMETER, ENV_READER, ENV_CONTRACT, BACKUP_PARAMETER: parameterName }: UploadSettings,
): Promise<Source> {
  const good = findGoodVersion(history, ENV_READER, ENV_CONTRACT);
  if (good) {
    const { version, isKnownGood, text, supersededKeys } = good;
    return { text, supersededKeys, origin: { kind: 'history', version, isKnownGood } };
  }
  const backup = parameterName === undefined ? undefined : await readParameter(ssm, parameterName);
  if (backup && parameterName !== undefined && isComplete(backup.text, ENV_READER, ENV_CONTRACT))
    return {
      text: backup.text,
      supersededKeys: [],
      origin: { kind: 'backup', parameterName, version: backup.version },
    };
  throw new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${ENV_PARAMETER}: no version of it (${history.length} are kept) is a complete env, nor is the backup parameter (${parameterName ?? 'none is set'}). Nothing was written. Put a complete .env into the parameter by hand and start again.`,
  );
}

export const handler = lambdaHandler(
  UploadEnvInput,
  UploadSettings,
  () => ({ ssm: { reader: new SSMClient(readerConfig()), writer: new SSMClient(writerConfig()) } }),
  uploadEnv,
);
