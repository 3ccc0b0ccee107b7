import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  type GetParameterHistoryCommandOutput,
  LabelParameterVersionCommand,
  type ParameterTier,
  PutParameterCommand,
  type SSMClient,
  UnlabelParameterVersionCommand,
} from '@aws-sdk/client-ssm';
import { callAws } from './aws.ts';
import type { Clock } from './clock.ts';
import { type EnvContract, gapsOf, inspectEnv, mistakesOf, namesOf } from './contract.ts';
import { type EnvDocument, type EnvReader, readEnvText } from './env-text.ts';
import { RecoveryError } from './errors.ts';
import type { Fence } from './lease.ts';
import { lostKeys, mergeEnv } from './merge.ts';
import type { SsmClients } from './ssm.ts';
import { count } from './words.ts';

/** Marks the version with which the API was last seen to answer and the metric to count. */
export const knownGoodLabel = 'known-good';

/** SSM: a Standard parameter holds 4 KB, an Advanced one 8 KB. Intelligent-Tiering picks between the two. */
const sizeLimitBytes = { Standard: 4096, Advanced: 8192, 'Intelligent-Tiering': 8192 } as const;

/** One version of a parameter. `text` is secret. */
export interface ParameterVersion {
  readonly text: string;
  readonly version: number;
  readonly type: string;
}

/** A version with what its history tells, and what `PutParameter` would clear if it weren't passed again. */
export interface ParameterRecord extends ParameterVersion {
  readonly keyId: string | undefined;
  readonly description: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly tier: ParameterTier | undefined;
  readonly labels: readonly string[];
  readonly modifiedAt: Date | undefined;
  /** The ARN of who wrote it. */
  readonly modifiedBy: string | undefined;
}

/** The newest version of a parameter, or of the version given; `undefined` if there is none. */
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

export interface GuardedWrite {
  readonly name: string;
  readonly reader: EnvReader;
  /** What the text to write has to satisfy. */
  readonly contract: EnvContract;
  /** Whether the text may leave undone what was undone before; it may never be worse. */
  readonly mayStayIncomplete?: boolean;
  /** Whether a text that has outgrown the tier Standard may move the parameter up to Advanced. */
  readonly mayMoveUp?: boolean;
  /** What the text to write was made from; `undefined` if there was no parameter. */
  readonly madeFrom: ParameterVersion | undefined;
  readonly text: string;
  /** The only keys that the write may drop or blank. */
  readonly waivedKeys?: readonly string[];
  /** Asked right before each call that changes something. */
  readonly fence?: Fence;
  /** For a parameter that is created; an existing one keeps its own key. */
  readonly kmsKeyId: string | undefined;
}

/** How often a write is merged again with what somebody else wrote in between. */
const maxConflicts = 5;

/**
 * Writes an env parameter. It is the only place that does, and it never makes the text hold less: a write that
 * would drop or blank a key is refused, unless that key is waived by name. What others have written since the text
 * was made is merged in. SSM has no compare-and-set, so the version that comes back is checked as well: if it isn't
 * the next one, somebody wrote between the last look and the write, and it is merged again.
 *
 * @returns the version that holds the text, and the text itself.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge (all before the call), EnvHistoryFull,
 *   EnvWriteConflict, EnvStale.
 */
export async function writeEnvParameter(
  ssm: SsmClients,
  clock: Clock,
  write: GuardedWrite,
): Promise<ParameterVersion> {
  const { name } = write;
  const ownVersions = new Set<number>();
  try {
    for (let conflicts = 0; conflicts <= maxConflicts; conflicts += 1) {
      const history = await readHistory(ssm.reader, name);
      const current = history.at(-1);
      const text = withOthers(write, history, ownVersions);
      if (current && current.text === text) return current;
      refuseUnsafe(write, current, text);
      const version = await put(ssm, write, current, text);
      if (version === undefined) continue;
      if (version === (current?.version ?? 0) + 1 && (await isStillThere(ssm.reader, name, current))) {
        await awaitVersion(ssm.reader, clock, name, version, text);
        return { text, version, type: 'SecureString' };
      }
      ownVersions.add(version);
    }
  } catch (error) {
    throw afterConflict(error, name, ownVersions);
  }
  throw new RecoveryError(
    'EnvWriteConflict',
    `parameter ${name}: somebody else keeps writing it (${maxConflicts} times in a row). Stop that writer and start again.`,
  );
}

/** A write that has taken the place of another one has changed something, whatever its failure says. */
function afterConflict(error: unknown, name: string, ownVersions: ReadonlySet<number>): unknown {
  if (ownVersions.size === 0 || !(error instanceof RecoveryError)) return error;
  return new RecoveryError(
    'EnvWriteConflict',
    `parameter ${name}: version ${[...ownVersions].join(', ')} was written in the moment in which somebody else wrote the one before, and the two can't be brought together (${error.name}). What they have written is in the history: compare the two and put back what is missing.`,
    error.cause,
  );
}

/** Whether the version that was replaced is the one that was read: the parameter may have been made anew since. */
async function isStillThere(
  ssm: SSMClient,
  name: string,
  replaced: ParameterVersion | undefined,
): Promise<boolean> {
  return replaced === undefined || (await readParameter(ssm, name, replaced.version))?.text === replaced.text;
}

/**
 * The text to write, with what others have changed since it was made: theirs is the newer word, but takes no key away.
 *
 * Of several versions in a row only the last one counts, since its writer has seen the others; but a version that one
 * of our own has replaced unseen counts as well.
 *
 * @param history all versions, oldest first.
 * @param ownVersions those that this very write has made.
 */
export function withOthers(
  {
    madeFrom,
    text,
    reader,
    waivedKeys = [],
  }: Pick<GuardedWrite, 'madeFrom' | 'text' | 'reader' | 'waivedKeys'>,
  history: readonly ParameterVersion[],
  ownVersions: ReadonlySet<number> = new Set(),
): string {
  return history
    .slice(
      wasMadeAnew(history, madeFrom)
        ? 0
        : history.findLastIndex(({ version }) => version <= (madeFrom?.version ?? 0)) + 1,
    )
    .filter(({ version }, index, since) => {
      const next = since[index + 1];
      return !ownVersions.has(version) && (next === undefined || ownVersions.has(next.version));
    })
    .reduce(
      (merged, { text: theirs }) => mergeEnv(madeFrom?.text ?? '', theirs, merged, reader, waivedKeys),
      text,
    );
}

/** A parameter that was deleted and made anew counts from 1 again. */
function wasMadeAnew(history: readonly ParameterVersion[], known: ParameterVersion | undefined): boolean {
  if (!known) return false;
  const sameVersion = history.find(({ version }) => version === known.version);
  return (
    (history.at(-1)?.version ?? 0) < known.version ||
    (sameVersion !== undefined && sameVersion.text !== known.text)
  );
}

/** @returns the new version, or `undefined` if a parameter that was to be created exists by now. */
async function put(
  ssm: SsmClients,
  { name, kmsKeyId, mayMoveUp, fence }: GuardedWrite,
  current: ParameterRecord | undefined,
  text: string,
): Promise<number | undefined> {
  const keyId = current?.keyId ?? kmsKeyId;
  const send = () =>
    callAws<number | 'exists' | 'full' | undefined>(
      { action: 'ssm:PutParameter', resource: `parameter ${name}` },
      async () => {
        const answer = await ssm.writer.send(
          new PutParameterCommand({
            Name: name,
            Value: text,
            Type: 'SecureString',
            Tier: tierOf(current, mayMoveUp),
            // Creating must fail if somebody else has created it meanwhile.
            Overwrite: current !== undefined,
            ...(keyId === undefined ? {} : { KeyId: keyId }),
            ...(current?.description === undefined ? {} : { Description: current.description }),
            ...(current?.allowedPattern === undefined ? {} : { AllowedPattern: current.allowedPattern }),
          }),
        );
        return answer.Version;
      },
      { ParameterAlreadyExists: () => 'exists', ParameterMaxVersionLimitExceeded: () => 'full' },
    );
  try {
    await fence?.();
    let version = await send();
    if (version === 'full') version = await sendWithRoom(ssm, name, send, fence);
    return typeof version === 'number' ? version : undefined;
  } catch (error) {
    if (!(error instanceof RecoveryError && error.name === 'AwsUnavailable')) throw error;
    // The answer got lost, the write perhaps not: look for it before anybody writes again.
    const history = await readHistory(ssm.reader, name);
    const isNewer = ({ version }: ParameterVersion) =>
      wasMadeAnew(history, current) || version > (current?.version ?? 0);
    const own = history.findLast((record) => isNewer(record) && record.text === text);
    if (!own) throw error;
    return own.version;
  }
}

/**
 * Of 100 versions the oldest one goes when another comes, but not one with a label: SSM refuses the write then.
 * The label `known-good` is taken off such a version, whose text the backup parameter keeps, and put back if the
 * write fails after all. Labels of others are not ours to take.
 *
 * @throws RecoveryError EnvHistoryFull, and what `send` throws.
 */
async function sendWithRoom<T>(
  ssm: SsmClients,
  name: string,
  send: () => Promise<T>,
  fence: Fence | undefined,
): Promise<T> {
  const [oldest] = await readHistory(ssm.reader, name);
  if (!oldest) return send();
  const others = oldest.labels.filter((label) => label !== knownGoodLabel);
  if (others.length > 0) {
    throw new RecoveryError(
      'EnvHistoryFull',
      `parameter ${name}: its oldest version, ${oldest.version}, has the label ${others.join(', ')}, so that SSM takes no new one. Nothing was written. Move that label to a newer version, or take it off: aws ssm unlabel-parameter-version --name ${name} --parameter-version ${oldest.version} --labels ${others.join(' ')}`,
    );
  }
  await fence?.();
  await callAws({ action: 'ssm:UnlabelParameterVersion', resource: `parameter ${name}` }, () =>
    ssm.writer.send(
      new UnlabelParameterVersionCommand({
        Name: name,
        ParameterVersion: oldest.version,
        Labels: [knownGoodLabel],
      }),
    ),
  );
  try {
    return await send();
  } catch (error) {
    // If the version has gone with the write, there is nothing left to label.
    await labelKnownGood(ssm, name, oldest.version).catch(() => undefined);
    throw error;
  }
}

/** Moves the label `known-good` to a version: a label sits on one version only. */
export async function labelKnownGood(ssm: SsmClients, name: string, version: number): Promise<void> {
  await callAws({ action: 'ssm:LabelParameterVersion', resource: `parameter ${name}` }, () =>
    ssm.writer.send(
      new LabelParameterVersionCommand({ Name: name, ParameterVersion: version, Labels: [knownGoodLabel] }),
    ),
  );
}

/**
 * Refuses what must not be written, whoever wants it.
 *
 * @param text what is to be written, with what others have written meanwhile, which may be unsound as well.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge
 */
export function refuseUnsafe(
  { name, reader, contract, mayStayIncomplete, mayMoveUp, waivedKeys = [] }: GuardedWrite,
  current: ParameterRecord | undefined,
  text: string,
): void {
  const [before, after] = [readEnvText(current?.text ?? '', reader), readEnvText(text, reader)];
  const lost = lostKeys(before, after).filter((key) => !waivedKeys.includes(key));
  if (lost.length > 0) {
    const shown = namesOf(before, contract);
    // What the reader doesn't see can be a part of a value: it is shown only if it is spelled as names are.
    const names = lost.filter((key) => shown.includes(key) || /^[A-Z]+(_[A-Z0-9]+)+$/.test(key));
    const hidden = lost.length - names.length;
    throw new RecoveryError(
      'EnvWouldShrink',
      `parameter ${name}: the text to write would lose ${count(lost.length, 'key')}: ${[...names, ...(hidden > 0 ? [`${hidden} whose name may be a secret`] : [])].join(', ')}. Nothing was written.`,
    );
  }
  const problemsOf = (document: EnvDocument) => {
    const finding = inspectEnv(document, contract);
    return [...mistakesOf(document, finding), ...gapsOf(finding)];
  };
  const known = mayStayIncomplete ? problemsOf(before) : [];
  const problems = problemsOf(after).filter((problem) => after.flaw || !known.includes(problem));
  if (problems.length > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: what was to be written is not a complete env: ${problems.join('; ')}. Nothing was written.`,
    );
  }
  const tier = tierOf(current, mayMoveUp);
  const [sizeBytes, limitBytes] = [Buffer.byteLength(text), sizeLimitBytes[tier]];
  if (sizeBytes > limitBytes) {
    throw new RecoveryError(
      'EnvTooLarge',
      `parameter ${name}: the text has ${sizeBytes} bytes, a parameter of the tier ${tier} holds ${limitBytes}. Nothing was written. Move to the tier Advanced or shorten the text.`,
    );
  }
}

/** A parameter stays in its tier, unless it may move up, for good and for a fee; a new one is put where it fits. */
function tierOf(current: ParameterRecord | undefined, mayMoveUp = false): ParameterTier {
  return mayMoveUp ? 'Intelligent-Tiering' : (current?.tier ?? 'Intelligent-Tiering');
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
