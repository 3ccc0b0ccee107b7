/**
 * What travels through the state machine. Each state adds one field to the state object, under the name that
 * its `ResultPath` gives; the schemas here are the inputs that the functions parse, and the types of both ends.
 * Key names, versions, sizes and ids only: the history of an execution shows all of it.
 */
import * as v from 'valibot';
import { endpointFaults } from './endpoint-fault.ts';
import { errorNames } from './errors.ts';

const names = v.array(v.string());
const timestamp = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What an operator may say when starting an execution. It never names a resource or a command. */
export const RecoveryRequest = v.strictObject({
  /** `plan` reads, says what `recover` would change, and changes nothing. */
  mode: v.optional(v.picklist(['recover', 'plan']), 'recover'),
  /** `auto`: when the env was restored or the endpoint isn't healthy. */
  deploy: v.optional(v.picklist(['auto', 'always', 'never']), 'auto'),
  /** Passes the cooldown and the circuit breaker; never the lease of a recovery that runs. */
  force: v.optional(v.boolean(), false),
  /** Free text for the report. */
  reason: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(256, 'expected at most 256 characters'),
      // In a message a line break could pass for a line of the message's own.
      v.regex(/^\P{Cc}*$/u, 'expected one line'),
    ),
  ),
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

/** The event of Parameter Store when a parameter is created, updated or deleted. */
export const ParameterEvent = v.object({
  source: v.literal('aws.ssm'),
  'detail-type': v.literal('Parameter Store Change'),
  detail: v.object({
    name: v.pipe(v.string(), v.maxLength(2048)),
    operation: v.pipe(v.string(), v.maxLength(64)),
  }),
});

/** The event of a rule with a schedule. */
export const ScheduledEvent = v.object({
  source: v.literal('aws.events'),
  'detail-type': v.literal('Scheduled Event'),
});

/** The running execution, as the context object has it. Every state gets it beside its input. */
export const ExecutionRef = v.object({
  arn: v.string(),
  name: v.string(),
  startedAt: timestamp,
  /** How often the execution has been redriven. */
  redriveCount: count,
});
export type ExecutionRef = v.InferOutput<typeof ExecutionRef>;
type Execution = { readonly execution: ExecutionRef };

/** The execution's own input comes unparsed: whatever JSON value somebody started it with. */
export const TakeLeaseInput = v.object({ input: v.unknown() });
export type TakeLeaseInput = v.InferOutput<typeof TakeLeaseInput> & Execution;

/** A person's or an event's wish, as it was understood. */
export const Request = v.object({
  mode: v.picklist(['recover', 'plan']),
  deploy: v.picklist(['auto', 'always', 'never']),
  force: v.boolean(),
  reason: v.nullable(v.string()),
  trigger: v.picklist(['operator', 'alarm', 'parameter', 'schedule']),
});
export type Request = v.InferOutput<typeof Request>;

/** Why an execution ends at once, with nothing looked at and nothing changed. It is the execution's output. */
export const Skip = v.object({
  /**
   * `AlreadyRunning`: another execution holds the lease. `CoolingDown`: the last recovery has just ended.
   * `CircuitOpen`: too many recoveries have failed.
   */
  outcome: v.picklist(['AlreadyRunning', 'CoolingDown', 'CircuitOpen']),
  execution: v.string(),
  trigger: Request.entries.trigger,
  /** The ARN of the execution that holds the lease, or has ended last. */
  owner: v.string(),
  /** When a start would be taken again; `null` for as long as the owner runs. */
  until: v.nullable(timestamp),
  message: v.string(),
});
export type Skip = v.InferOutput<typeof Skip>;

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
  /** `Abandoned`: a command of before a redrive, which has not succeeded: another has to be sent. */
  status: v.picklist(['InProgress', 'Success', 'Abandoned']),
  commandId: v.string(),
  documentName: v.string(),
  instanceIds: names,
  /** True if a command that an earlier try had sent was found and no other was sent. */
  resumed: v.boolean(),
  /** How often the execution had been redriven when the command was sent. */
  redriveCount: count,
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

/** Why a part of the plan can't be carried out as things are; the state that tries will fail with it. */
const problem = v.nullable(v.object({ error: v.picklist(errorNames), message: v.string() }));

/** What a recovery would change. The hash covers all of it but `outcome`, `changes` and `needsApproval`. */
export const RecoveryPlan = v.object({
  outcome: v.literal('Planned'),
  /** SHA-256 in hex: equal if nothing of the plan, nor of what it was made from, has changed. */
  hash: v.string(),
  /** False if there is nothing to do. */
  changes: v.boolean(),
  /** Whether the target asks for a person's approval before anything is changed. */
  needsApproval: v.boolean(),
  parameter: v.object({
    parameterName: v.string(),
    finding: EnvFinding.entries.finding,
    version: count,
    modifiedAt: v.nullable(timestamp),
  }),
  restore: v.nullable(
    v.object({ source: EnvUpload.entries.source, restoredKeys: names, revertedKeys: names, keyCount: count }),
  ),
  deploy: v.nullable(v.object({ documentName: v.string(), instanceIds: names, commands: names, problem })),
  function: v.object({
    functionName: v.string(),
    revisionId: v.nullable(v.string()),
    setKeys: names,
    removedKeys: names,
    problem,
  }),
});
export type RecoveryPlan = v.InferOutput<typeof RecoveryPlan>;

/** What a person has answered to a plan. */
export const Approval = v.object({
  decision: v.picklist(['Approved', 'Rejected']),
  /** Of the plan that was answered. */
  hash: v.string(),
  by: v.pipe(v.string(), v.maxLength(256)),
});
export type Approval = v.InferOutput<typeof Approval>;

export const Announcement = v.object({
  /** Why nobody could be told that changes begin; `null` if somebody was. */
  problem: v.nullable(v.picklist(errorNames)),
});
export type Announcement = v.InferOutput<typeof Announcement>;

/** The state object behind `TakeLease`; every later field is there if its state has run. */
export const RecoveryState = v.object({
  request: Request,
  /** `null` for a plan, which changes nothing and needs none. */
  lease: v.nullable(v.object({ token: count, takenAt: timestamp })),
  env: v.exactOptional(EnvFinding),
  check: v.exactOptional(EndpointCheck),
  plan: v.exactOptional(RecoveryPlan),
  approval: v.exactOptional(Approval),
  announcement: v.exactOptional(Announcement),
  upload: v.exactOptional(EnvUpload),
  deployment: v.exactOptional(Deployment),
  endpoint: v.exactOptional(EndpointProof),
  patch: v.exactOptional(FunctionPatch),
  backlog: v.exactOptional(BacklogProof),
  knownGood: v.exactOptional(KnownGood),
});
export type RecoveryState = v.InferOutput<typeof RecoveryState>;

type StateWith<Key extends keyof RecoveryState> = RecoveryState & Required<Pick<RecoveryState, Key>>;

export const TakeLeaseOutput = v.pick(RecoveryState, ['request', 'lease']);
export type TakeLeaseOutput = v.InferOutput<typeof TakeLeaseOutput>;

export const ValidateEnvInput = v.object({});
export type ValidateEnvInput = v.InferOutput<typeof ValidateEnvInput> & Execution;

export const CheckEndpointInput = v.object({});
export type CheckEndpointInput = v.InferOutput<typeof CheckEndpointInput> & Execution;

export const PlanRecoveryInput = v.object({
  ...v.pick(RecoveryState, ['request', 'check']).entries,
  env: EnvFinding,
});
export type PlanRecoveryInput = v.InferOutput<typeof PlanRecoveryInput> & Execution;

export const RequestApprovalInput = v.object({ request: Request, plan: RecoveryPlan });
export type RequestApprovalInput = v.InferOutput<typeof RequestApprovalInput> &
  Execution & { readonly taskToken: string };

export const AnnounceRecoveryInput = v.object({ request: Request, plan: RecoveryPlan });
export type AnnounceRecoveryInput = v.InferOutput<typeof AnnounceRecoveryInput> & Execution;

export const UploadEnvInput = v.object({ env: EnvFinding, plan: RecoveryPlan });
export type UploadEnvInput = v.InferOutput<typeof UploadEnvInput> & Execution;

export const DeployApiInput = v.object({
  ...v.pick(RecoveryState, ['deployment']).entries,
  plan: RecoveryPlan,
});
export type DeployApiInput = v.InferOutput<typeof DeployApiInput> &
  Execution & {
    /** How often the state machine has tried this state before. */
    readonly retryCount: number;
  };

export const AwaitDeployInput = v.object({ deployment: Deployment });
export type AwaitDeployInput = v.InferOutput<typeof AwaitDeployInput> & Execution;

export const VerifyEndpointInput = v.object({});
export type VerifyEndpointInput = v.InferOutput<typeof VerifyEndpointInput> & Execution;

export const PatchLambdaEnvInput = v.object({ plan: RecoveryPlan });
export type PatchLambdaEnvInput = v.InferOutput<typeof PatchLambdaEnvInput> & Execution;

export const ConfirmBacklogInput = v.object({
  ...v.pick(RecoveryState, ['upload', 'deployment']).entries,
  patch: FunctionPatch,
});
export type ConfirmBacklogInput = v.InferOutput<typeof ConfirmBacklogInput> & Execution;

export const MarkKnownGoodInput = v.object({
  ...v.pick(RecoveryState, ['upload', 'deployment']).entries,
  env: EnvFinding,
  /** The proof without which nothing is marked: HTTP 200, and a fresh number. */
  endpoint: EndpointProof,
  backlog: BacklogProof,
});
export type MarkKnownGoodInput = v.InferOutput<typeof MarkKnownGoodInput> & Execution;

export const ReportRecoveryInput = v.object({
  ...RecoveryState.entries,
  env: EnvFinding,
  plan: RecoveryPlan,
  endpoint: EndpointProof,
  patch: FunctionPatch,
  backlog: BacklogProof,
  knownGood: KnownGood,
});
export type ReportRecoveryInput = v.InferOutput<typeof ReportRecoveryInput> & Execution;

/** Without an approval nobody has answered in time. */
export const ReportRefusalInput = v.object({
  ...v.pick(RecoveryState, ['request', 'approval']).entries,
  plan: RecoveryPlan,
});
export type ReportRefusalInput = v.InferOutput<typeof ReportRefusalInput> & Execution;

/** Whether this execution had to mend something: the env, the deployment, or the metric function. */
export function wasRepaired(state: Pick<ReportRecoveryInput, 'upload' | 'deployment' | 'patch'>): boolean {
  return state.upload !== undefined || state.deployment !== undefined || state.patch.outcome === 'Patched';
}

/** The output of the execution. */
export const RecoveryReport = v.object({
  outcome: v.picklist(['Recovered', 'Healthy']),
  execution: v.string(),
  trigger: Request.entries.trigger,
  reason: Request.entries.reason,
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

/** The output of an execution whose plan was not approved. Nothing was changed. */
export const RefusalReport = v.object({
  /** `PlanChanged`: it was approved, and then things were no longer as the plan had them. */
  outcome: v.picklist(['NotApproved', 'PlanChanged']),
  execution: v.string(),
  trigger: Request.entries.trigger,
  reason: Request.entries.reason,
  startedAt: timestamp,
  finishedAt: timestamp,
  /** `null` if nobody has answered in time. */
  answer: v.nullable(Approval),
  plan: RecoveryPlan,
});
export type RefusalReport = v.InferOutput<typeof RefusalReport>;

/** Comes from the context object, in the state's `Parameters`. */
type FromContext = Execution & Pick<DeployApiInput, 'retryCount'> & Pick<RequestApprovalInput, 'taskToken'>;
type Feeds<Provided extends Needed, Needed> = [Provided, Needed];
type Planned = StateWith<'env' | 'plan'> & FromContext;
type Deployed = StateWith<'env' | 'plan' | 'deployment'> & FromContext;
type Verified = StateWith<'env' | 'plan' | 'endpoint'> & FromContext;
/**
 * The chain, for the compiler: the state object as it stands on each way into a state has to satisfy that
 * state's input. A function that starts to need a field which a path doesn't provide stops compiling here.
 */
export type Chain = [
  Feeds<TakeLeaseOutput & FromContext, ValidateEnvInput>,
  Feeds<StateWith<'env'> & FromContext, CheckEndpointInput>,
  Feeds<StateWith<'env'> & FromContext, PlanRecoveryInput>,
  Feeds<Planned, RequestApprovalInput>,
  Feeds<StateWith<'approval'> & FromContext, ValidateEnvInput>,
  Feeds<Planned, ReportRefusalInput>,
  Feeds<Planned, AnnounceRecoveryInput>,
  Feeds<Planned, UploadEnvInput>,
  Feeds<Planned, DeployApiInput>,
  Feeds<Deployed, AwaitDeployInput>,
  Feeds<Deployed, DeployApiInput>,
  Feeds<Planned, VerifyEndpointInput>,
  Feeds<Verified, PatchLambdaEnvInput>,
  Feeds<Verified & StateWith<'patch'>, ConfirmBacklogInput>,
  Feeds<Verified & StateWith<'patch' | 'backlog'>, MarkKnownGoodInput>,
  Feeds<Verified & StateWith<'patch' | 'backlog' | 'knownGood'>, ReportRecoveryInput>,
];
