/** What has to be there before an outage. */
import { stackNameOf } from '../stack-names.ts';
import type { MetricFunction, Target } from '../target.ts';
import { counted, listNames } from '../words.ts';
import { type Caller, callersIn } from './callers.ts';
import { broken, type Check, judge, ok } from './checks.ts';
import type { SubscriptionFacts } from './facts.ts';
import { recoveryRoles } from './role-rules.ts';
import type { Rule } from './service-rules.ts';

export const readiness: Rule = (facts, target) => [
  ...thingsToBeThere(facts, target),
  ...recoveryRoles(facts, target),
];

const thingsToBeThere: Rule = (facts, { name, restore, metricFunction, notify }) => [
  ...(metricFunction ? aliasChecks(callersIn(facts), metricFunction) : []),
  ...judge(facts.isStackDeployed, (isDeployed) => [
    isDeployed
      ? ok(`the state machine ${stackNameOf(name)} is there`)
      : broken('StackNotDeployed', `there is no state machine ${stackNameOf(name)}`),
  ]),
  ...judge(facts.subscriptions, (found) => subscriptionChecks(found, notify)),
  ...judge(facts.env, ({ version, knownGoodVersion }) =>
    // Without a parameter there is nothing to label.
    version === 0
      ? []
      : [
          knownGoodVersion === null
            ? broken('NoKnownGood', 'no version has the label known-good')
            : ok(`version ${knownGoodVersion} is known-good`),
        ],
  ),
  ...(facts.backup === null || restore.backupParameter === undefined
    ? [ok('the target has no backup parameter')]
    : judge(facts.backup, ({ exists, gaps }) => {
        if (!exists) return [broken('BackupMissing', `there is no parameter ${restore.backupParameter}`)];
        return [
          gaps.length > 0
            ? broken('BackupIncomplete', `in backup ${restore.backupParameter}, ${listNames(gaps, 4)}`)
            : ok(`backup ${restore.backupParameter} is complete`),
        ];
      })),
];

/** A recovery changes `$LATEST`, and of the aliases only the one that the target names. */
function aliasChecks(
  callers: readonly Caller[],
  { name, alias: named }: Pick<MetricFunction, 'name' | 'alias'>,
): readonly Check[] {
  return callers.flatMap(({ what, alias, isEnabled }) =>
    alias === undefined || alias === named || !isEnabled
      ? []
      : [
          broken(
            'AliasNotNamed',
            `${what} invokes alias ${alias} of function ${name}, and the target file ${named === undefined ? 'names no alias' : `names ${named}`}`,
          ),
        ],
  );
}

/** A name that a shell takes as it is. */
const isPlain = (text: string) => /^[\w./:@+=-]+$/.test(text);

function subscriptionChecks(
  found: readonly SubscriptionFacts[],
  { subscriptions }: Target['notify'],
): readonly Check[] {
  if (found.length === 0) {
    const wanted = subscriptions.filter(({ endpoint }) => isPlain(endpoint));
    const commands = wanted.map(
      ({ protocol, endpoint }) =>
        `aws sns subscribe --topic-arn <topic> --protocol ${protocol} --notification-endpoint ${endpoint}`,
    );
    return [broken('NobodySubscribed', 'nobody has subscribed to the messages', {}, commands)];
  }
  const pending = found.filter(({ isConfirmed }) => !isConfirmed);
  return [
    pending.length > 0
      ? broken(
          'SubscriptionPending',
          `${pending.length} of ${counted(found.length, 'subscription')} not confirmed (${listNames(pending.map(({ protocol }) => protocol))})`,
        )
      : ok(`${counted(found.length, 'subscription')} confirmed`),
  ];
}
