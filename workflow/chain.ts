/**
 * The state object that travels through the machine: each Task adds one field, under the name that its `ResultPath`
 * gives. Each state's function parses the fields it needs; a test walks the state machine and holds every way into a
 * state to what that state needs.
 */
import * as v from 'valibot';
import type { ExecutionRef } from './execution-ref.ts';
import { timestamp } from './fields.ts';
import { Approval, RecoveryPlan } from './plan.ts';
import { Request } from './request.ts';
import {
  Announcement,
  BacklogProof,
  Deployment,
  EndpointCheck,
  EndpointProof,
  EnvFinding,
  EnvUpload,
  type FinishedDeploy,
  FunctionPatch,
  KnownGood,
  type PatchedFunction,
  type Restoration,
} from './results.ts';
import type { KnownVersion } from './versions.ts';

/** What a Catch puts into the state. */
const Caught = v.object({ Error: v.string(), Cause: v.optional(v.string(), '') });

/** A person's rejection, or `States.Timeout`. */
export const Refusal = Caught;

/** The state object after `TakeLease`; each later field exists if its state has run. */
export const RecoveryState = v.object({
  request: Request,
  /** `null` for an execution that only plans: it changes nothing, and needs no lease. */
  lease: v.nullable(v.object({ takenAt: timestamp })),
  env: v.exactOptional(EnvFinding),
  check: v.exactOptional(EndpointCheck),
  plan: v.exactOptional(RecoveryPlan),
  approval: v.exactOptional(Approval),
  refusal: v.exactOptional(Refusal),
  announcement: v.exactOptional(Announcement),
  upload: v.exactOptional(EnvUpload),
  deployment: v.exactOptional(Deployment),
  endpoint: v.exactOptional(EndpointProof),
  patch: v.exactOptional(FunctionPatch),
  backlog: v.exactOptional(BacklogProof),
  knownGood: v.exactOptional(KnownGood),
});
export type RecoveryState = v.InferOutput<typeof RecoveryState>;

/** What the context object adds to a state's input. */
interface StateContext {
  readonly execution: ExecutionRef;
}

const optional = RecoveryState.entries;

/** The execution's own input, unparsed: whatever JSON value somebody started it with. */
export const TakeLeaseInput = v.object({ input: v.unknown() });
export type TakeLeaseInput = v.InferOutput<typeof TakeLeaseInput> & StateContext;
export const TakeLeaseOutput = v.pick(RecoveryState, ['request', 'lease']);
export type TakeLeaseOutput = v.InferOutput<typeof TakeLeaseOutput>;

export const ValidateEnvInput = v.object({
  /** What an earlier look has found. */
  env: v.exactOptional(
    v.object({
      ...v.pick(EnvFinding, ['version', 'modifiedAt']).entries,
      /** `EnvOverlooked`: there was a newer version. */
      caught: v.exactOptional(Caught),
    }),
  ),
  plan: optional.plan,
});
export type ValidateEnvInput = v.InferOutput<typeof ValidateEnvInput> & StateContext;

export const CheckEndpointInput = v.object({ request: Request, env: EnvFinding });
export type CheckEndpointInput = v.InferOutput<typeof CheckEndpointInput> & StateContext;

export const PlanRecoveryInput = v.object({
  request: Request,
  env: EnvFinding,
  check: EndpointCheck,
  approval: optional.approval,
});
export type PlanRecoveryInput = v.InferOutput<typeof PlanRecoveryInput> & StateContext;

export const RequestApprovalInput = v.object({ request: Request, plan: RecoveryPlan });
export type RequestApprovalInput = v.InferOutput<typeof RequestApprovalInput> & StateContext;

export const AnnounceRecoveryInput = v.object({ request: Request, plan: RecoveryPlan });
export type AnnounceRecoveryInput = v.InferOutput<typeof AnnounceRecoveryInput> & StateContext;

export const UploadEnvInput = v.object({ env: EnvFinding, plan: RecoveryPlan });
export type UploadEnvInput = v.InferOutput<typeof UploadEnvInput> & StateContext;

/** By which the newest version is known. */
const versionEntries = { env: EnvFinding, upload: optional.upload };

export const DeployApiInput = v.object({
  ...versionEntries,
  plan: RecoveryPlan,
  deployment: optional.deployment,
});
export type DeployApiInput = v.InferOutput<typeof DeployApiInput> &
  StateContext & {
    /** How often the state machine has tried this state before. */
    readonly retryCount: number;
  };

export const VerifyEndpointInput = v.object({ ...versionEntries, deployment: optional.deployment });
export type VerifyEndpointInput = v.InferOutput<typeof VerifyEndpointInput> & StateContext;

export const PatchLambdaEnvInput = v.object({
  ...versionEntries,
  plan: RecoveryPlan,
  deployment: optional.deployment,
});
export type PatchLambdaEnvInput = v.InferOutput<typeof PatchLambdaEnvInput> & StateContext;

/** What was done, if anything. */
const doneEntries = {
  upload: optional.upload,
  deployment: optional.deployment,
  patch: optional.patch,
};

export const ConfirmBacklogInput = v.object({ ...doneEntries, plan: optional.plan });
export type ConfirmBacklogInput = v.InferOutput<typeof ConfirmBacklogInput> & StateContext;

export const MarkKnownGoodInput = v.object({
  env: EnvFinding,
  check: EndpointCheck,
  endpoint: optional.endpoint,
  upload: optional.upload,
  deployment: optional.deployment,
  backlog: BacklogProof,
});
export type MarkKnownGoodInput = v.InferOutput<typeof MarkKnownGoodInput> & StateContext;

/** A run that ends well. */
export const ProvenRun = v.object({
  ...doneEntries,
  request: Request,
  env: EnvFinding,
  check: EndpointCheck,
  plan: RecoveryPlan,
  announcement: optional.announcement,
  endpoint: optional.endpoint,
  backlog: BacklogProof,
  knownGood: KnownGood,
});
export type ProvenRun = v.InferOutput<typeof ProvenRun> & StateContext;

/** A run that was to recover, but only plans. */
export const PlannedRun = v.object({
  request: Request,
  plan: v.object({ ...RecoveryPlan.entries, decision: v.literal('TellPlan') }),
});
export type PlannedRun = v.InferOutput<typeof PlannedRun> & StateContext;

/** A run whose plan was rejected, was not answered in time, or no longer holds. Nothing was changed. */
export const RefusedRun = v.object({
  request: Request,
  plan: RecoveryPlan,
  approval: optional.approval,
  refusal: optional.refusal,
});
export type RefusedRun = v.InferOutput<typeof RefusedRun> & StateContext;

export const ReportRecoveryInput = v.union([PlannedRun, ProvenRun, RefusedRun]);
export type ReportRecoveryInput = v.InferOutput<typeof ReportRecoveryInput> & StateContext;

export const isPlanned = (run: ReportRecoveryInput): run is PlannedRun => run.plan.decision === 'TellPlan';

type Done = Pick<RecoveryState, 'upload' | 'deployment' | 'patch'>;

/** The restored text, if this execution has restored one. */
export function restorationOf({ upload }: Pick<Done, 'upload'>): Restoration | undefined {
  return upload === undefined || upload.outcome === 'NotPlanned' ? undefined : upload;
}

/** The newest version of the parameter that this execution knows of: a read that is older lags behind. */
export function knownVersionOf({
  env,
  ...done
}: Pick<Done, 'upload'> & { readonly env: EnvFinding }): KnownVersion {
  return restorationOf(done) ?? env;
}

/** The newest version that is known when the parameter is looked at again; 0 at the first look. */
export function knownBefore({ env, plan }: v.InferOutput<typeof ValidateEnvInput>): KnownVersion {
  if (env?.caught) return { version: env.version + 1, modifiedAt: env.modifiedAt };
  return plan?.parameter ?? { version: 0, modifiedAt: null };
}

/** The finished deploy, if this execution has deployed. */
export function deployOf({ deployment }: Pick<Done, 'deployment'>): FinishedDeploy | undefined {
  return deployment?.outcome === 'Success' ? deployment : undefined;
}

/** What became of the metric function, if the target has one and its state has run. */
export function patchOf({ patch }: Pick<Done, 'patch'>): PatchedFunction | undefined {
  return patch === undefined || patch.outcome === 'NotInTarget' ? undefined : patch;
}

/** When this execution started, unless it has written or deployed a version since: then it has seen the newest one. */
export function unseenSince({
  execution,
  ...done
}: Pick<Done, 'upload' | 'deployment'> & StateContext): string | undefined {
  return (restorationOf(done) ?? deployOf(done)) ? undefined : execution.startedAt;
}

/** Whether this execution had to repair something: the env, the deployment, or the metric function. */
export function wasRepaired(done: Done): boolean {
  return (
    restorationOf(done) !== undefined || deployOf(done) !== undefined || done.patch?.outcome === 'Patched'
  );
}

/** The proof that the API answers: from after the repair, or from the first look if nothing had to be repaired. */
export function endpointProofOf({
  endpoint,
  check,
}: Pick<RecoveryState, 'endpoint' | 'check'>): EndpointProof | undefined {
  return endpoint ?? check?.proof ?? undefined;
}
