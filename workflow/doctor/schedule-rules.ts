/** What invokes the metric function: facts in, checks out. */

import { calledWithinSecondsOf, rateOf } from '../metric-period.ts';
import type { DeployedTarget, MetricFunction } from '../target.ts';
import { counted, duration } from '../words.ts';
import { type Caller, callersIn, permitRule } from './callers.ts';
import { broken, type Check, judge, ok, seenIn, unknown } from './checks.ts';
import { deployStack } from './entries.ts';
import type { Facts } from './facts.ts';

/** @returns nothing if the target has no metric function. */
export const schedule = (facts: Facts, { metricFunction, metric }: DeployedTarget): readonly Check[] => {
  if (facts.invocations === null || metricFunction === undefined) return [];
  const { name } = metricFunction;
  const lately = `in the last ${duration(calledWithinSecondsOf(metric))}`;
  const isSilent = seenIn(facts.invocations) === 0;
  const callers = callersIn(facts);
  const unseen = [facts.callers, facts.schedules].flatMap((fact) =>
    fact && !fact.seen ? [unknown(fact.code, fact.why)] : [],
  );
  return [
    ...unseen,
    ...callerChecks(callers, isSilent, isWhole(facts)),
    ...judge(facts.invocations, (invoked) => [
      invoked > 0
        ? ok(`function ${name} was invoked ${counted(invoked, 'time')} ${lately}`)
        : broken(
            'FunctionNotInvoked',
            `function ${name} was not invoked ${lately}`,
            ...cure(callers, metricFunction, { rate: rateOf(metric), isWhole: isWhole(facts) }),
          ),
    ]),
  ];
};

/** Whether there can be no other rule or schedule. */
const isWhole = ({ callers, schedules }: Facts) =>
  callers?.seen === true && schedules?.seen === true && schedules.value.isWhole;

function callerChecks(callers: readonly Caller[], isSilent: boolean, isWhole: boolean): readonly Check[] {
  const enabled = callers.filter(({ isEnabled }) => isEnabled);
  const [disabled] = callers.filter(({ isEnabled }) => !isEnabled);
  if (enabled.length === 0 && disabled && isSilent) return [disabled.disabled];
  if (enabled.length > 0)
    return [
      ok(
        enabled
          .map(
            ({ what, alias, schedule }) =>
              `${what} invokes ${alias === undefined ? 'it' : `its alias ${alias}`}${schedule === null ? '' : `, ${schedule}`}`,
          )
          .join('; '),
      ),
    ];
  const none = 'no enabled rule of EventBridge or schedule of EventBridge Scheduler invokes it';
  return isWhole ? [ok(isSilent ? none : `${none}: something else does`)] : [];
}

/** What may invoke the function and does not lacks the permission; without anything, a rule is made for it. */
function cure(
  callers: readonly Caller[],
  { name, deploy, schedule }: MetricFunction,
  { rate, isWhole }: { readonly rate: string; readonly isWhole: boolean },
): readonly [names: { readonly rule: string }, commands: readonly string[]] {
  const enabled = callers.filter(({ isEnabled }) => isEnabled);
  const [rule] = enabled.flatMap(({ what }) =>
    what.startsWith('rule ') ? [what.slice('rule '.length)] : [],
  );
  if (enabled.length > 0)
    return [{ rule: rule ?? '' }, [...new Set(enabled.flatMap(({ permit }) => permit))]];
  if (deploy && schedule) return [{ rule: '' }, [deployStack]];
  // Something that nobody looked at may have to be started again.
  if (!isWhole) return [{ rule: '' }, []];
  return [
    { rule: `${name}-each-minute` },
    [
      `aws events put-rule --name <rule> --schedule-expression "${rate}"`,
      permitRule,
      'aws events put-targets --rule <rule> --targets "Id=metric,Arn=<function-arn>"',
    ],
  ];
}
