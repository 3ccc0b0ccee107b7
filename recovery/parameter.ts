import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  type GetParameterHistoryCommandOutput,
  type ParameterTier,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { callAws } from './aws.ts';
import type { Clock } from './clock.ts';
import { type EnvContract, inspectEnv, namesOf } from './contract.ts';
import { type EnvDocument, type EnvReader, readEnvText } from './env-text.ts';
import { RecoveryError } from './errors.ts';
import { lostKeys, mergeEnv, sameValues } from './merge.ts';

/** SSM: a Standard parameter holds 4 KB, an Advanced one 8 KB. Intelligent-Tiering picks between the two. */
const sizeLimitBytes = { Standard: 4096, Advanced: 8192, 'Intelligent-Tiering': 8192 } as const;

/** One version of a parameter. `text` is secret. */
export interface ParameterVersion {
  readonly text: string;
  readonly version: number;
  readonly type: string;
}

/** A version with what `PutParameter` would clear if it weren't passed again. */
export interface ParameterRecord extends ParameterVersion {
  readonly keyId: string | undefined;
  readonly description: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly tier: ParameterTier | undefined;
}

/** The newest version of a parameter, or of the version given; `undefined` if there is none. */
export async function readParameter(
  ssm: SSMClient,
  name: string,
  version?: number,
): Promise<ParameterVersion | undefined> {
  const selector = version === undefined ? name : `${name}:${version}`;
  return callAws(
    { action: 'ssm:GetParameter', resource: `parameter ${name}` },
    async () => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: selector, WithDecryption: true }));
      return {
        text: Parameter?.Value ?? '',
        version: Parameter?.Version ?? 0,
        type: Parameter?.Type ?? 'SecureString',
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
      });
    }
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return records.sort((one, other) => one.version - other.version);
}

export interface GuardedWrite {
  readonly name: string;
  readonly reader: EnvReader;
  /** What the text to write has to satisfy. */
  readonly contract: EnvContract;
  /** What the text to write was made from; `undefined` if there is no parameter. */
  readonly replaces: ParameterRecord | undefined;
  readonly text: string;
  /** For a parameter that is created; an existing one keeps its own key. */
  readonly kmsKeyId: string | undefined;
}

/** How often a write is merged again with what somebody else wrote in between. */
const maxConflicts = 5;

/**
 * Writes an env parameter. It is the only place that does, and it never makes the text hold less: a write that
 * would drop or blank a key is refused. SSM has no compare-and-set, so the version that comes back is checked:
 * if it isn't the next one, somebody wrote in between, and the keys of that write are merged in again.
 *
 * @returns the version that holds the text, and the text itself.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge (all before the call), EnvWriteConflict, EnvStale.
 */
export async function writeEnvParameter(
  ssm: { readonly reader: SSMClient; readonly writer: SSMClient },
  clock: Clock,
  { name, reader, contract, replaces, text, kmsKeyId }: GuardedWrite,
): Promise<ParameterVersion> {
  let base = replaces;
  let wanted = text;
  for (let conflicts = 0; conflicts <= maxConflicts; conflicts += 1) {
    const document = readEnvText(wanted, reader);
    refuseToShrink(name, readEnvText(base?.text ?? '', reader), document, contract);
    refuseUnsound(name, document, contract);
    const tier = base?.tier ?? 'Intelligent-Tiering';
    refuseTooLarge(name, wanted, tier);
    const version = await put(ssm, { name, text: wanted, base, tier, kmsKeyId });
    const expectedVersion = (base?.version ?? 0) + 1;
    if (version === expectedVersion) {
      await awaitVersion(ssm.reader, clock, name, version, wanted);
      return { text: wanted, version, type: 'SecureString' };
    }

    // What others have changed since our read is the newer word, but takes no key away.
    const history = await readHistory(ssm.reader, name);
    const others = history.filter(
      (record) => record.version >= expectedVersion && record.version !== version,
    );
    const read = base?.text ?? '';
    wanted = others.reduce((merged, { text: theirs }) => mergeEnv(read, theirs, merged, reader), wanted);
    base = history.at(-1);
    if (base && base.text === wanted) return base;
  }
  throw new RecoveryError(
    'EnvWriteConflict',
    `parameter ${name}: somebody else keeps writing it (${maxConflicts} times in a row). Stop that writer and start again.`,
  );
}

/** @returns the new version, or `undefined` if a parameter that was to be created exists by now. */
async function put(
  ssm: { readonly reader: SSMClient; readonly writer: SSMClient },
  {
    name,
    text,
    base,
    tier,
    kmsKeyId,
  }: {
    name: string;
    text: string;
    base: ParameterRecord | undefined;
    tier: ParameterTier;
    kmsKeyId: string | undefined;
  },
): Promise<number | undefined> {
  const keyId = base?.keyId ?? kmsKeyId;
  try {
    return await callAws<number | undefined>(
      { action: 'ssm:PutParameter', resource: `parameter ${name}` },
      async () => {
        const answer = await ssm.writer.send(
          new PutParameterCommand({
            Name: name,
            Value: text,
            Type: 'SecureString',
            Tier: tier,
            // Creating must fail if somebody else has created it meanwhile.
            Overwrite: base !== undefined,
            ...(keyId === undefined ? {} : { KeyId: keyId }),
            ...(base?.description === undefined ? {} : { Description: base.description }),
            ...(base?.allowedPattern === undefined ? {} : { AllowedPattern: base.allowedPattern }),
          }),
        );
        return answer.Version;
      },
      { ParameterAlreadyExists: () => undefined },
    );
  } catch (error) {
    if (!(error instanceof RecoveryError && error.name === 'AwsUnavailable')) throw error;
    // The answer got lost, the write perhaps not: look for it before anybody writes again.
    const history = await readHistory(ssm.reader, name);
    const own = history.find((record) => record.version > (base?.version ?? 0) && record.text === text);
    if (!own) throw error;
    return own.version;
  }
}

/**
 * The newest text with what others have changed since `readVersion`, in versions that the newest one may have
 * been written over: an earlier try can have ended between its write and the merge that follows.
 *
 * @param history all versions, oldest first.
 */
export function withOverwritten(
  history: readonly ParameterVersion[],
  readVersion: number,
  reader: EnvReader,
): string {
  const newest = history.at(-1)?.text ?? '';
  const base = history.find(({ version }) => version === readVersion)?.text ?? '';
  return history
    .slice(0, -1)
    .filter(({ version, text }) => version > readVersion && readEnvText(text, reader).flaw === undefined)
    .reduce((merged, { text }) => {
      const candidate = mergeEnv(base, text, merged, reader);
      // Only a difference in keys or values is worth a write, not one in comments or order.
      return sameValues(candidate, merged, reader) ? merged : candidate;
    }, newest);
}

function refuseToShrink(name: string, before: EnvDocument, after: EnvDocument, contract: EnvContract): void {
  const lost = lostKeys(before, after);
  if (lost.length > 0) {
    const names = namesOf(before, contract).filter((key) => lost.includes(key));
    throw new RecoveryError(
      'EnvWouldShrink',
      `parameter ${name}: the text to write would lose ${lost.length} keys (${names.join(', ')}). Nothing was written.`,
    );
  }
}

/** Somebody may have written a placeholder or an open quote since the text was validated. */
function refuseUnsound(name: string, document: EnvDocument, contract: EnvContract): void {
  const finding = inspectEnv(document, contract);
  if (finding.complete) return;
  const problem = document.flaw
    ? `line ${document.flaw.line}: ${document.flaw.problem}`
    : `${[...finding.missingKeys, ...finding.blankKeys, ...finding.missingPrefixes, ...finding.placeholderKeys].join(', ')} missing, blank or a placeholder`;
  throw new RecoveryError(
    'EnvInvalid',
    `parameter ${name}: what was to be written is not a complete env (${problem}). Mend the parameter and start again.`,
  );
}

function refuseTooLarge(name: string, text: string, tier: ParameterTier): void {
  const sizeBytes = Buffer.byteLength(text);
  const limitBytes = sizeLimitBytes[tier];
  if (sizeBytes > limitBytes) {
    throw new RecoveryError(
      'EnvTooLarge',
      `parameter ${name}: the text has ${sizeBytes} bytes, a parameter of the tier ${tier} holds ${limitBytes}. Nothing was written. Move to the tier Advanced or shorten the text.`,
    );
  }
}

/** Parameter Store reads may lag behind a write: reads the version itself back until it holds the text. */
async function awaitVersion(
  ssm: SSMClient,
  clock: Clock,
  name: string,
  version: number,
  text: string,
): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const found = await readParameter(ssm, name, version);
    if (found?.text === text) return;
    await clock.sleep(500);
  }
  throw new RecoveryError(
    'EnvStale',
    `parameter ${name}: version ${version} was written but can't be read back yet. Try again.`,
  );
}
