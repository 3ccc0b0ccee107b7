import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  type GetParameterHistoryCommandOutput,
  LabelParameterVersionCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { valuesOf } from '../env/entries.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { knownGoodLabel, type ParameterRecord, type ParameterVersion } from '../workflow/versions.ts';
import { callAws } from './call.ts';
import type { SsmClients } from './ssm-clients.ts';

/**
 * The env's values by key, as the parameter has them now and as its reader understands them. Functions read them where
 * they need them, so no value ever goes through the state machine.
 */
export async function readEnvValues(
  ssm: SSMClient,
  parameterName: string,
  reader: EnvReader,
): Promise<ReadonlyMap<string, string>> {
  const parameter = await readParameter(ssm, parameterName);
  return valuesOf(parameter?.text ?? '', reader);
}

/** The newest version of a parameter, or the version given; `undefined` if there is none. */
export async function readParameter(
  ssm: SSMClient,
  name: string,
  version?: number,
): Promise<(ParameterVersion & Pick<ParameterRecord, 'modifiedAt'>) | undefined> {
  const selector = version === undefined ? name : `${name}:${version}`;
  return callAws(
    { action: 'ssm:GetParameter', resource: `parameter ${name}` },
    async () => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: selector, WithDecryption: true }));
      return {
        text: Parameter?.Value ?? '',
        version: Parameter?.Version ?? 0,
        type: Parameter?.Type ?? 'SecureString',
        modifiedAt: Parameter?.LastModifiedDate,
      };
    },
    { ParameterNotFound: () => undefined, ParameterVersionNotFound: () => undefined },
  );
}

/** All versions that SSM keeps (100 at most), oldest first; empty if there is no such parameter. */
export async function readHistory(ssm: SSMClient, name: string): Promise<ParameterRecord[]> {
  const records: ParameterRecord[] = [];
  let nextToken: string | undefined;
  do {
    const page = await callAws<GetParameterHistoryCommandOutput>(
      { action: 'ssm:GetParameterHistory', resource: `parameter ${name}` },
      () =>
        ssm.send(
          new GetParameterHistoryCommand({
            Name: name,
            WithDecryption: true,
            MaxResults: 50,
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        ),
      { ParameterNotFound: () => ({ $metadata: {}, Parameters: [] }) },
    );
    for (const entry of page.Parameters ?? []) {
      records.push({
        text: entry.Value ?? '',
        version: entry.Version ?? 0,
        type: entry.Type ?? 'SecureString',
        keyId: entry.KeyId,
        description: entry.Description,
        allowedPattern: entry.AllowedPattern,
        tier: entry.Tier,
        labels: entry.Labels ?? [],
        modifiedAt: entry.LastModifiedDate,
        modifiedBy: entry.LastModifiedUser,
      });
    }
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return records.sort((one, other) => one.version - other.version);
}

/** Moves the label `known-good` to a version: only one version can have a label. */
export async function labelKnownGood(ssm: SsmClients, name: string, version: number): Promise<void> {
  await callAws({ action: 'ssm:LabelParameterVersion', resource: `parameter ${name}` }, () =>
    ssm.writer.send(
      new LabelParameterVersionCommand({ Name: name, ParameterVersion: version, Labels: [knownGoodLabel] }),
    ),
  );
}
