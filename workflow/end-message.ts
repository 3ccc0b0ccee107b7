/** What a person is told at the end of an execution that has found everything in order, or has put it in order. */

import { linkOf, lossCommands, type Recovery, recoverCommand } from './commands.ts';
import { describePatch } from './function-patch.ts';
import { type Notification, paragraphs, reasonLine, restoredText, startedBy, subjectOf } from './messages.ts';
import { lossOf, type RecoveryReport } from './report.ts';
import type { ScalingProof } from './results.ts';
import { counted, duration } from './words.ts';

/** Sent once at the end of an execution that has repaired something, or that an alarm has started for nothing. */
export function endNotification(recovery: Recovery, report: RecoveryReport): Notification {
  if (report.outcome === 'Healthy') return falseAlarmNotification(recovery, report);
  const { env, deployment, endpoint, function: patched, metric, scaling } = report;
  const loss = lossOf(report);
  const problem = scaling?.outcome === 'NotScaling' ? scaling : undefined;
  const proof = `HTTP ${endpoint.httpStatus}, backlog ${endpoint.backlog}, ${metric.name} = ${metric.value} at ${metric.timestamp}`;
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
      : ['recovered', `${recovery.target} works again: ${proof}.`];
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
        `  function    ${patched.functionName}: ${describePatch(patched)}`,
        ...(scaling ? [`  workers     ${scalingText(scaling)}`] : []),
        ...env.notes.map((note) => `  note        ${note}`),
        `It took:      ${duration(report.durationSeconds)}`,
      ],
      problem ? scalingLines(problem) : [],
      [
        ...(uncalled
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
  const { env, endpoint, function: patched, metric } = report;
  return {
    subject: subjectOf(recovery, 'alarm, but nothing to repair'),
    text: paragraphs(
      `An alarm started a recovery of ${recovery.target}, but there was nothing to repair.`,
      [
        `Why:          started by ${startedBy(report)}`,
        'What was seen',
        `  env         ${env.parameterName} is complete (version ${env.versionAfter})`,
        `  endpoint    HTTP ${endpoint.httpStatus}, backlog ${endpoint.backlog}`,
        `  metric      ${metric.name} = ${metric.value} at ${metric.timestamp}, after env-recovery invoked ${patched.functionName}`,
      ],
      [
        `To do:        Check that the schedule of ${patched.functionName} invokes it every minute. If it does, check the alarm.`,
        `Execution:    ${linkOf(recovery)}`,
      ],
    ),
  };
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
