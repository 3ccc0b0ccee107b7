import { PutParameterCommand, type SSMClient, UnlabelParameterVersionCommand } from '@aws-sdk/client-ssm';
import { type MadeText, wasRecreated, withOthers } from '../workflow/concurrent-writes.ts';
import { refuseLabelOfOthers, refuseUnsafe, tierOf, type WriteRules } from '../workflow/guard.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { knownAs, ownLabels, type ParameterRecord, type ParameterVersion } from '../workflow/versions.ts';
import { callAws, required } from './call.ts';
import type { Clock } from './clock.ts';
import type { Fence } from './lease-table.ts';
import { awaitVersion, labelVersion, readHistory, readHistorySince, readParameter } from './parameter.ts';
import type { SsmClients } from './ssm-clients.ts';

export interface GuardedWrite extends WriteRules, MadeText {
  /** Runs right before each call that changes something. */
  readonly fence?: Fence;
  /** For a parameter that is created; an existing one keeps its own key. */
  readonly kmsKeyId: string | undefined;
}

/** A write of one parameter, whatever it holds. */
export interface ParameterWrite
  extends Pick<GuardedWrite, 'name' | 'madeFrom' | 'mayMoveUp' | 'fence' | 'kmsKeyId'> {
  /**
   * Whether an existing parameter that isn't encrypted may stay so with this text: by default, it becomes a SecureString.
   *
   * @param history all versions, oldest first.
   */
  readonly mayBePlain?: (history: readonly ParameterVersion[], text: string) => boolean;
  /**
   * What to write, merged with what others have written.
   *
   * @param history all versions, oldest first.
   * @param ownVersions the versions that this write has made so far.
   */
  readonly merge: (history: readonly ParameterVersion[], ownVersions: ReadonlySet<number>) => string;
  /** @throws RecoveryError if the text must not be written. */
  readonly refuse: (current: ParameterRecord | undefined, text: string) => void;
}

/** How often a write is merged again with what somebody else wrote in between. */
const maxConflicts = 5;

/**
 * Writes an env parameter. Nothing else does, and it never makes the text hold less: a write that would drop or blank a
 * key is refused, unless that key is waived by name. What others have written since the text was made is merged in.
 *
 * @returns the version that holds the text, and the text itself.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge (all before the call), EnvHistoryFull,
 *   EnvWriteConflict, EnvStale.
 */
export const writeEnvParameter = (
  ssm: SsmClients,
  clock: Clock,
  write: GuardedWrite,
): Promise<ParameterVersion> =>
  writeParameter(ssm, clock, {
    ...write,
    merge: (history, ownVersions) => withOthers(write, history, ownVersions),
    refuse: (current, text) => refuseUnsafe(write, current, text),
  });

/**
 * Writes a parameter, with what others have written meanwhile. SSM has no compare-and-set, so the version in the answer
 * is checked as well: if it isn't the next one, somebody wrote between the last look and the write, and it is all merged
 * again.
 *
 * @returns the version that holds the text, and the text itself.
 * @throws RecoveryError EnvHistoryFull, EnvWriteConflict, EnvStale, and what `refuse` throws before the call.
 */
export async function writeParameter(
  ssm: SsmClients,
  clock: Clock,
  write: ParameterWrite,
): Promise<ParameterVersion> {
  const { name } = write;
  const ownVersions = new Set<number>();
  try {
    for (let conflicts = 0; conflicts <= maxConflicts; conflicts += 1) {
      const own = [...ownVersions].at(-1);
      const known = own === undefined ? knownAs(write.madeFrom) : { version: own, modifiedAt: null };
      const history = await readHistorySince(ssm.reader, name, { clock, known });
      const current = history.at(-1);
      const text = write.merge(history, ownVersions);
      if (current && current.text === text) return current;
      write.refuse(current, text);
      const version = await put(ssm, clock, write, history, text);
      if (version === undefined) continue;
      if (version === (current?.version ?? 0) + 1 && (await isStillThere(ssm.reader, name, current))) {
        return awaitVersion(ssm.reader, clock, name, { version, text });
      }
      ownVersions.add(version);
    }
  } catch (error) {
    throw afterConflict(error, name, ownVersions);
  }
  throw new RecoveryError(
    'EnvWriteConflict',
    `parameter ${name}: somebody else keeps writing it (${maxConflicts} times in a row).`,
  );
}

/** A write that replaced another one has changed something, whatever its failure says. */
function afterConflict(error: unknown, name: string, ownVersions: ReadonlySet<number>): unknown {
  if (ownVersions.size === 0 || !(error instanceof RecoveryError)) return error;
  return new RecoveryError(
    'EnvWriteConflict',
    `parameter ${name}: version ${[...ownVersions].join(', ')} was written at the moment when somebody else wrote the one before, and the two can't be merged (${error.name}).`,
    {
      remedy:
        'What they wrote is in the history: compare the two with `recover env history`, and put back what is missing.',
      cause: error.cause,
    },
  );
}

/** Whether the version that was replaced is the one that was read: the parameter may have been recreated since. */
async function isStillThere(
  ssm: SSMClient,
  name: string,
  replaced: ParameterVersion | undefined,
): Promise<boolean> {
  return replaced === undefined || (await readParameter(ssm, name, replaced.version))?.text === replaced.text;
}

/** What SSM doesn't encrypt. */
const plainTypes = ['String', 'StringList'] as const;

/** @returns the new version, or `undefined` if the parameter to create exists by now. */
async function put(
  ssm: SsmClients,
  clock: Clock,
  { name, kmsKeyId, mayMoveUp, fence, mayBePlain }: ParameterWrite,
  history: readonly ParameterRecord[],
  text: string,
): Promise<number | undefined> {
  const current = history.at(-1);
  const type = mayBePlain?.(history, text) ? plainTypes.find((one) => one === current?.type) : undefined;
  const keyId = type === undefined ? (current?.keyId ?? kmsKeyId) : undefined;
  const call = {
    action: 'ssm:PutParameter',
    // Its refusal doesn't say whether it is the key that is denied.
    resource: `parameter ${name}${type === undefined ? ` with KMS key ${keyId ?? 'alias/aws/ssm'}` : ''}`,
  };
  const send = () =>
    callAws<number | 'exists' | 'full'>(
      call,
      async () => {
        const answer = await ssm.writer.send(
          new PutParameterCommand({
            Name: name,
            Value: text,
            Type: type ?? 'SecureString',
            Tier: tierOf(current, mayMoveUp),
            // Creating has to fail if somebody else has created it meanwhile.
            Overwrite: current !== undefined,
            ...(keyId === undefined ? {} : { KeyId: keyId }),
            ...(current?.description === undefined ? {} : { Description: current.description }),
            ...(current?.allowedPattern === undefined ? {} : { AllowedPattern: current.allowedPattern }),
          }),
        );
        return required(call, 'Version', answer.Version);
      },
      {
        ParameterAlreadyExists: () => 'exists',
        ParameterMaxVersionLimitExceeded: () => 'full',
        HierarchyTypeMismatchException: () => {
          throw typeRefused(name, current?.type);
        },
      },
    );
  try {
    await fence?.();
    let version = await send();
    if (version === 'full') version = await sendWithRoom(ssm, name, send, fence);
    return typeof version === 'number' ? version : undefined;
  } catch (error) {
    if (!(error instanceof RecoveryError && error.name === 'AwsUnavailable')) throw error;
    // The answer was lost, but perhaps not the write: look for it before anything is written again.
    const since = await readHistorySince(ssm.reader, name, { clock, known: knownAs(current) });
    const isNewer = ({ version }: ParameterVersion) =>
      wasRecreated(since, current) || version > (current?.version ?? 0);
    const own = since.findLast((record) => isNewer(record) && record.text === text);
    if (!own) throw error;
    return own.version;
  }
}

/** The API reference says that SSM refuses to change a parameter's type; in practice it mostly allows it. */
function typeRefused(name: string, type = 'String'): RecoveryError {
  return new RecoveryError(
    'AwsRejected',
    `parameter ${name}: it is a ${type}, and SSM refuses to make it a SecureString (HierarchyTypeMismatchException). Nothing was written.`,
    {
      remedy: `Keep its text with \`recover env pull <file>\`; delete it, and its history with it, with \`aws ssm delete-parameter --name ${name}\`; create it again with \`recover env push <file>\`.`,
    },
  );
}

/**
 * With 100 versions, a write removes the oldest one, unless that has a label: then SSM refuses the write. A label of
 * ours is taken off such a version, and put back if the write fails after all: the backup parameter keeps the text of
 * the known-good one. Other people's labels are not ours to remove.
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
  // Somebody may have made room since. A label that it doesn't have is not to be moved to it.
  if (!oldest || oldest.labels.length === 0) return send();
  const own = ownLabels.filter((label) => oldest.labels.includes(label));
  refuseLabelOfOthers(name, oldest);
  await fence?.();
  await callAws({ action: 'ssm:UnlabelParameterVersion', resource: `parameter ${name}` }, () =>
    ssm.writer.send(
      new UnlabelParameterVersionCommand({
        Name: name,
        ParameterVersion: oldest.version,
        Labels: own,
      }),
    ),
  );
  try {
    return await send();
  } catch (error) {
    // If the write has removed the version, there is nothing left to label.
    for (const label of own) await labelVersion(ssm, name, oldest.version, label).catch(() => undefined);
    throw error;
  }
}
