import { LabelParameterVersionCommand, SSMClient } from '@aws-sdk/client-ssm';
import { callAws, readerConfig, writerConfig } from '../recovery/aws.ts';
import { effectiveEntries, readEnvText } from '../recovery/env-text.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { knownGoodLabel, readHistory, readParameter, writeEnvParameter } from '../recovery/parameter.ts';
import { UploadSettings } from '../recovery/settings.ts';
import { type KnownGood, MarkKnownGoodInput } from '../recovery/states.ts';

type MarkKnownGoodServices = Services<UploadSettings> & {
  readonly ssm: { readonly reader: SSMClient; readonly writer: SSMClient };
};

/**
 * Remembers the version with which everything was seen to work: moves the label `known-good` to it, and copies it to
 * the backup parameter. Does nothing that is done already, and nothing if somebody has written the parameter since.
 *
 * A label sits on one version only, so that putting it on this one takes it off the last.
 *
 * @throws RecoveryError what `writeEnvParameter` throws.
 */
export async function markKnownGood(
  { env, upload }: MarkKnownGoodInput,
  { settings, clock, ssm }: MarkKnownGoodServices,
): Promise<KnownGood> {
  const name = settings.ENV_PARAMETER;
  const proven = (upload ?? env).version;
  const current = (await readHistory(ssm.reader, name)).at(-1);
  if (current?.version !== proven)
    return { outcome: 'NotMarked', version: current?.version ?? 0, backup: null };

  const backup = await copyToBackup(current.text);
  if (current.labels.includes(knownGoodLabel)) return { outcome: 'AlreadyMarked', version: proven, backup };
  await callAws({ action: 'ssm:LabelParameterVersion', resource: `parameter ${name}` }, () =>
    ssm.writer.send(
      new LabelParameterVersionCommand({ Name: name, ParameterVersion: proven, Labels: [knownGoodLabel] }),
    ),
  );
  return { outcome: 'Marked', version: proven, backup };

  async function copyToBackup(text: string): Promise<KnownGood['backup']> {
    const parameterName = settings.BACKUP_PARAMETER;
    if (parameterName === undefined) return null;
    const copy = await readParameter(ssm.reader, parameterName);
    const { version } = await writeEnvParameter(ssm, clock, {
      name: parameterName,
      reader: settings.ENV_READER,
      contract: settings.ENV_CONTRACT,
      madeFrom: copy,
      text,
      // A copy holds what the original holds; an older copy stays in the history.
      waivedKeys: [...effectiveEntries(readEnvText(copy?.text ?? '', settings.ENV_READER)).keys()],
      kmsKeyId: settings.KMS_KEY_ID,
    });
    return { parameterName, version };
  }
}

export const handler = lambdaHandler(
  MarkKnownGoodInput,
  UploadSettings,
  () => ({ ssm: { reader: new SSMClient(readerConfig()), writer: new SSMClient(writerConfig()) } }),
  markKnownGood,
);
