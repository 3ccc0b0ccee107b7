import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { readCalendarState } from '../aws/change-calendar.ts';
import { readDocumentCommands } from '../aws/deploy-document.ts';
import { readEnvSince } from '../aws/env-store.ts';
import { lookAtAlias } from '../aws/function-alias.ts';
import { readFunctionEnv, updateFailed } from '../aws/function-environment.ts';
import { listInstances } from '../aws/instances.ts';
import { readMarkedHistory } from '../aws/known-good-env.ts';
import { openLambda } from '../aws/lambda-clients.ts';
import { requireGoodEnv } from '../aws/restore-source.ts';
import { openSsm, ssmOfBackup } from '../aws/ssm-clients.ts';
import { valuesOf } from '../env/entries.ts';
import { PlanRecoveryInput } from '../workflow/chain.ts';
import { passesByItself } from '../workflow/errors.ts';
import { patchFrom, patchVariables } from '../workflow/function-patch.ts';
import { refuseFullHistory } from '../workflow/guard.ts';
import {
  type Decision,
  decide,
  hashPlan,
  isFreezable,
  type PlanIngredients,
  type PlannedFunction,
  type RecoveryPlan,
} from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Request } from '../workflow/request.ts';
import { describeRestore, restoreRules, restoreText } from '../workflow/restore.ts';
import { knownAs } from '../workflow/versions.ts';
import { type AskDoctor, openDoctor } from './runtime/doctor.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { PlanResources } from './runtime/resources.ts';

type PlanRecoveryServices = Services<v.InferOutput<typeof PlanResources>> & {
  readonly ssm: SSMClient;
  /** Of the region of the backup. */
  readonly backupSsm: SSMClient;
  readonly lambda: LambdaClient;
  readonly askDoctor: AskDoctor;
};

/**
 * Works out what has to be changed, by reading only. What stands in the way of the deploy or of the metric function is
 * noted as a problem: it must not stop the env from being restored.
 *
 * @throws RecoveryError EnvRestoreFailed if there is nothing to restore from; EnvHistoryFull if SSM would take no
 *   version.
 */
export async function planRecovery(
  input: PlanRecoveryInput,
  services: PlanRecoveryServices,
): Promise<RecoveryPlan> {
  const { parameter, restore, text } = await planEnv(input, services);
  const ingredients: PlanIngredients = {
    parameter,
    restore,
    deploy: await planDeploy(input, services),
    function: await planFunction(text, services),
  };
  const plan = {
    hash: hashPlan(ingredients),
    needsApproval: services.target.approval !== undefined,
    ...(isObserving(input.request) ? { planOnly: { why: 'ActIsPlan' as const } } : {}),
    endpoint: { finding: input.check.finding, httpStatus: input.check.httpStatus },
    ...ingredients,
  };
  const decision = decide(plan, input);
  const freeze = isFreezable(decision, input) ? await lookAtFreeze(services) : {};
  const decided = { decision: freeze.planOnly ? ('TellPlan' as const) : decision, ...plan, ...freeze };
  if (!isRead.has(decided.decision)) return { outcome: 'Planned', ...decided };
  const { check, execution } = input;
  const { diagnosis } = await services.askDoctor({ executionArn: execution.arn, state: { check } });
  return { outcome: 'Planned', ...decided, diagnosis };
}

/** The other plans are carried out: nobody waits for the doctor. */
const isRead: ReadonlySet<Decision> = new Set<Decision>(['ShowPlan', 'AskFirst', 'TellPlan']);

/**
 * What the change calendars say. If nobody can look, a recovery goes on, and says so: an outage is not left alone
 * because a calendar was deleted, and what a recovery changes can be taken back.
 */
async function lookAtFreeze({
  target,
  ssm,
}: PlanRecoveryServices): Promise<Pick<RecoveryPlan, 'planOnly' | 'calendarProblem'>> {
  const calendars = target.pauses.changeCalendars;
  if (calendars.length === 0) return {};
  const open = { isClosed: false, until: null };
  const { isClosed, until, problem } = await orProblem(open, () => readCalendarState(ssm, calendars));
  if (problem) return { calendarProblem: problem };
  return isClosed ? { planOnly: { why: 'Frozen', calendars, until } } : {};
}

/** An event can't ask for a plan: the target lets it have no more. */
const isObserving = ({ mode, trigger }: Request) => mode === 'plan' && trigger !== 'operator';

async function planEnv({ env }: PlanRecoveryInput, { target, clock, ssm, backupSsm }: PlanRecoveryServices) {
  const { name } = target.parameter;
  // The history can be long, and only a restore needs it.
  const since = { clock, known: env };
  const rules = restoreRules(target);
  const history = env.complete ? [] : await readMarkedHistory(ssm, backupSsm, rules, since);
  const current = env.complete ? await readEnvSince(ssm, name, since) : history.at(-1);
  const parameter: RecoveryPlan['parameter'] = {
    parameterName: name,
    finding: env.finding,
    ...knownAs(current),
  };
  if (env.complete) return { parameter, restore: null, text: current?.text ?? '' };
  const good = await requireGoodEnv(backupSsm, current?.text, history, rules, clock.now());
  refuseFullHistory(name, history);
  const text = restoreText(current?.text ?? '', good, rules);
  const restore: RecoveryPlan['restore'] = {
    source: good?.source ?? null,
    ...describeRestore(text, env, good, history, rules),
  };
  return { parameter, restore, text };
}

async function planDeploy(
  { request, env, check }: PlanRecoveryInput,
  { target, resources, ssm }: PlanRecoveryServices,
): Promise<RecoveryPlan['deploy']> {
  const isNeeded = !env.complete || check.needsDeploy || request.deploy === 'always';
  if (!isNeeded || request.deploy === 'never') return null;
  const documentName = resources.DEPLOY_DOCUMENT;
  const nothing = { instanceIds: [], commands: [] };
  const found = await orProblem(nothing, async () => ({
    instanceIds: (await listInstances(ssm, target.instances)).toSorted(),
    commands: await readDocumentCommands(ssm, documentName),
  }));
  return { documentName, ...found };
}

async function planFunction(
  text: string,
  { target, lambda }: PlanRecoveryServices,
): Promise<RecoveryPlan['function']> {
  const { metricFunction } = target;
  if (metricFunction === undefined) return null;
  const { name: functionName, alias } = metricFunction;
  const nothing = { revisionId: null, setKeys: [], removedKeys: [] };
  const found = await orProblem<Omit<PlannedFunction, 'functionName' | 'problem'>>(nothing, async () => {
    const current = await readFunctionEnv(lambda, functionName);
    const { variables, revisionId, kmsKeyArn, updateStatus, updateReasonCode } = current;
    // A failed update has to be looked at, whatever the variables are.
    if (updateStatus === 'Failed') throw updateFailed(functionName, updateReasonCode);
    const patch = patchFrom(valuesOf(text, target.parameter.reader), target, metricFunction);
    const { setKeys, removedKeys } = patchVariables(variables, patch);
    const aliased =
      alias === undefined
        ? undefined
        : await lookAtAlias(lambda, { name: functionName, alias }, current, patch);
    return {
      revisionId,
      setKeys,
      removedKeys,
      ...(aliased?.move ? { aliasMove: aliased.move } : {}),
      ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }),
    };
  });
  return { functionName, ...found };
}

/** A failure that passes by itself is thrown, so that the state is tried again. */
async function orProblem<T extends object>(
  nothing: T,
  look: () => Promise<T>,
): Promise<T & Pick<PlannedFunction, 'problem'>> {
  try {
    return { ...(await look()), problem: null };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const { name, message } = error;
    if (passesByItself(name)) throw error;
    return { ...nothing, problem: { error: name, message } };
  }
}

export const handler = stateHandler(
  PlanRecoveryInput,
  PlanResources,
  (target) => {
    const ssm = openSsm();
    const backupSsm = ssmOfBackup(ssm, target.restore).reader;
    return { ssm: ssm.reader, backupSsm, lambda: openLambda().reader, askDoctor: openDoctor(target) };
  },
  planRecovery,
);
