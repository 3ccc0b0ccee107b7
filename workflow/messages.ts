/**
 * What a person is told: plain text that can be read on a phone at night, with names, versions, counts and commands.
 * Error messages are those of the closed list, which hold no value.
 */
import { deployOf, patchOf, restorationOf } from './chain.ts';
import { executionCommand, linkOf, type Recovery, recoverCommand, startCommand } from './commands.ts';
import { diagnosisLine, diagnosisLines } from './doctor/summary.ts';
import { wayLines } from './doctor/way.ts';
import type { FailureReport } from './failure.ts';
import { describePatch } from './function-patch.ts';
import { describeSource } from './good-version.ts';
import { changesFunction, type PlannedFunction, type RecoveryPlan } from './plan.ts';
import type { RefusalReport } from './report.ts';
import type { Request } from './request.ts';
import { notesOnRestore } from './restore.ts';
import type { Restoration } from './results.ts';
import { counted, duration, executionName, listNames } from './words.ts';

export interface Notification {
  /** SNS takes up to 100 characters of ASCII, without line breaks. */
  readonly subject: string;
  readonly text: string;
}

/** Sent once, right before the first change. */
export function startNotification(recovery: Recovery, request: Request, plan: RecoveryPlan): Notification {
  return {
    subject: subjectOf(recovery, 'recovery started'),
    text: paragraphs(
      `env-recovery has started to repair ${recovery.target}.`,
      [reasonLine({ request, ...plan }), ...calendarLines(plan), 'What it will do', ...planLines(plan)],
      [`Execution:    ${linkOf(recovery)}`, `To stop it:   ${executionCommand('stop-execution', recovery)}`],
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
      `env-recovery wants to repair ${recovery.target} and waits for your approval until ${until}. Nothing has been changed.`,
      [
        reasonLine({ request, ...plan }),
        ...(plan.diagnosis ? [diagnosisLine(plan.diagnosis)] : []),
        ...calendarLines(plan),
        'What it would do',
        ...planLines(plan),
        `Plan:         ${plan.hash.slice(0, 12)}`,
      ],
      [
        'In the folder of env-recovery:',
        `To approve:   ${recoverCommand(`approve ${name}`, recovery)}`,
        `To reject:    ${recoverCommand(`reject ${name}`, recovery)}`,
        `Execution:    ${linkOf(recovery)}`,
      ],
      'If nobody answers by then, or if this plan is out of date when you approve it, nothing is changed, and a message says so.',
    ),
  };
}

/** Sent at the end of an execution whose plan was not approved. */
export function refusalNotification(recovery: Recovery, report: RefusalReport): Notification {
  const { answer, outcome, plan } = report;
  const why =
    outcome === 'PlanChanged'
      ? `${answererOf(answer)} approved the plan, but by then it was out of date.`
      : answer
        ? `${answererOf(answer)} rejected the plan.`
        : 'Nobody answered in time.';
  return {
    subject: subjectOf(recovery, outcome === 'PlanChanged' ? 'plan has changed' : 'not approved'),
    text: paragraphs(
      `env-recovery has not repaired ${recovery.target}. ${why} Nothing was changed.`,
      [reasonLine({ request: report, ...report.plan }), 'What it would have done', ...planLines(plan)],
      [
        `To do:        If it is still broken, start it again: ${startCommand(recovery)}`,
        `Execution:    ${linkOf(recovery)}`,
      ],
    ),
  };
}

/** Sent when an execution has failed, was stopped, or has run out of time. */
export function failureNotification(recovery: Recovery, failed: FailureReport): Notification {
  const { done, headline, remedy, next } = failed;
  const deploys = next === 'StartWithDeploy';
  return {
    subject: subjectOf(recovery, failureSubject(failed)),
    text: paragraphs(
      failed.isDone
        ? `${recovery.target} was found in order or was repaired, but its execution could not end: ${headline}.`
        : `${recovery.target} is NOT recovered: ${headline}.`,
      [
        `Cause:        ${failed.cause}`,
        ...wayLines(failed.way),
        ...(done.request ? [`Started by:   ${startedBy(done.request)}`] : []),
        'What was done',
        ...doneLines(failed),
        `It took:      ${duration(failed.durationSeconds)}`,
      ],
      diagnosisLines(
        failed.diagnosis,
        failed.way.map(({ says }) => says),
      ),
      [
        `To do:        ${remedy}`,
        ...[...remedy.matchAll(/`recover ([^`]+)`/g)].map(
          ([, words = '']) => `              ${recoverCommand(words, recovery)}`,
        ),
        ...(next === 'Redrive' ? [`To go on:     ${executionCommand('redrive-execution', recovery)}`] : []),
        `Start again:  ${startCommand(recovery, deploys)}`,
        `More on it:   docs/runbook.md#${failed.section}`,
        `Execution:    ${linkOf(recovery)}`,
      ],
      failed.pause ?? '',
    ),
  };
}

function failureSubject({ isDone, isPaused, verb }: FailureReport): string {
  if (isDone) return `in order, but its execution ${verb}`;
  return isPaused ? 'FAILED, and will not start by itself' : verb;
}

function doneLines({ done, cancelledCommands }: FailureReport): string[] {
  const patch = patchOf(done);
  const restoration = restorationOf(done);
  const deploy = deployOf(done);
  const lines = [
    ...(restoration
      ? [
          `  env         version ${restoration.version} has ${counted(restoration.keyCount, 'key')}, ${restoration.restoredKeys.length} of them restored`,
        ]
      : []),
    ...(deploy ? [`  deploy      ${deploy.instanceIds.join(', ')}`] : []),
    ...(patch?.outcome === 'Patched' ? [`  function    ${patch.functionName}: ${describePatch(patch)}`] : []),
    ...cancelledCommands.map((id) => `  cancelled   command ${id}, which was still running`),
  ];
  return lines.length > 0 ? lines : ['  nothing'];
}

/** Paragraphs with a blank line between them; each a text or lines. */
export function paragraphs(...parts: readonly (string | readonly string[])[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.join('\n')))
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

export function subjectOf({ target }: Recovery, what: string): string {
  return `env-recovery: ${target} ${what}`;
}

/** AWS does not tell who has answered. */
function answererOf(answer: RefusalReport['answer']): string {
  return answer ? `Somebody who gave the name ${quoted(answer.by)}` : 'Somebody';
}

/** What was found to be wrong, and what made somebody look. */
interface Grounds {
  readonly request: Pick<Request, 'trigger' | 'reason'>;
  readonly parameter: Pick<RecoveryPlan['parameter'], 'parameterName' | 'finding' | 'version'>;
  readonly endpoint: RecoveryPlan['endpoint'];
  readonly function: Pick<PlannedFunction, 'functionName' | 'setKeys' | 'removedKeys' | 'aliasMove'> | null;
}

export function reasonLine(grounds: Grounds, verb: 'is' | 'was' = 'is'): string {
  return `Why:          ${found(grounds, verb)}; started by ${startedBy(grounds.request)}`;
}

function found({ parameter, endpoint, function: patched }: Grounds, verb: 'is' | 'was'): string {
  const { parameterName, finding, version } = parameter;
  const env = `${parameterName}${version > 0 ? ` (version ${version})` : ''} ${verb} ${finding.toLowerCase()}`;
  if (finding !== 'Complete') return env;
  if (endpoint.finding !== 'Healthy' && endpoint.finding !== 'NotAsked') {
    const status = endpoint.httpStatus === null ? '' : ` (HTTP ${endpoint.httpStatus})`;
    return `the endpoint ${verb} not healthy: ${endpoint.finding}${status}`;
  }
  if (patched === null || !changesFunction(patched)) return env;
  const has = verb === 'is' ? 'has' : 'had';
  return `${patched.functionName} ${has} other variables than the target file asks for`;
}

/** Words from outside stand between quotes, and hold none: nobody can write on as if the message did. */
export function startedBy({ trigger, reason }: Pick<Request, 'trigger' | 'reason'>): string {
  const who = {
    operator: 'a person',
    alarm: 'an alarm',
    parameter: 'a change of the parameter',
    schedule: 'the schedule',
  };
  return `${who[trigger]}${reason === null ? '' : `: ${quoted(reason)}`}`;
}

const quoted = (words: string): string => `"${words.replaceAll('"', "'")}"`;

/** A freeze that nobody could look for is none, and whoever made it has to know. */
const calendarLines = ({ calendarProblem }: RecoveryPlan): string[] =>
  calendarProblem
    ? [`Note:         the change calendars were taken for open: ${calendarProblem.message}`]
    : [];

/** What is planned, one line for each part of it. */
export function planLines({ parameter, restore, deploy, function: patched }: RecoveryPlan): string[] {
  return [
    `  env         ${restore ? restoredText(restore) : 'nothing'}`,
    ...(restore ? notesOnRestore(restore, parameter.version) : []).map((note) => `              ${note}`),
    ...(restore?.revertedKeys ?? []).map((key) => `              ${key} goes back to its known-good value`),
    `  deploy      ${deployText(deploy)}`,
    ...(deploy?.commands ?? []).map((line) => `              > ${line}`),
    ...problemLines(deploy?.problem ?? null),
    `  function    ${patched ? functionText(patched) : notInTarget}`,
    ...problemLines(patched?.problem ?? null),
  ];
}

/** In the place of what the target file leaves out. */
export const notInTarget = 'not in this target';

const functionText = (planned: PlannedFunction): string =>
  `${planned.functionName}: ${planned.problem ? "can't be changed as things are" : describePatch(planned)}`;

function deployText(deploy: RecoveryPlan['deploy']): string {
  if (!deploy) return 'none';
  if (deploy.problem) return `with ${deploy.documentName}, but it can't succeed as things are`;
  return `${listNames(deploy.instanceIds, 10)} with ${deploy.documentName}`;
}

function problemLines(problem: PlannedFunction['problem']): string[] {
  return problem ? [`              ${problem.error}: ${problem.message}`] : [];
}

export function restoredText({ restoredKeys, source }: Pick<Restoration, 'restoredKeys' | 'source'>): string {
  if (restoredKeys.length === 0) return 'rewritten so that its reader understands it';
  const from = source ? ` from ${describeSource(source)}` : '';
  return `${counted(restoredKeys.length, 'key')}${from}: ${listNames(restoredKeys, 20)}`;
}
