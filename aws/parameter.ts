import {
  GetParameterCommand,
  LabelParameterVersionCommand,
  type Parameter,
  type ParameterHistory,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { isSpread } from '../workflow/spread-env.ts';
import {
  isOlder,
  type KnownVersion,
  type OwnLabel,
  type ParameterRecord,
  type ParameterVersion,
} from '../workflow/versions.ts';
import { type AwsCall, callAws, callPages, required } from './call.ts';
import type { Clock } from './clock.ts';
import { aboutKey } from './parameter-key.ts';
import type { SsmClients } from './ssm-clients.ts';

/**
 * The newest version of a parameter, or the version given; `undefined` if there is none.
 *
 * @throws RecoveryError AccessDenied, KmsKeyUnusable: both name the KMS key if that is the cause.
 */
export async function readParameter(
  ssm: SSMClient,
  name: string,
  version?: number,
): Promise<ParameterVersion | undefined> {
  try {
    return await readOnce(ssm, name, version, true);
  } catch (error) {
    throw await aboutKey(ssm, name, error, () => readOnce(ssm, name, version, false));
  }
}

function readOnce(
  ssm: SSMClient,
  name: string,
  version: number | undefined,
  WithDecryption: boolean,
): Promise<ParameterVersion | undefined> {
  const call: AwsCall = { action: 'ssm:GetParameter', resource: `parameter ${name}` };
  const selector = version === undefined ? name : `${name}:${version}`;
  return callAws(
    call,
    async () => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: selector, WithDecryption }));
      return versionOf(call, required(call, 'Parameter', Parameter));
    },
    { ParameterNotFound: () => undefined, ParameterVersionNotFound: () => undefined },
  );
}

/** The ARN of a parameter, without its value; `undefined` if there is none. */
export async function readParameterArn(ssm: SSMClient, name: string): Promise<string | undefined> {
  return callAws<string | undefined>(
    { action: 'ssm:GetParameter', resource: `parameter ${name}` },
    async () => (await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.ARN,
    { ParameterNotFound: () => undefined },
  );
}

/** An answer without its version or its text would be taken for an empty parameter. */
const versionOf = (
  call: AwsCall,
  { Value, Version, Type, LastModifiedDate }: Parameter,
): ParameterVersion => ({
  text: required(call, 'Value', Value),
  version: required(call, 'Version', Version),
  type: Type ?? 'SecureString',
  modifiedAt: LastModifiedDate,
});

/**
 * All versions that SSM keeps (100 at most), oldest first; empty if there is no such parameter. SSM decrypts all of a
 * page or nothing, so one version whose KMS key is gone would hide all others: then each is read by itself, and what
 * can't be decrypted is `unreadable`.
 *
 * @throws RecoveryError what reading the newest version throws, if that is the one that can't be decrypted.
 */
export async function readHistory(ssm: SSMClient, name: string): Promise<ParameterRecord[]> {
  try {
    return await listVersions(ssm, name, true);
  } catch (error) {
    if (!(error instanceof RecoveryError) || notDecrypted(error) === undefined) throw error;
    const records: ParameterRecord[] = [];
    for (const record of (await listVersions(ssm, name, false)).reverse()) {
      // Nobody may take the newest one for empty.
      const isNewest = records.length === 0;
      const read = await (isNewest ? readParameter(ssm, name, record.version) : readOrNot(ssm, name, record));
      if (read) records.push({ ...record, ...read });
    }
    return records.reverse();
  }
}

/** A version by itself; `undefined` if it has fallen out of the history meanwhile. */
async function readOrNot(
  ssm: SSMClient,
  name: string,
  { version }: ParameterRecord,
): Promise<Pick<ParameterRecord, 'text' | 'unreadable'> | undefined> {
  try {
    return await readOnce(ssm, name, version, true);
  } catch (error) {
    const unreadable = error instanceof RecoveryError ? notDecrypted(error) : undefined;
    if (unreadable === undefined) throw error;
    return { text: '', unreadable };
  }
}

/**
 * The name of the error, if it may be the KMS key of a version that it is about: that is gone or disabled, or the
 * caller may not use it. Who may not read the parameter at all is told so again by the next call.
 */
export function notDecrypted({ name, cause }: RecoveryError): string | undefined {
  return name === 'AccessDenied' || cause?.name === 'InvalidKeyId' ? cause?.name : undefined;
}

async function listVersions(
  ssm: SSMClient,
  name: string,
  WithDecryption: boolean,
): Promise<ParameterRecord[]> {
  const call: AwsCall = { action: 'ssm:GetParameterHistory', resource: `parameter ${name}` };
  const pages = paginateGetParameterHistory({ client: ssm, pageSize: 50 }, { Name: name, WithDecryption });
  const versions = await callPages(call, pages, 'Parameters', { ParameterNotFound: () => [] });
  return versions.map((entry) => recordOf(call, entry)).sort((one, other) => one.version - other.version);
}

/** A version of which only the parameter itself was read. */
export const withoutHistory = (version: ParameterVersion): ParameterRecord => ({
  keyId: undefined,
  description: undefined,
  allowedPattern: undefined,
  tier: undefined,
  labels: [],
  modifiedBy: undefined,
  ...version,
});

/** Only a history tells all of it. */
export const recordOf = (call: AwsCall, entry: ParameterHistory): ParameterRecord => ({
  ...versionOf(call, entry),
  keyId: entry.KeyId,
  description: entry.Description,
  allowedPattern: entry.AllowedPattern,
  tier: entry.Tier,
  labels: entry.Labels ?? [],
  modifiedBy: entry.LastModifiedUser,
});

/** What a read must not be older than. */
export interface Since {
  readonly clock: Clock;
  readonly known: KnownVersion;
}

/** As `readHistory`, but not older than what is known. */
export const readHistorySince = (ssm: SSMClient, name: string, since: Since) =>
  untilFresh(
    name,
    since,
    () => readHistory(ssm, name),
    (history) => history.at(-1),
  );

/** Reads may lag behind a write, by a second as a rule. */
const reads = 10;
const millisecondsBetweenReads = 500;

/**
 * Reads until the newest version that is found isn't older than the one that is known. A parameter that stays missing
 * was deleted, and so was one of several if their sum stays lower.
 *
 * @throws RecoveryError EnvStale if it stays older.
 */
export async function untilFresh<T>(
  name: string,
  { clock, known }: Since,
  read: () => Promise<T>,
  newestOf: (found: T) => ParameterVersion | undefined,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    const found = await read();
    const newest = newestOf(found);
    if (!isOlder(newest, known)) return found;
    if (count < reads) await clock.sleep(millisecondsBetweenReads);
    else if (newest === undefined || isSpread(name)) return found;
    else {
      throw new RecoveryError(
        'EnvStale',
        `parameter ${name}: SSM still shows version ${newest.version}, though there is a version ${known.version}.`,
      );
    }
  }
}

/**
 * Reads a version that was just written back, until it holds the text.
 *
 * @throws RecoveryError EnvStale if it doesn't.
 */
export async function awaitVersion(
  ssm: SSMClient,
  clock: Clock,
  name: string,
  written: Pick<ParameterVersion, 'version' | 'text'>,
): Promise<ParameterVersion> {
  for (let count = 1; ; count += 1) {
    const found = await readParameter(ssm, name, written.version);
    if (found?.text === written.text) return found;
    if (count === reads) {
      throw new RecoveryError(
        'EnvStale',
        `parameter ${name}: version ${written.version} was written but can't be read back yet.`,
      );
    }
    await clock.sleep(millisecondsBetweenReads);
  }
}

/** Moves a label to a version: it sits on one version only. */
export async function labelVersion(
  ssm: SsmClients,
  name: string,
  version: number,
  label: OwnLabel,
): Promise<void> {
  await callAws({ action: 'ssm:LabelParameterVersion', resource: `parameter ${name}` }, () =>
    ssm.writer.send(
      new LabelParameterVersionCommand({ Name: name, ParameterVersion: version, Labels: [label] }),
    ),
  );
}
