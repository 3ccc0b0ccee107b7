/**
 * What travels through the state machine. Each state adds one field to the state object, under the name that
 * its `ResultPath` gives; the schemas here are the inputs that the functions parse, and the types of both ends.
 * Key names, versions, sizes and ids only: the history of an execution shows all of it.
 */
import * as v from 'valibot';
import { endpointFaults } from './errors.ts';

const names = v.array(v.string());
const timestamp = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What an operator may say when starting an execution. It never names a resource or a command. */
export const RecoveryRequest = v.strictObject({
  /** `recover` is the only mode there is. */
  mode: v.optional(v.picklist(['recover']), 'recover'),
  /** `auto`: when the env was restored or the endpoint isn't healthy. */
  deploy: v.optional(v.picklist(['auto', 'always', 'never']), 'auto'),
  /** Free text for the report. */
  reason: v.optional(v.pipe(v.string(), v.maxLength(256, 'expected at most 256 characters'))),
});
export type RecoveryRequest = v.InferOutput<typeof RecoveryRequest>;

/** The event EventBridge passes on when an alarm changes its state; only what is read is named. */
export const AlarmEvent = v.object({
  source: v.literal('aws.cloudwatch'),
  'detail-type': v.literal('CloudWatch Alarm State Change'),
  detail: v.object({
    alarmName: v.pipe(v.string(), v.maxLength(255)),
    state: v.object({ value: v.picklist(['OK', 'ALARM', 'INSUFFICIENT_DATA']) }),
  }),
});

export const ExecutionRef = v.object({ name: v.string(), startedAt: timestamp });

/** The execution's own input comes unparsed: whatever JSON value somebody started it with. */
export const ValidateEnvInput = v.object({ execution: ExecutionRef, input: v.unknown() });
export type ValidateEnvInput = v.InferOutput<typeof ValidateEnvInput>;

export const EnvFinding = v.object({
  complete: v.boolean(),
  /**
   * `Missing`: no such parameter. `Empty`: white space only. `Incomplete`: the contract isn't met. `Misread`: it is,
   * but its reader stumbles over the byte order mark or the CRLF line ends.
   */
  finding: v.picklist(['Complete', 'Missing', 'Empty', 'Incomplete', 'Misread']),
  parameterName: v.string(),
  /** 0 if there is no parameter. */
  version: count,
  type: v.nullable(v.string()),
  sizeBytes: count,
  keyCount: count,
  /** By name, but for those that may be secrets themselves. */
  keys: names,
  missingKeys: names,
  blankKeys: names,
  missingPrefixes: names,
  duplicateKeys: names,
  hasBom: v.boolean(),
  hasCrlf: v.boolean(),
});
export type EnvFinding = v.InferOutput<typeof EnvFinding>;

export const EnvUpload = v.object({
  /** `AlreadyComplete`: somebody, or an earlier try of this state, had restored it before. */
  outcome: v.picklist(['Restored', 'AlreadyComplete']),
  version: count,
  previousVersion: count,
  source: v.nullable(
    v.variant('kind', [
      v.object({ kind: v.literal('history'), version: count, isKnownGood: v.boolean() }),
      v.object({ kind: v.literal('backup'), parameterName: v.string(), version: count }),
    ]),
  ),
  keyCount: count,
  restoredKeys: names,
  /** Keys that are back to their known-good value, though a newer complete version has another. */
  revertedKeys: names,
  sizeBytes: count,
});
export type EnvUpload = v.InferOutput<typeof EnvUpload>;

export const EndpointCheck = v.object({
  /** Unhealthy, in a way that a deploy may mend. */
  needsDeploy: v.boolean(),
  finding: v.picklist(['Healthy', ...endpointFaults]),
  httpStatus: v.nullable(v.number()),
});
export type EndpointCheck = v.InferOutput<typeof EndpointCheck>;

export const Deployment = v.object({
  status: v.picklist(['InProgress', 'Success']),
  commandId: v.string(),
  documentName: v.string(),
  instanceIds: names,
  /** True if a command that an earlier try had sent was found and no other was sent. */
  resumed: v.boolean(),
  startedAt: timestamp,
  deadline: timestamp,
  finishedAt: v.nullable(timestamp),
});
export type Deployment = v.InferOutput<typeof Deployment>;

export const EndpointProof = v.object({
  httpStatus: v.literal(200),
  backlog: v.number(),
  attempts: count,
  verifiedAt: timestamp,
});
export type EndpointProof = v.InferOutput<typeof EndpointProof>;

export const FunctionPatch = v.object({
  outcome: v.picklist(['Patched', 'Unchanged']),
  functionName: v.string(),
  setKeys: names,
  removedKeys: names,
  keptKeyCount: count,
  sizeBytes: count,
  completedAt: timestamp,
});
export type FunctionPatch = v.InferOutput<typeof FunctionPatch>;

export const BacklogProof = v.object({
  /** What the metric function answered. */
  backlog: v.number(),
  metric: v.string(),
  datapoint: v.object({ value: v.number(), timestamp }),
});
export type BacklogProof = v.InferOutput<typeof BacklogProof>;

export const KnownGood = v.object({
  /**
   * `NotProven`: nothing was deployed, and the version is too young, or lacks keys that the known-good one has.
   * `Replaced`: somebody has written the parameter since this execution saw it.
   */
  outcome: v.picklist(['Marked', 'AlreadyMarked', 'NotProven', 'Replaced']),
  version: count,
  /** Where the copy is; `null` without a backup parameter, or if nothing was marked. */
  backup: v.nullable(v.object({ parameterName: v.string(), version: count })),
});
export type KnownGood = v.InferOutput<typeof KnownGood>;

/** The state object behind `ValidateEnv`; every later field is there if its state has run. */
export const RecoveryState = v.object({
  execution: ExecutionRef,
  request: v.object({
    mode: v.picklist(['recover']),
    deploy: v.picklist(['auto', 'always', 'never']),
    reason: v.nullable(v.string()),
    trigger: v.picklist(['operator', 'alarm']),
  }),
  env: EnvFinding,
  upload: v.exactOptional(EnvUpload),
  check: v.exactOptional(EndpointCheck),
  deployment: v.exactOptional(Deployment),
  endpoint: v.exactOptional(EndpointProof),
  patch: v.exactOptional(FunctionPatch),
  backlog: v.exactOptional(BacklogProof),
  knownGood: v.exactOptional(KnownGood),
});
export type RecoveryState = v.InferOutput<typeof RecoveryState>;

type StateWith<Key extends keyof RecoveryState> = RecoveryState & Required<Pick<RecoveryState, Key>>;

export const ValidateEnvOutput = v.pick(RecoveryState, ['execution', 'request', 'env']);
export type ValidateEnvOutput = v.InferOutput<typeof ValidateEnvOutput>;

export const UploadEnvInput = v.pick(RecoveryState, ['env']);
export type UploadEnvInput = v.InferOutput<typeof UploadEnvInput>;

export const CheckEndpointInput = v.object({});
export type CheckEndpointInput = v.InferOutput<typeof CheckEndpointInput>;

export const DeployApiInput = v.object({
  execution: ExecutionRef,
  /** How often the state machine has tried this state before. */
  retryCount: count,
});
export type DeployApiInput = v.InferOutput<typeof DeployApiInput>;

export const AwaitDeployInput = v.object({ deployment: Deployment });
export type AwaitDeployInput = v.InferOutput<typeof AwaitDeployInput>;

export const VerifyEndpointInput = v.object({});
export type VerifyEndpointInput = v.InferOutput<typeof VerifyEndpointInput>;

export const PatchLambdaEnvInput = v.pick(RecoveryState, ['execution']);
export type PatchLambdaEnvInput = v.InferOutput<typeof PatchLambdaEnvInput>;

export const ConfirmBacklogInput = v.object({
  ...v.pick(RecoveryState, ['execution', 'upload', 'deployment']).entries,
  patch: FunctionPatch,
});
export type ConfirmBacklogInput = v.InferOutput<typeof ConfirmBacklogInput>;

export const MarkKnownGoodInput = v.object({
  ...v.pick(RecoveryState, ['execution', 'env', 'upload', 'deployment']).entries,
  /** The proof without which nothing is marked: HTTP 200, and a fresh number. */
  endpoint: EndpointProof,
  backlog: BacklogProof,
});
export type MarkKnownGoodInput = v.InferOutput<typeof MarkKnownGoodInput>;

export const ReportRecoveryInput = v.object({
  ...RecoveryState.entries,
  endpoint: EndpointProof,
  patch: FunctionPatch,
  backlog: BacklogProof,
  knownGood: KnownGood,
});
export type ReportRecoveryInput = v.InferOutput<typeof ReportRecoveryInput>;

/** Whether this execution had to mend something: the env, the deployment, or the metric function. */
export function wasRepaired(state: Pick<ReportRecoveryInput, 'upload' | 'deployment' | 'patch'>): boolean {
  return state.upload !== undefined || state.deployment !== undefined || state.patch.outcome === 'Patched';
}

/** The output of the execution. */
export const RecoveryReport = v.object({
  outcome: v.picklist(['Recovered', 'Healthy']),
  execution: v.string(),
  trigger: v.picklist(['operator', 'alarm']),
  reason: v.nullable(v.string()),
  startedAt: timestamp,
  finishedAt: timestamp,
  durationSeconds: v.number(),
  env: v.object({
    parameterName: v.string(),
    finding: EnvFinding.entries.finding,
    keyCountBefore: count,
    keyCountAfter: count,
    versionBefore: count,
    versionAfter: count,
    restoredKeys: names,
    source: EnvUpload.entries.source,
    notes: v.array(v.string()),
  }),
  deployment: v.nullable(
    v.object({ commandId: v.string(), instanceIds: names, durationSeconds: v.number() }),
  ),
  endpoint: v.pick(EndpointProof, ['httpStatus', 'backlog']),
  function: v.pick(FunctionPatch, ['functionName', 'outcome', 'setKeys', 'removedKeys', 'keptKeyCount']),
  metric: v.object({ name: v.string(), value: v.number(), timestamp }),
  knownGood: KnownGood,
});
export type RecoveryReport = v.InferOutput<typeof RecoveryReport>;

/**
 * The chain, for the compiler: the state object as it stands on each way into a state has to satisfy that
 * state's input. A function that starts to need a field which a path doesn't provide stops compiling here.
 */
/** Comes from the context object, in the state's `Parameters`. */
type RetryCount = Pick<DeployApiInput, 'retryCount'>;
type Feeds<Provided extends Needed, Needed> = [Provided, Needed];
export type Chain = [
  Feeds<ValidateEnvOutput, UploadEnvInput>,
  Feeds<ValidateEnvOutput, CheckEndpointInput>,
  Feeds<ValidateEnvOutput & RetryCount, DeployApiInput>,
  Feeds<StateWith<'upload'> & RetryCount, DeployApiInput>,
  Feeds<StateWith<'check'> & RetryCount, DeployApiInput>,
  Feeds<StateWith<'deployment'>, AwaitDeployInput>,
  Feeds<StateWith<'deployment'>, VerifyEndpointInput>,
  Feeds<StateWith<'endpoint'>, PatchLambdaEnvInput>,
  Feeds<StateWith<'endpoint' | 'patch'>, ConfirmBacklogInput>,
  Feeds<StateWith<'endpoint' | 'patch' | 'backlog'>, MarkKnownGoodInput>,
  Feeds<StateWith<'endpoint' | 'patch' | 'backlog' | 'knownGood'>, ReportRecoveryInput>,
];
