/** What a recovery would change, how it goes on, and the hash that an approval is bound to. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { maskAssignments } from '../env/redact.ts';
import { DiagnosisSummary } from './doctor/summary.ts';
import { errorNames } from './errors.ts';
import { names, timestamp, wholeNumber } from './fields.ts';
import { RecoveryError } from './recovery-error.ts';
import type { Request } from './request.ts';
import { AliasMove, EndpointCheck, EnvFinding, RestoreSource } from './results.ts';
import { mostCharacters, oneLine } from './words.ts';

const Problem = v.object({ error: v.picklist(errorNames), message: v.string() });
/** Why a part of the plan can't be carried out as things are; the state that tries will fail with it. */
const problem = v.nullable(Problem);

/** The Choice after PlanRecovery goes by this. */
export const decisions = [
  /** The parameter has another version by now than the one that was validated. */
  'LookAgain',
  /** The execution was to plan only; or nobody let it do more, and there is nothing to do. */
  'ShowPlan',
  /** There is something to do, but the execution may only plan: people are told. */
  'TellPlan',
  /** Nothing to do, and the endpoint was healthy just now. */
  'LeaveAlone',
  /** Nothing to do as far as a plan can tell, but the endpoint was not seen healthy. */
  'Verify',
  /** A person has to approve of the plan. */
  'AskFirst',
  'Repair',
  /** The plan that was approved no longer holds. */
  'Refuse',
] as const;
export type Decision = (typeof decisions)[number];

/** Why an execution only plans that was to recover. */
export const PlanOnly = v.variant('why', [
  /** No person has started it, and `triggers.act` of the target is plan. */
  v.object({ why: v.literal('ActIsPlan') }),
  /** One of the target's change calendars is closed, `until` then; `null` if it is to stay so. */
  v.object({ why: v.literal('Frozen'), calendars: names, until: v.nullable(v.string()) }),
]);
export type PlanOnly = v.InferOutput<typeof PlanOnly>;

/** What a recovery would change. The hash covers its ingredients. */
export const RecoveryPlan = v.object({
  outcome: v.literal('Planned'),
  decision: v.picklist(decisions),
  /** Absent if it is carried out, or if a person asked for a plan only. */
  planOnly: v.exactOptional(PlanOnly),
  /** Why nobody could look at the target's change calendars; they are taken for open then. */
  calendarProblem: v.exactOptional(Problem),
  /** SHA-256 in hex: equal if neither the plan nor what it was made from has changed. */
  hash: v.string(),
  /** Whether the target asks for a person's approval before anything is changed. */
  needsApproval: v.boolean(),
  parameter: v.object({
    parameterName: v.string(),
    finding: EnvFinding.entries.finding,
    version: wholeNumber,
    modifiedAt: v.nullable(timestamp),
  }),
  /** What the endpoint was like when the plan was made; no ingredient, since an API may fail in another way each time. */
  endpoint: v.pick(EndpointCheck, ['finding', 'httpStatus']),
  restore: v.nullable(
    v.object({
      source: v.nullable(RestoreSource),
      restoredKeys: names,
      revertedKeys: names,
      leftOutLines: v.array(wholeNumber),
      sourceNotes: v.array(v.string()),
      keyCount: wholeNumber,
    }),
  ),
  deploy: v.nullable(v.object({ documentName: v.string(), instanceIds: names, commands: names, problem })),
  /** `null` if the target has no metric function. */
  function: v.nullable(
    v.object({
      functionName: v.string(),
      revisionId: v.nullable(v.string()),
      /** The customer managed key of its variables, for messages. */
      kmsKeyArn: v.exactOptional(v.string()),
      setKeys: names,
      removedKeys: names,
      /** Absent if the alias stays where it is, or if the target has none. */
      aliasMove: v.exactOptional(AliasMove),
      problem,
    }),
  ),
  /** What the doctor sees, where a person reads the plan; no ingredient, since it changes nothing of what is done. */
  diagnosis: v.exactOptional(DiagnosisSummary),
});
export type RecoveryPlan = v.InferOutput<typeof RecoveryPlan>;
export type PlannedFunction = NonNullable<RecoveryPlan['function']>;

const answerEntries = {
  /** The plan's. */
  hash: v.string(),
  /** As they say themselves: AWS does not tell who has answered. */
  by: v.pipe(
    v.string(),
    v.maxLength(mostCharacters),
    v.transform((words) => oneLine(maskAssignments(words))),
  ),
};
/** A person's yes to a plan: the output of the task that waits for it. */
export const Approval = v.object({ decision: v.literal('Approved'), ...answerEntries });
export type Approval = v.InferOutput<typeof Approval>;
/** A person's no: the cause of that task's failure. */
export const Rejection = v.object({ decision: v.literal('Rejected'), ...answerEntries });
export type Rejection = v.InferOutput<typeof Rejection>;
/** The name of that failure, which the state machine catches. */
export const planRejected = 'PlanRejected';

/** What happens next, according to the plan and a person's answer. */
export function decide(
  plan: PlanIngredients & Pick<RecoveryPlan, 'hash' | 'needsApproval' | 'planOnly'>,
  { request, env, check, approval }: PlanCircumstances,
): Decision {
  if (plan.parameter.version !== env.version) return 'LookAgain';
  const hasProblem = plan.function !== null && plan.function.problem !== null;
  const isHealthy = check.finding === 'Healthy' && !hasProblem;
  const isInOrder = isHealthy && !hasChanges(plan);
  if (plan.planOnly) return isInOrder ? 'ShowPlan' : 'TellPlan';
  if (request.mode === 'plan') return 'ShowPlan';
  if (!hasChanges(plan)) return isInOrder ? 'LeaveAlone' : 'Verify';
  if (!plan.needsApproval) return 'Repair';
  if (!approval) return 'AskFirst';
  return approval.hash === plan.hash ? 'Repair' : 'Refuse';
}

/** Whether a closed change calendar stops it: where something would be changed, and no person insists on it. */
export const isFreezable = (
  decision: Decision,
  { request, approval }: Pick<PlanCircumstances, 'approval'> & { readonly request: Pick<Request, 'force'> },
): boolean => (decision === 'Repair' || decision === 'AskFirst') && !request.force && approval === undefined;

interface PlanCircumstances {
  readonly request: Pick<Request, 'mode'>;
  readonly env: Pick<EnvFinding, 'version'>;
  readonly check: Pick<EndpointCheck, 'finding'>;
  readonly approval?: Approval;
}

/** What a person approves: what would be changed, and what that was worked out from. */
export type PlanIngredients = Pick<RecoveryPlan, 'parameter' | 'restore' | 'deploy' | 'function'>;

/**
 * SHA-256 in hex over all ingredients, whatever the order of their fields. They are names, versions and revisions only,
 * so the hash tells nothing about a value.
 */
export function hashPlan({ parameter, restore, deploy, function: patched }: PlanIngredients): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted({ parameter, restore, deploy, function: patched })))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** Whether there is anything to do. The label and the copy of a version that works are not counted. */
export function hasChanges({ restore, deploy, function: patched }: PlanIngredients): boolean {
  return restore !== null || deploy !== null || (patched !== null && changesFunction(patched));
}

/** Whether the metric function, or the version that its alias points to, is not as the target asks. */
export const changesFunction = ({
  setKeys,
  removedKeys,
  aliasMove,
}: Pick<PlannedFunction, 'setKeys' | 'removedKeys' | 'aliasMove'>): boolean =>
  setKeys.length + removedKeys.length > 0 || aliasMove !== undefined;

/**
 * Holds a change to what was approved: things can have changed since the approval, all the more after a redrive.
 *
 * @param holds whether the change to be made is the one in the plan; asked only if a person has to approve.
 * @throws RecoveryError PlanOutdated if a person has to approve changes, and has not approved this one.
 */
export async function refuseUnapproved(
  plan: RecoveryPlan,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  if (!plan.needsApproval || (await holds())) return;
  throw new RecoveryError(
    'PlanOutdated',
    `${what} not as in the plan ${plan.hash.slice(0, 12)}, which was approved. Nothing was done that was not approved.`,
  );
}
