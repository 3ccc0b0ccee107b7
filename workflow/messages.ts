/**
 * What a person is told: plain text that can be read on a phone at night. Names, versions, counts and commands; the
 * messages of errors are those of the closed list, which hold no value.
 */
import type { FailedRun } from './failure.ts';
import { nameOfOrigin } from './restore.ts';
import type {
  EnvUpload,
  ExecutionRef,
  RecoveryPlan,
  RecoveryReport,
  RefusalReport,
  Request,
} from './states.ts';
import { counted, duration, executionName, listNames } from './words.ts';

export interface Notification {
  /** SNS takes up to 100 characters of ASCII, without line breaks. */
  readonly subject: string;
  readonly text: string;
}

/** Of which recovery the talk is. */
interface Recovery {
  readonly target: string;
  readonly execution: Pick<ExecutionRef, 'arn'>;
}

/** Sent once, right before the first change. */
export function startNotification(recovery: Recovery, request: Request, plan: RecoveryPlan): Notification {
  return {
    subject: subjectOf(recovery, 'recovery started'),
    text: paragraphs(
      `env-recovery has started to repair ${recovery.target}.`,
      [reasonLine(request, plan), 'What it will do', ...planLines(plan)],
      [linkLine(recovery), `To stop it:   ${command('stop-execution', recovery)}`],
    ),
  };
}

/** Sent when a target asks for an approval. */
export function approvalNotification(
  recovery: Recovery,
  request: Request,
  plan: RecoveryPlan,
  until: string,
): Notification {
  const name = executionName(recovery.execution.arn);
  return {
    subject: subjectOf(recovery, 'approval needed'),
    text: paragraphs(
      `env-recovery wants to repair ${recovery.target}, and waits for your approval until ${until}. Nothing has been changed.`,
      [
        reasonLine(request, plan),
        'What it would do',
        ...planLines(plan),
        `Plan:         ${plan.hash.slice(0, 12)}`,
      ],
      [
        'In the folder of env-recovery:',
        `To approve:   ${recoverCommand(`approve ${name}`, recovery)}`,
        `To reject:    ${recoverCommand(`reject ${name}`, recovery)}`,
        linkLine(recovery),
      ],
      'If nobody answers, it ends as not approved. If anything has changed by the time of the approval, it ends as well, and says so.',
    ),
  };
}

/** Sent once at the end of an execution that has repaired something, or that an alarm has started for nothing. */
export function endNotification(recovery: Recovery, report: RecoveryReport): Notification {
  if (report.outcome === 'Healthy') return falseAlarmNotification(recovery, report);
  const { env, deployment, endpoint, function: patched, metric } = report;
  return {
    subject: subjectOf(recovery, 'recovered'),
    text: paragraphs(
      `${recovery.target} is recovered: HTTP ${endpoint.httpStatus}, backlog ${endpoint.backlog}, ${metric.name} = ${metric.value} at ${metric.timestamp}.`,
      [
        reasonLine(report, { parameter: { ...env, version: env.versionBefore } }, 'was'),
        'What was done',
        env.versionAfter === env.versionBefore
          ? `  env         nothing; version ${env.versionAfter} has ${counted(env.keyCountAfter, 'key')}`
          : `  env         ${restoredText(env)}; version ${env.versionAfter} has ${env.keyCountAfter}`,
        deployment
          ? `  deploy      ${deployment.instanceIds.join(', ')} in ${duration(deployment.durationSeconds)}`
          : '  deploy      none',
        `  function    ${patched.functionName}: ${functionText(patched)}`,
        ...env.notes.map((note) => `  note        ${note}`),
        `It took:      ${duration(report.durationSeconds)}`,
      ],
      [
        env.restoredKeys.length > 0
          ? `To do:        find out who overwrote the parameter: ${recoverCommand('env history', recovery)}`
          : 'To do:        nothing.',
        linkLine(recovery),
      ],
    ),
  };
}

function falseAlarmNotification(recovery: Recovery, report: RecoveryReport): Notification {
  const { env, endpoint, function: patched, metric } = report;
  return {
    subject: subjectOf(recovery, 'alarm, but nothing to repair'),
    text: paragraphs(
      `An alarm has started a recovery of ${recovery.target}, and there was nothing to repair.`,
      [
        `Why:          started by ${startedBy(report)}`,
        'What was seen',
        `  env         ${env.parameterName} is complete (version ${env.versionAfter})`,
        `  endpoint    HTTP ${endpoint.httpStatus}, backlog ${endpoint.backlog}`,
        `  metric      ${metric.name} = ${metric.value} at ${metric.timestamp}, when ${patched.functionName} was invoked just now`,
      ],
      [
        `To do:        see that ${patched.functionName} is invoked by its schedule, each minute. If it is, look at the alarm.`,
        linkLine(recovery),
      ],
    ),
  };
}

/** Sent at the end of an execution whose plan was not approved. */
export function refusalNotification(recovery: Recovery, report: RefusalReport): Notification {
  const { answer, outcome, plan } = report;
  const why =
    outcome === 'PlanChanged'
      ? `${answer?.by ?? 'Somebody'} approved it, but by then things were no longer as the plan had them.`
      : answer
        ? `${answer.by} rejected it.`
        : 'Nobody answered in time.';
  return {
    subject: subjectOf(recovery, outcome === 'PlanChanged' ? 'plan has changed' : 'not approved'),
    text: paragraphs(
      `env-recovery has not repaired ${recovery.target}. ${why} Nothing was changed.`,
      [reasonLine(report, plan), 'What it would have done', ...planLines(plan)],
      [`To do:        if it is still broken, start it anew: ${startCommand(recovery)}`, linkLine(recovery)],
    ),
  };
}

/** Sent when an execution has failed, was aborted, or has run out of time. */
export function failureNotification(recovery: Recovery, failed: FailedRun): Notification {
  const { upload, deployment, patch } = failed.done;
  const done = [
    ...(upload
      ? [
          `  env         version ${upload.version} has ${counted(upload.keyCount, 'key')}, ${upload.restoredKeys.length} of them restored`,
        ]
      : []),
    ...(deployment?.status === 'Success' ? [`  deploy      ${deployment.instanceIds.join(', ')}`] : []),
    ...(patch?.outcome === 'Patched' ? [`  function    ${patch.functionName}: ${functionText(patch)}`] : []),
    ...failed.cancelledCommands.map((id) => `  cancelled   command ${id}, which was still running`),
  ];
  return {
    subject: subjectOf(recovery, subjectWords(failed)),
    text: paragraphs(
      failed.isDone
        ? `${recovery.target} was found in order or repaired, but its execution did not come to its end: ${failed.headline}.`
        : `${recovery.target} is NOT recovered: ${failed.headline}.`,
      [
        `Cause:        ${failed.cause}`,
        ...(failed.request ? [`Started by:   ${startedBy(failed.request)}`] : []),
        'What was done',
        ...(done.length > 0 ? done : ['  nothing']),
        `It took:      ${duration(failed.durationSeconds)}`,
      ],
      [
        `To do:        ${failed.remedy}`,
        ...(failed.mayGoOn ? [`To go on:     ${command('redrive-execution', recovery)}`] : []),
        `To start:     ${startCommand(recovery, failed.needsDeploy)}`,
        linkLine(recovery),
      ],
      failed.pause ?? '',
    ),
  };
}

/** Paragraphs with a blank line between them; each a text or lines. */
function paragraphs(...parts: readonly (string | readonly string[])[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.join('\n')))
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function subjectOf({ target }: Recovery, what: string): string {
  return `env-recovery: ${target} ${what}`;
}

function reasonLine(
  request: Pick<Request, 'trigger' | 'reason'>,
  {
    parameter,
  }: { readonly parameter: Pick<RecoveryPlan['parameter'], 'parameterName' | 'finding' | 'version'> },
  verb = 'is',
): string {
  const { parameterName, finding, version } = parameter;
  return `Why:          ${parameterName} ${version > 0 ? `(version ${version}) ` : ''}${verb} ${finding.toLowerCase()}; started by ${startedBy(request)}`;
}

function startedBy({ trigger, reason }: Pick<Request, 'trigger' | 'reason'>): string {
  const who = {
    operator: 'a person',
    alarm: 'an alarm',
    parameter: 'a change of the parameter',
    schedule: 'the schedule',
  };
  return `${who[trigger]}${reason === null ? '' : `: ${reason}`}`;
}

/** What is planned, one line for each part of it. */
export function planLines({ restore, deploy, function: patched }: RecoveryPlan): string[] {
  const problemOf = (problem: { readonly error: string; readonly message: string } | null) =>
    problem ? [`              ${problem.error}: ${problem.message}`] : [];
  return [
    `  env         ${restore ? restoredText(restore) : 'nothing'}`,
    ...(restore?.revertedKeys ?? []).map((key) => `              ${key} goes back to its known-good value`),
    `  deploy      ${deploy ? `${listNames(deploy.instanceIds, 10)} with ${deploy.documentName}` : 'none'}`,
    ...(deploy?.commands ?? []).map((line) => `              > ${line}`),
    ...problemOf(deploy?.problem ?? null),
    `  function    ${patched.functionName}: ${functionText(patched)}`,
    ...problemOf(patched.problem),
  ];
}

function restoredText({ restoredKeys, source }: Pick<EnvUpload, 'restoredKeys' | 'source'>): string {
  if (restoredKeys.length === 0) return 'written anew, as its reader can read it';
  const from = source ? ` from ${nameOfOrigin(source)}` : '';
  return `${counted(restoredKeys.length, 'key')}${from}: ${listNames(restoredKeys, 20)}`;
}

function functionText({
  setKeys,
  removedKeys,
}: Pick<RecoveryPlan['function'], 'setKeys' | 'removedKeys'>): string {
  if (setKeys.length + removedKeys.length === 0) return 'nothing';
  return `set ${listNames(setKeys)}; remove ${listNames(removedKeys)}`;
}

function regionOf({ execution: { arn } }: Recovery): string {
  return arn.split(':')[3] ?? '';
}

function linkLine(recovery: Recovery): string {
  const { arn } = recovery.execution;
  const [, partition = 'aws'] = arn.split(':');
  const region = regionOf(recovery);
  const domain =
    { 'aws-cn': 'console.amazonaws.cn', 'aws-us-gov': 'console.amazonaws-us-gov.com' }[partition] ??
    'console.aws.amazon.com';
  return `Execution:    https://${region}.${domain}/states/home?region=${region}#/v2/executions/details/${arn}`;
}

/** Without `--no-install`, npx would fetch an unrelated package of that name wherever this one isn't. */
function recoverCommand(words: string, recovery: Recovery): string {
  return `npx --no-install recover ${words} --target ${recovery.target} --region ${regionOf(recovery)}`;
}

function command(name: string, recovery: Recovery): string {
  return `aws stepfunctions ${name} --region ${regionOf(recovery)} --execution-arn ${recovery.execution.arn}`;
}

function subjectWords({ isDone, isPaused, ending }: FailedRun): string {
  if (isDone) return `in order, but its execution ${ending}`;
  return isPaused ? 'FAILED, and starts no more by itself' : ending;
}

function startCommand(recovery: Recovery, isDeploying = false): string {
  const machine = recovery.execution.arn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, '');
  return `aws stepfunctions start-execution --region ${regionOf(recovery)} --state-machine-arn ${machine} --input "{\\"force\\":true${isDeploying ? ',\\"deploy\\":\\"always\\"' : ''}}"`;
}
