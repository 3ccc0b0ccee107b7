/**
 * What the states of the machine find or do; each result becomes one field of the state object. Only key names,
 * versions, sizes and ids: the history of an execution shows all of it.
 */
import * as v from 'valibot';
import { endpointFaults } from './endpoint-fault.ts';
import { errorNames } from './errors.ts';
import { names, timestamp, wholeNumber } from './fields.ts';
import { Request } from './request.ts';

export const Announcement = v.object({
  /** Why nobody could be told; `null` if somebody was told. */
  problem: v.nullable(v.picklist(errorNames)),
});
export type Announcement = v.InferOutput<typeof Announcement>;

/** Why an execution ends at once, without looking at or changing anything. It is the execution's output. */
export const Skip = v.object({
  /**
   * `AlreadyRunning`: another execution holds the lease. `CoolingDown`: the last recovery ended a moment ago.
   * `CircuitOpen`: too many recoveries have failed. `AlarmIsOk`: it was started by an alarm that is over.
   */
  outcome: v.picklist(['AlreadyRunning', 'CoolingDown', 'CircuitOpen', 'AlarmIsOk']),
  execution: v.string(),
  trigger: Request.entries.trigger,
  /** The ARN of the execution that holds the lease, or that ended last; `null` if neither is the reason. */
  owner: v.nullable(v.string()),
  /** When an execution can start again; `null` while the owner runs. */
  until: v.nullable(timestamp),
  message: v.string(),
  /** Whether a person was told, where an alarm has fired in the pause after a recovery. */
  announcement: v.exactOptional(Announcement),
});
export type Skip = v.InferOutput<typeof Skip>;

export const EnvFinding = v.object({
  complete: v.boolean(),
  /**
   * `Missing`: no such parameter. `Empty`: white space only. `Incomplete`: the contract isn't met. `Misread`: it is,
   * but its reader misreads the byte order mark or the CRLF line ends.
   */
  finding: v.picklist(['Complete', 'Missing', 'Empty', 'Incomplete', 'Misread']),
  parameterName: v.string(),
  /** 0 if there is no parameter. */
  version: wholeNumber,
  modifiedAt: v.nullable(timestamp),
  type: v.nullable(v.string()),
  sizeBytes: wholeNumber,
  keyCount: wholeNumber,
  /** Except those that may be secrets themselves. */
  keys: names,
  missingKeys: names,
  blankKeys: names,
  missingPrefixes: names,
  duplicateKeys: names,
  /** 1-based numbers of the lines that a restore leaves out; none if nothing required is missing. */
  leftOutLines: v.array(wholeNumber),
  hasBom: v.boolean(),
  hasCrlf: v.boolean(),
});
export type EnvFinding = v.InferOutput<typeof EnvFinding>;

/** Proof that the API answers. */
export const EndpointProof = v.object({
  httpStatus: v.number(),
  /** `null` if the target has no `endpoint.backlogPath`: only the status tells. */
  backlog: v.nullable(v.number()),
  attempts: wholeNumber,
  verifiedAt: timestamp,
});
export type EndpointProof = v.InferOutput<typeof EndpointProof>;

export const EndpointCheck = v.object({
  /** `NotAsked`: the API is deployed anyway. */
  finding: v.picklist(['NotAsked', 'Healthy', ...endpointFaults]),
  /** It is unhealthy in a way that a deploy may cure. */
  needsDeploy: v.boolean(),
  httpStatus: v.nullable(v.number()),
  /** `null` unless healthy. */
  proof: v.nullable(EndpointProof),
  /** What its name means in the VPC; absent if it has an address in place of a name, or if the name is not known. */
  addresses: v.exactOptional(names),
});
export type EndpointCheck = v.InferOutput<typeof EndpointCheck>;

/** Where a restored text comes from. */
export const RestoreSource = v.variant('kind', [
  v.object({ kind: v.literal('history'), version: wholeNumber, isKnownGood: v.boolean() }),
  v.object({ kind: v.literal('backup'), parameterName: v.string(), version: wholeNumber }),
]);
export type RestoreSource = v.InferOutput<typeof RestoreSource>;

const NotPlanned = { outcome: v.literal('NotPlanned') };
/** The target file has nothing that this state would look at or change. */
const NotInTarget = v.object({ outcome: v.literal('NotInTarget') });

export const Restoration = v.object({
  /** `AlreadyComplete`: somebody else, or an earlier try of this state, has already restored it. */
  outcome: v.picklist(['Restored', 'AlreadyComplete']),
  version: wholeNumber,
  modifiedAt: v.nullable(timestamp),
  previousVersion: wholeNumber,
  source: v.nullable(RestoreSource),
  keyCount: wholeNumber,
  restoredKeys: names,
  /** Keys that are back to their known-good value, although a newer complete version has another. */
  revertedKeys: names,
  /** 1-based numbers of the lines of the version found that were not kept; they stay in the history. */
  leftOutLines: v.array(wholeNumber),
  /** What is odd about the versions there are to restore from, each in a few words. */
  sourceNotes: v.array(v.string()),
  sizeBytes: wholeNumber,
});
export type Restoration = v.InferOutput<typeof Restoration>;

export const EnvUpload = v.variant('outcome', [v.object(NotPlanned), Restoration]);
export type EnvUpload = v.InferOutput<typeof EnvUpload>;

const sentCommand = {
  commandId: v.string(),
  documentName: v.string(),
  instanceIds: names,
  /** True if an earlier try had sent the command, and it was found instead of sending another. */
  resumed: v.boolean(),
  /** How often the execution had been redriven when the command was sent. */
  redriveCount: wholeNumber,
  startedAt: timestamp,
  deadline: timestamp,
};
export const RunningDeploy = v.object({ outcome: v.literal('InProgress'), ...sentCommand });
export type RunningDeploy = v.InferOutput<typeof RunningDeploy>;
export const FinishedDeploy = v.object({
  outcome: v.literal('Success'),
  ...sentCommand,
  finishedAt: timestamp,
});
export type FinishedDeploy = v.InferOutput<typeof FinishedDeploy>;

export const Deployment = v.variant('outcome', [v.object(NotPlanned), RunningDeploy, FinishedDeploy]);
export type Deployment = v.InferOutput<typeof Deployment>;

/** That an alias of the metric function points to another version than before. */
export const AliasMove = v.object({
  name: v.string(),
  fromVersion: v.string(),
  /** `null` as long as it is not published. */
  toVersion: v.nullable(v.string()),
});
export type AliasMove = v.InferOutput<typeof AliasMove>;

export const PatchedFunction = v.object({
  outcome: v.picklist(['Patched', 'Unchanged']),
  functionName: v.string(),
  setKeys: names,
  removedKeys: names,
  /** Absent if the alias stays where it is, or if the target has none. */
  aliasMove: v.exactOptional(AliasMove),
  keptKeyCount: wholeNumber,
  sizeBytes: wholeNumber,
  completedAt: timestamp,
});
export type PatchedFunction = v.InferOutput<typeof PatchedFunction>;

export const FunctionPatch = v.variant('outcome', [NotInTarget, PatchedFunction]);
export type FunctionPatch = v.InferOutput<typeof FunctionPatch>;

const scalingEntries = { group: v.string(), /** What was seen, without a full stop. */ says: v.string() };
/** Whether the workers follow the metric again. */
export const ScalingProof = v.variant('outcome', [
  /** There was a scaling activity after the repair. */
  v.object({ outcome: v.literal('Scaled'), ...scalingEntries }),
  /** The alarms have data, and there is a reason for which nobody has to be launched. */
  v.object({
    outcome: v.literal('NotDue'),
    reason: v.picklist(['BelowTarget', 'AtMaximum', 'WarmingUp', 'Refreshing']),
    ...scalingEntries,
  }),
  /** More is asked for, and nothing is known to be in the way; it was not waited for any longer. */
  v.object({ outcome: v.literal('NotYet'), ...scalingEntries }),
  /** Something is in the way: a finding of `recover doctor`, with its commands. */
  v.object({
    outcome: v.literal('NotScaling'),
    code: v.string(),
    meaning: v.string(),
    look: v.string(),
    fix: v.string(),
    note: v.nullable(v.string()),
    ...scalingEntries,
  }),
  /** Nobody could look. */
  v.object({ outcome: v.literal('Unknown'), ...scalingEntries }),
]);
export type ScalingProof = v.InferOutput<typeof ScalingProof>;

/** Whether anybody but the recovery calls the metric function. */
export const CallersProof = v.object({
  /** `NotCalled`: the metric stops as soon as the recovery ends. `Unknown`: nobody could look. */
  outcome: v.picklist(['Called', 'NotCalled', 'Unknown']),
  says: v.string(),
});
export type CallersProof = v.InferOutput<typeof CallersProof>;

/** What was seen of the metric function and of the metric, each as far as the target has it. */
export const BacklogProof = v.object({
  /** What the metric function answered; `null` without one. */
  backlog: v.nullable(v.number()),
  /** The name of the metric; both are `null` without one. */
  metric: v.nullable(v.string()),
  datapoint: v.nullable(v.object({ value: v.number(), timestamp })),
  /** Only after a repair, and of a target with both. */
  callers: v.exactOptional(CallersProof),
  /** Only after a repair, and of a target with a group of workers. */
  scaling: v.exactOptional(ScalingProof),
});
export type BacklogProof = v.InferOutput<typeof BacklogProof>;

/** Keys that the known-good env has and the present one hasn't, though nobody has said that they may go. */
export const Loss = v.object({
  /** Except those that may be secrets themselves. */
  keys: names,
  hiddenCount: wholeNumber,
  /** Where the known-good env is. */
  source: RestoreSource,
  /** The version from which on all of them are missing. */
  since: v.object({ version: wholeNumber, modifiedAt: v.nullable(timestamp) }),
});
export type Loss = v.InferOutput<typeof Loss>;

const markEntries = {
  version: wholeNumber,
  /** A clause of a sentence, for the report: `it was deployed`. */
  why: v.string(),
  /** Where the copy is; `null` without a backup parameter, or if nothing was marked. */
  backup: v.nullable(v.object({ parameterName: v.string(), version: wholeNumber })),
};
export const KnownGood = v.variant('outcome', [
  /**
   * `NotProven`: nothing was deployed, and the version is too young; or nobody could see whether keys are lost.
   * `Replaced`: somebody wrote the parameter after this execution had seen it.
   */
  v.object({ outcome: v.picklist(['Marked', 'AlreadyMarked', 'NotProven', 'Replaced']), ...markEntries }),
  v.object({ outcome: v.literal('KeysLost'), ...markEntries, loss: Loss }),
]);
export type KnownGood = v.InferOutput<typeof KnownGood>;
