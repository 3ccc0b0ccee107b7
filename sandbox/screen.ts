/** What a person sees of an execution: one line for each state, and the proof at the end. */
import * as v from 'valibot';
import { TakeLeaseOutput } from '../workflow/chain.ts';
import { endpointText, metricTexts, scalingText } from '../workflow/end-message.ts';
import { describeSource } from '../workflow/good-version.ts';
import { notInTarget } from '../workflow/messages.ts';
import { changesFunction, RecoveryPlan } from '../workflow/plan.ts';
import type { RecoveryReport } from '../workflow/report.ts';
import {
  Announcement,
  BacklogProof,
  Deployment,
  EndpointCheck,
  EndpointProof,
  EnvFinding,
  EnvUpload,
  FunctionPatch,
  KnownGood,
  Skip,
} from '../workflow/results.ts';
import { counted, listNames } from '../workflow/words.ts';
import type { Execution } from './services/execution.ts';
import type { HistoryEvent } from './services/execution-events.ts';

/** One finding in words for each Task state, from the result of its function. */
const findings: Record<string, (result: unknown) => string> = {
  TakeLease: (result) => {
    const skip = v.safeParse(Skip, result);
    if (skip.success) return `${skip.output.outcome}: ${skip.output.message}`;
    const { lease, request } = v.parse(TakeLeaseOutput, result);
    return `${lease ? 'taken' : 'not needed for a plan'}; started by ${request.trigger}`;
  },
  ValidateEnv: (result) => {
    const env = v.parse(EnvFinding, result);
    const missing = [
      ...env.missingKeys,
      ...env.blankKeys,
      ...env.missingPrefixes.map((prefix) => `${prefix}…`),
    ];
    return env.complete
      ? `complete: version ${env.version}, ${env.keyCount} keys`
      : `${env.finding.toLowerCase()}: version ${env.version} has ${counted(env.keyCount, 'key')}; missing ${listNames(missing, 8)}`;
  },
  PlanRecovery: (result) => {
    const plan = v.parse(RecoveryPlan, result);
    const { restore, deploy, function: patched } = plan;
    const steps = [
      ...(restore ? ['restore'] : []),
      ...(deploy ? ['deploy'] : []),
      ...(patched && changesFunction(patched) ? ['patch'] : []),
    ];
    return `${steps.join(', ') || 'nothing to do'} (plan ${plan.hash.slice(0, 12)})`;
  },
  AnnounceRecovery: (result) => {
    const { problem } = v.parse(Announcement, result);
    return problem ? `nobody could be told: ${problem}` : 'told';
  },
  UploadEnv: (result) => {
    const upload = v.parse(EnvUpload, result);
    if (upload.outcome === 'NotPlanned') return 'nothing to restore';
    const { outcome, version, source, keyCount, restoredKeys } = upload;
    if (outcome === 'AlreadyComplete') return `already complete: version ${version}`;
    if (!source) return `merged in what had been written over; version ${version} has ${keyCount} keys`;
    return `restored ${counted(restoredKeys.length, 'key')} from ${describeSource(source)}; version ${version} has ${keyCount}`;
  },
  CheckEndpoint: (result) => {
    const { finding, httpStatus } = v.parse(EndpointCheck, result);
    return `${finding === 'NotAsked' ? 'not asked: a deploy follows anyway' : finding}${httpStatus === null ? '' : ` (HTTP ${httpStatus})`}`;
  },
  DeployApi: (result) => {
    const deployment = v.parse(Deployment, result);
    if (deployment.outcome === 'NotPlanned') return 'nothing to deploy';
    const { outcome, resumed, commandId, instanceIds } = deployment;
    return `${resumed ? 'found' : 'sent'} command ${commandId.slice(0, 8)} ${outcome === 'Success' ? 'succeeded on' : 'still runs on'} ${instanceIds.join(', ')}`;
  },
  VerifyEndpoint: (result) => {
    const { httpStatus, backlog } = v.parse(EndpointProof, result);
    return `HTTP ${httpStatus}${backlog === null ? '' : `, backlog ${backlog}`}`;
  },
  PatchLambdaEnv: (result) => {
    const patch = v.parse(FunctionPatch, result);
    if (patch.outcome === 'NotInTarget') return notInTarget;
    const { outcome, setKeys, removedKeys, keptKeyCount } = patch;
    if (outcome === 'Unchanged') return 'nothing to change';
    return `set ${listNames(setKeys)}; removed ${listNames(removedKeys)}; kept ${keptKeyCount}`;
  },
  ConfirmBacklog: (result) => {
    const { backlog, metric, datapoint, scaling } = v.parse(BacklogProof, result);
    const seen = [
      ...(backlog === null ? [] : [`the function counts ${backlog}`]),
      ...(datapoint ? [`${metric} = ${datapoint.value} at ${datapoint.timestamp.slice(11, 19)} UTC`] : []),
      ...(scaling ? [`workers: ${scaling.outcome}`] : []),
    ];
    return seen.join('; ') || notInTarget;
  },
  MarkKnownGood: (result) => {
    const { outcome, version, why, backup } = v.parse(KnownGood, result);
    if (outcome !== 'Marked' && outcome !== 'AlreadyMarked') return `nothing marked: ${why}`;
    const copied = backup ? `; copy in ${backup.parameterName}` : '';
    return `version ${version} is ${outcome === 'Marked' ? 'now ' : ''}known-good${copied}`;
  },
  ReportRecovery: (result) => v.parse(v.object({ outcome: v.string() }), result).outcome,
};

export const Entered = v.object({ stateEnteredEventDetails: v.object({ name: v.string() }) });
const Succeeded = v.object({ lambdaFunctionSucceededEventDetails: v.object({ output: v.string() }) });
const Failed = v.object({
  lambdaFunctionFailedEventDetails: v.object({ error: v.string(), cause: v.string() }),
});

/** Prints an execution's events as they come. */
export class Screen {
  readonly #print: (line: string) => void;
  readonly #name: string;
  #state = '';
  #attempt = 0;
  #startedAt = 0;
  #failure = '';

  /** @param name of the execution. */
  constructor(print: (line: string) => void, name: string) {
    this.#print = print;
    this.#name = name;
  }

  show(event: HistoryEvent): void {
    if (event.type === 'ExecutionFailed') this.#print(`  ${this.#failure}`);
    if (event.type === 'ExecutionStarted') this.#print(`Execution ${this.#name}`);
    const entered = v.safeParse(Entered, event);
    if (entered.success) {
      this.#state = entered.output.stateEnteredEventDetails.name;
      this.#attempt = 0;
      return;
    }
    if (event.type === 'LambdaFunctionScheduled') {
      this.#attempt += 1;
      this.#startedAt = event.timestamp.getTime();
      return;
    }
    const succeeded = v.safeParse(Succeeded, event);
    if (succeeded.success) {
      const result: unknown = JSON.parse(succeeded.output.lambdaFunctionSucceededEventDetails.output);
      this.#line(event, findings[this.#state]?.(result) ?? 'done');
    }
    const failed = v.safeParse(Failed, event);
    if (failed.success) {
      const { error, cause } = failed.output.lambdaFunctionFailedEventDetails;
      this.#line(event, error);
      this.#failure = causeMessage(cause);
    }
  }

  #line(event: HistoryEvent, finding: string): void {
    const time = event.timestamp.toTimeString().slice(0, 8);
    const seconds = ((event.timestamp.getTime() - this.#startedAt) / 1000).toFixed(1);
    const attempt = this.#attempt > 1 ? ` (attempt ${this.#attempt})` : '';
    this.#print(`  ${time}  ${this.#state.padEnd(16)} ${seconds.padStart(5)} s  ${finding}${attempt}`);
  }
}

/** The message in a cause, which Lambda writes as JSON with `errorMessage`. */
function causeMessage(cause: string | undefined): string {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), v.object({ errorMessage: v.string() })),
    cause,
  );
  return parsed.success ? parsed.output.errorMessage : (cause ?? '');
}

/** What was wrong, what was done, and the proof. */
export function reportLines(report: RecoveryReport, execution: Execution): string[] {
  const { env, deployment, function: patched, scaling, callers } = report;
  return [
    `${report.outcome} in ${report.durationSeconds} s (execution ${execution.name})`,
    '',
    '  What was wrong',
    `    ${env.parameterName} was ${env.finding.toLowerCase()}${env.restoredKeys.length > 0 ? `, without ${listNames(env.restoredKeys, 20)}` : ''}`,
    ...env.notes.map((note) => `    ${note}`),
    ...(patched && patched.removedKeys.length > 0
      ? [`    ${patched.functionName} had ${listNames(patched.removedKeys)} in its environment`]
      : []),
    '  What was done',
    `    env: ${env.restoredKeys.length > 0 ? `${counted(env.restoredKeys.length, 'key')} restored` : 'nothing'}`,
    `    deploy: ${deployment ? `${deployment.instanceIds.join(', ')} in ${deployment.durationSeconds} s` : 'none'}`,
    `    function: ${patched?.outcome === 'Patched' ? `${counted(patched.setKeys.length, 'variable')} set, ${patched.removedKeys.length} removed, ${patched.keptKeyCount ?? 0} kept` : 'nothing'}`,
    '  Proof',
    `    keys      ${env.keyCountBefore} before (version ${env.versionBefore}), ${env.keyCountAfter} after (version ${env.versionAfter})`,
    `    endpoint  ${endpointText(report)}`,
    ...metricTexts(report).map((text) => `    metric    ${text}`),
    ...(callers ? [`    calls     ${callers.says}`] : []),
    ...(scaling ? [`    workers   ${scalingText(scaling)}`] : []),
  ];
}
