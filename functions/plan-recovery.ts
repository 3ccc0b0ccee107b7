import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { readDocumentCommands } from '../aws/deploy-document.ts';
import { readFunctionEnv } from '../aws/function-environment.ts';
import { listInstances } from '../aws/instances.ts';
import { openLambda } from '../aws/lambda-clients.ts';
import { readHistory, readParameter } from '../aws/parameter.ts';
import { requireGoodEnv } from '../aws/restore-source.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { valuesOf } from '../env/entries.ts';
import { retriedErrorNames } from '../workflow/errors.ts';
import { patchFrom, patchVariables } from '../workflow/function-patch.ts';
import { hasChanges, hashPlan, type PlanIngredients } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { describeRestore, restoreText } from '../workflow/restore.ts';
import { PlanRecoveryInput, type RecoveryPlan } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { PlanSettings } from './runtime/settings.ts';

type PlanRecoveryServices = Services<PlanSettings> & {
  readonly ssm: SSMClient;
  readonly lambda: LambdaClient;
};

/**
 * Works out what has to be changed, by reading only. What stands in the way of the deploy or of the metric function is
 * put down as a problem: it must not keep the env from being restored.
 *
 * @throws RecoveryError EnvRestoreFailed if there is nothing to restore from.
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
  return {
    outcome: 'Planned',
    hash: hashPlan(ingredients),
    changes: hasChanges(ingredients),
    needsApproval: services.settings.NEEDS_APPROVAL,
    ...ingredients,
  };
}

async function planEnv({ env }: PlanRecoveryInput, { settings, clock, ssm }: PlanRecoveryServices) {
  const { ENV_PARAMETER: name, ENV_READER: reader, ENV_CONTRACT: contract } = settings;
  // The history can be long, and is needed for a restore only.
  const history = env.complete ? [] : await readHistory(ssm, name);
  const current = env.complete ? await readParameter(ssm, name) : history.at(-1);
  const parameter: RecoveryPlan['parameter'] = {
    parameterName: name,
    finding: env.finding,
    version: current?.version ?? 0,
    modifiedAt: current?.modifiedAt?.toISOString() ?? null,
  };
  if (env.complete) return { parameter, restore: null, text: current?.text ?? '' };
  const backupParameterName = settings.BACKUP_PARAMETER;
  const rules = { parameterName: name, backupParameterName, reader, contract };
  const good = await requireGoodEnv(ssm, current?.text, history, rules, clock.now());
  const text = restoreText(current?.text ?? '', good, reader);
  const restore: RecoveryPlan['restore'] = {
    source: good?.source ?? null,
    ...describeRestore(text, env, good, rules),
  };
  return { parameter, restore, text };
}

async function planDeploy(
  { request, env, check }: PlanRecoveryInput,
  { settings, ssm }: PlanRecoveryServices,
): Promise<RecoveryPlan['deploy']> {
  const isNeeded = !env.complete || check?.needsDeploy || request.deploy === 'always';
  if (!isNeeded || request.deploy === 'never') return null;
  const documentName = settings.DOCUMENT_NAME;
  const nothing = { instanceIds: [], commands: [] };
  const found = await orProblem(nothing, async () => ({
    instanceIds: (await listInstances(ssm, settings)).toSorted(),
    commands: await readDocumentCommands(ssm, documentName),
  }));
  return { documentName, ...found };
}

async function planFunction(
  text: string,
  { settings, lambda }: PlanRecoveryServices,
): Promise<RecoveryPlan['function']> {
  const functionName = settings.FUNCTION_NAME;
  const nothing = { revisionId: null, setKeys: [], removedKeys: [] };
  const found = await orProblem<Pick<RecoveryPlan['function'], 'revisionId' | 'setKeys' | 'removedKeys'>>(
    nothing,
    async () => {
      const { variables, revisionId } = await readFunctionEnv(lambda, functionName);
      const patch = patchFrom(valuesOf(text, settings.ENV_READER), settings);
      const { setKeys, removedKeys } = patchVariables(variables, patch);
      return { revisionId: revisionId ?? null, setKeys, removedKeys };
    },
  );
  return { functionName, ...found };
}

/** What passes by itself is thrown, so that the state is tried again. */
async function orProblem<T extends object>(
  nothing: T,
  look: () => Promise<T>,
): Promise<T & { problem: RecoveryPlan['function']['problem'] }> {
  try {
    return { ...(await look()), problem: null };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const { name, message } = error;
    if (name === 'CredentialsExpired' || retriedErrorNames.some((transient) => transient === name))
      throw error;
    return { ...nothing, problem: { error: name, message } };
  }
}

export const handler = stateHandler(
  PlanRecoveryInput,
  PlanSettings,
  () => ({ ssm: openSsm().reader, lambda: openLambda().reader }),
  planRecovery,
);
