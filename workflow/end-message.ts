/** What a person is told at the end of an execution that has found everything in order, or has put it in order. */

import { linkOf, lossCommands, type Recovery, recoverCommand } from './commands.ts';
import { describePatch } from './function-patch.ts';
import {
  type Notification,
  notInTarget,
  paragraphs,
  reasonLine,
  restoredText,
  startedBy,
  subjectOf,
} from './messages.ts';
import { lossOf, type Proof, type RecoveryReport } from './report.ts';
import type { ScalingProof } from './results.ts';
import { counted, duration, listNames } from './words.ts';

/** Sent once at the end of an execution that has repaired something, or that an alarm has started for nothing. */
export function endNotification(recovery: Recovery, report: RecoveryReport): Notification {
  if (report.outcome === 'Healthy') return falseAlarmNotification(recovery, report);
  const { env, deployment, function: patched, scaling } = report;
  const loss = lossOf(report);
  const problem = scaling?.outcome === 'NotScaling' ? scaling : undefined;
  const proof = [endpointText(report), ...metricTexts(report)].join(', ');
  const uncalled = report.outcome === 'Inconclusive' ? report.callers : null;
  const [subject, headline] = uncalled
    ? [
        'metric is back, but nobody calls its function',
        `The metric of ${recovery.target} is back (${proof}), but ${uncalled.says}: it will stop again.`,
      ]
    : problem
      ? [
          'metric is back, but its workers do not scale',
          `The metric of ${recovery.target} is back (${proof}), but its workers do NOT scale: ${problem.code}.`,
        ]
      : [
          'recovered',
          `${recovery.target} ${report.proven.length > 1 ? 'works' : 'answers'} again: ${proof}.`,
        ];
  return {
    subject: subjectOf(recovery, subject),
    text: paragraphs(
      headline,
      [
        reasonLine(
          {
            request: report,
            parameter: { ...env, version: env.versionBefore },
            endpoint: report.found,
            function: patched,
          },
          'was',
        ),
        'What was done',
        env.versionAfter === env.versionBefore
          ? `  env         nothing; version ${env.versionAfter} has ${counted(env.keyCountAfter, 'key')}`
          : `  env         ${restoredText(env)}; version ${env.versionAfter} has ${env.keyCountAfter}`,
        deployment
          ? `  deploy      ${deployment.instanceIds.join(', ')} in ${duration(deployment.durationSeconds)}`
          : '  deploy      none',
        `  function    ${patched ? `${patched.functionName}: ${describePatch(patched)}` : notInTarget}`,
        ...(scaling ? [`  workers     ${scalingText(scaling)}`] : []),
        ...env.notes.map((note) => `  note        ${note}`),
        ...notProvenLines(report),
        `It took:      ${duration(report.durationSeconds)}`,
      ],
      problem ? scalingLines(problem) : [],
      [
        ...(uncalled && patched
          ? [
              `To do:        Have ${patched.functionName} called again, by its schedule or by whoever called it before:`,
              `              ${recoverCommand('doctor', recovery)}`,
            ]
          : []),
        env.restoredKeys.length > 0
          ? `To do:        Find out who overwrote the parameter: ${recoverCommand('env history', recovery)}`
          : `To do:        ${loss ? 'Bring the lost keys back, or accept their loss.' : `Nothing${problem || uncalled ? ' else' : ''}.`}`,
        ...(loss ? lossCommands(recovery) : []),
        `Execution:    ${linkOf(recovery)}`,
      ],
    ),
  };
}

function falseAlarmNotification(recovery: Recovery, report: RecoveryReport): Notification {
  const { env, function: patched, metric } = report;
  const [metricText] = metricTexts(report);
  const invoked = patched ? `, after env-recovery invoked ${patched.functionName}` : '';
  return {
    subject: subjectOf(recovery, 'alarm, but nothing to repair'),
    text: paragraphs(
      `An alarm started a recovery of ${recovery.target}, but there was nothing to repair.`,
      [
        `Why:          started by ${startedBy(report)}`,
        'What was seen',
        `  env         ${env.parameterName} is complete (version ${env.versionAfter})`,
        `  endpoint    ${endpointText(report)}`,
        ...(metricText === undefined
          ? []
          : [`  ${metric ? 'metric  ' : 'function'}    ${metricText}${metric ? invoked : ''}`]),
        ...notProvenLines(report),
      ],
      [`To do:        ${toDoAfterFalseAlarm(report)}`, `Execution:    ${linkOf(recovery)}`],
    ),
  };
}

export const endpointText = ({ endpoint: { httpStatus, backlog } }: RecoveryReport): string =>
  `HTTP ${httpStatus}${backlog === null ? '' : `, backlog ${backlog}`}`;

/** The last link of the chain that the target has: the datapoint, or else what the function counts. */
export function metricTexts({ metric, function: patched }: RecoveryReport): string[] {
  if (metric) return [`${metric.name} = ${metric.value} at ${metric.timestamp}`];
  return patched ? [`${patched.functionName} counts ${patched.backlog}`] : [];
}

const proofs: Readonly<Record<Proof, string>> = {
  endpoint: 'that the endpoint answers',
  backlog: 'a backlog number',
  datapoint: 'a datapoint',
};

const notProvenLines = ({ notProven }: RecoveryReport): string[] =>
  notProven.length === 0
    ? []
    : [`Not proven:   ${listNames(notProven.map((proof) => proofs[proof]))} (${notInTarget})`];

function toDoAfterFalseAlarm({ function: patched, metric }: RecoveryReport): string {
  if (patched)
    return `Check that the schedule of ${patched.functionName} invokes it in each period of the metric. If it does, check the alarm.`;
  return metric
    ? 'Check that whatever publishes the metric does so in each of its periods. If it does, check the alarm.'
    : 'Check the alarm.';
}

/** What became of the scaling, in the one line that it gets among what was done. */
export function scalingText(scaling: ScalingProof): string {
  const words = scaling.outcome === 'NotDue' ? notDue[scaling.reason] : outcomes[scaling.outcome];
  return `${words}: ${scaling.says}`;
}

const outcomes = {
  Scaled: 'scale again',
  NotYet: 'not seen to scale yet',
  NotScaling: 'do NOT scale',
  Unknown: 'nobody could look',
};

const notDue = {
  BelowTarget: 'no more are due',
  AtMaximum: 'no more are allowed',
  WarmingUp: 'no more are due yet',
  Refreshing: 'are being replaced',
};

function scalingLines(problem: Extract<ScalingProof, { outcome: 'NotScaling' }>): string[] {
  const { code, meaning, look, fix, note } = problem;
  return [
    `The workers:  ${meaning}`,
    `See it:       ${look}`,
    `Put it right: ${fix}`,
    ...(note === null ? [] : [`              ${note}`]),
    `More on it:   docs/doctor.md#${code.toLowerCase()}`,
  ];
}
