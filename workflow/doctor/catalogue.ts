/**
 * Every finding of `recover doctor`: the one place for what it means, how to see it and how to put it right. What the
 * doctor prints and docs/doctor.md are written from it (`npm run docs`).
 */
import type { Target } from '../target.ts';
import { type BrokenEntry, type FindingEntry, functionLog } from './entries.ts';
import { type LinkName, linkNames } from './links.ts';
import { networkFindings } from './network-findings.ts';
import { roleFindings } from './role-findings.ts';
import { scalingFindings } from './scaling-findings.ts';
import { serviceFindings } from './service-findings.ts';

const broken = { ...serviceFindings, ...networkFindings, ...scalingFindings, ...roleFindings };

const again = 'npx --no-install recover doctor --target <target>';

const unknown = {
  NotAllowed: {
    meaning: 'The credentials do not allow the action that the finding names.',
    look: 'aws sts get-caller-identity',
    fix: `${again} --profile <profile>`,
    note: 'With a profile that may do it, or after the action was allowed.',
  },
  NotAnswered: {
    meaning: 'AWS did not answer the call that the finding names, or refused it for another reason.',
    look: again,
    fix: again,
    note: 'Try it again in some minutes, and check the AWS Health Dashboard.',
  },
  NotReachableFromHere: {
    meaning:
      'The endpoint can only be seen from inside its VPC, and no fresh datapoint proves that it answers.',
    look: functionLog,
    lookWithoutFunction: 'aws stepfunctions list-executions --state-machine-arn <machine> --max-items 3',
    fix: again,
    note: 'On a machine in the VPC, such as CloudShell with a VPC environment.',
  },
  NotTold: {
    meaning: 'AWS does not tell who wrote the newest version, as some other implementations do not.',
    look: 'npx --no-install recover env history --target <target>',
    fix: again,
  },
  NetworkUnknown: {
    meaning: 'What the finding names is not known, so nobody can say whether there is a way.',
    look: 'aws ec2 describe-network-interfaces --filters "Name=addresses.private-ip-address,Values=<address>"',
    fix: `${again} --profile <profile>`,
    note: 'With a profile that may describe EC2, and for a private name on a machine in the VPC.',
  },
  UpdateInProgress: {
    meaning: 'The metric function is being updated, and still runs with the configuration before that.',
    look: 'aws lambda get-function-configuration --function-name <function> --query LastUpdateStatus',
    fix: again,
    note: 'In a minute.',
  },
  AlarmTooNew: {
    meaning: 'An alarm of target tracking was made minutes ago, or lost its data then, and has no state yet.',
    look: 'aws cloudwatch describe-alarms --alarm-name-prefix "TargetTracking-<group>-Alarm"',
    fix: again,
    note: 'In five minutes.',
  },
  RoleUnknown: {
    meaning:
      'IAM does not tell whether a role may do its work: that hangs on the policy of a key, on a condition, or on credentials of another kind.',
    look: 'aws iam list-role-policies --role-name <role>',
    fix: again,
    note: 'A policy of the role itself that allows it makes it certain.',
  },
  AccountUnknown: {
    meaning: 'Nothing that could be looked at tells the number of the account, which the ARN needs.',
    look: 'aws sts get-caller-identity',
    fix: `${again} --profile <profile>`,
    note: 'With a profile that may read the metric function or the alarms.',
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;

export type BrokenCode = keyof typeof broken;
export type UnknownCode = keyof typeof unknown;
export type FindingCode = BrokenCode | UnknownCode;

export const brokenFindings: Readonly<Record<BrokenCode, BrokenEntry>> = broken;
export const findings: Readonly<Record<FindingCode, FindingEntry>> = { ...broken, ...unknown };

export const isBrokenCode = (code: string): code is BrokenCode => Object.hasOwn(broken, code);
export const isUnknownCode = (code: string): code is UnknownCode => Object.hasOwn(unknown, code);

/** In the order of the chain. */
export const brokenCodes: readonly BrokenCode[] = Object.keys(broken)
  .filter(isBrokenCode)
  .sort((one, other) => placeOf(one) - placeOf(other));
export const unknownCodes: readonly UnknownCode[] = Object.keys(unknown).filter(isUnknownCode);

function placeOf(code: BrokenCode): number {
  return linkNames.indexOf(broken[code].link);
}

/** The command that shows a finding. */
export const lookFor = (code: FindingCode, { metricFunction }: Pick<Target, 'metricFunction'>): string => {
  const { look, lookWithoutFunction = look } = findings[code];
  return metricFunction ? look : lookWithoutFunction;
};

/** The codes of some links. */
export const codesOf = (...names: readonly LinkName[]): readonly BrokenCode[] =>
  brokenCodes.filter((code) => names.includes(broken[code].link));
