/**
 * Every failure this workflow can end with: the one place for what it means and what to do about it. The messages of
 * the errors, the notifications and docs/runbook.md are written from it (`npm run docs`); the state machine's
 * `ErrorEquals` names and the tests are held against it.
 */
import { endpointErrors } from './endpoint-fault.ts';

/** What the catalogue says of one error. */
export interface ErrorEntry {
  readonly meaning: string;
  /** What has to be put right, but not how to go on after that; the end of the error's message. */
  readonly remedy: string;
  /** Whether it passes by itself: the state machine tries it four more times. */
  readonly retried?: true;
  /**
   * How to go on once it is put right, if a redrive can't: with a new execution, which deploys in any case if what was
   * put right has to be deployed.
   */
  readonly next?: 'Start' | 'StartWithDeploy';
}

const errors = {
  InvalidInput: {
    meaning:
      'A state was given something that it does not know. At `TakeLease`, the execution was started with an input that is not allowed (one of nearly 256 KB ends as `States.DataLimitExceeded` there), and nothing was called; at any other state, the stack was deployed while the execution ran.',
    remedy:
      'Start it again with {} or with "mode" ("recover" or "plan"), "deploy" ("auto", "always" or "never"), "force" (true or false) and "reason", or with an event of EventBridge.',
    next: 'Start',
  },
  InvalidSettings: {
    meaning: "A function's settings are not what it needs.",
    remedy: 'Deploy the stack again, and do not edit its functions by hand.',
  },
  AccessDenied: {
    meaning: 'A role or user may not do what the message names.',
    remedy: "Allow this action in the policy of the role, or the use of the KMS key in the key's policy.",
  },
  KmsKeyUnusable: {
    meaning:
      'A KMS key that is needed to read or to write something is disabled, is being deleted, or does not exist.',
    remedy:
      'Look at the key with `aws kms describe-key`, and enable it or cancel its deletion. What was encrypted with a key that is gone can not be read any more: delete it and create it again, a parameter with `recover env push <file>`.',
  },
  CredentialsExpired: {
    meaning: 'AWS credentials are missing, expired or not valid. The state machine tried twice.',
    remedy: 'Sign in again on your own machine, or check that the role of the function still exists.',
  },
  AwsThrottled: {
    meaning: 'AWS throttled the calls.',
    remedy: "Wait some minutes, and look for what uses up the account's rate of this action.",
    retried: true,
  },
  AwsUnavailable: {
    meaning: 'AWS answered with 5xx or not at all.',
    remedy: 'Check the AWS Health Dashboard, and the way from the VPC to this service.',
    retried: true,
  },
  AwsRejected: {
    meaning: 'AWS refused a call for the reason that the message names.',
    remedy: 'Check that the resource exists, and its name in the target file.',
  },
  ExecutionStale: {
    meaning:
      'Step Functions reported the end of an execution but does not show it yet, so `closeRecovery` could not look after it.',
    remedy:
      'Wait: Lambda tries twice more. If the event then is in the queue `UndeliveredEvents`, look at the execution yourself.',
  },
  LeaseLost: {
    meaning:
      'This execution does not hold the lease of its target: another one does, or this one was stopped and its lease freed. It has changed nothing since.',
    remedy: 'Wait until no other execution runs, and see whether the target is still broken.',
    next: 'Start',
  },
  LeaseContended: {
    meaning: "Others changed the target's item in the lease table each time before this function could.",
    remedy: 'Wait some minutes, and look for what starts so many executions.',
    retried: true,
  },
  LeaseUnreadable: {
    meaning: "The target's item in the lease table is not what this version writes. Nothing was changed.",
    remedy:
      'Make sure that no execution of the target runs, and delete the item with `aws dynamodb delete-item`.',
  },
  EnvInvalid: {
    meaning:
      'The env is not sound: a quote that is never closed, a line that its reader refuses, a placeholder of a template, or a value that breaks a rule of the target file.',
    remedy:
      'See all of it with `recover env check`, which takes a file as well. Correct one key with `recover env set <KEY>`, or pull the whole env, edit it and push it. If a rule of the target file is what is wrong, correct the rule and deploy the stack.',
    next: 'StartWithDeploy',
  },
  EnvTooLarge: {
    meaning: "The env to write is over the limit of the parameter's tier. Nothing was written.",
    remedy:
      'Let the parameter move up to the tier Advanced, which holds 8 KB: `recover env restore --advanced`; push and set take that option as well. Or shorten the env, or give each key a parameter of its own (docs/targets.md).',
  },
  EnvRestoreFailed: {
    meaning:
      'The env is incomplete, and no version in its history and no backup is complete. Nothing was written.',
    remedy: 'Put a complete .env into the parameter with `recover env push <file>`.',
    next: 'StartWithDeploy',
  },
  EnvWouldShrink: {
    meaning: 'A write would have lost keys. Nothing was written.',
    remedy:
      'Add these keys to the file that is pushed, name each with `--drop <KEY>`, or give up all that the file lacks with `--replace`. If it was a recovery, report it with the names of the keys: that is a defect of env-recovery.',
  },
  EnvHistoryFull: {
    meaning:
      'The parameter has 100 versions, and somebody has put a label on the oldest, so SSM takes no new version. Nothing was written.',
    remedy:
      'Move that label to a newer version, or remove it with `aws ssm unlabel-parameter-version`. If it is the backup parameter that is full, do so there.',
  },
  EnvWriteConflict: {
    meaning:
      'Somebody else writes the parameter at the same time. What they wrote is in the parameter or in its history.',
    remedy:
      'Stop that writer. If the message names a version that could not be merged, compare it with the one before in `recover env history`, and put back what is missing.',
    retried: true,
  },
  EnvStale: {
    meaning:
      'SSM still shows an older version than the newest one, because its reads may lag behind a write.',
    remedy: 'Wait a minute and try again.',
    retried: true,
  },
  EnvOverlooked: {
    meaning:
      'The parameter has a newer version than the one that the run has worked with, and that one is incomplete; or it is gone. SSM did not show that yet when the run looked first. The state machine looks again.',
    remedy: 'Start it again: by now SSM shows the newest version.',
    next: 'Start',
  },
  EnvReplaced: {
    meaning:
      'While the run went on, the parameter was deleted, or somebody wrote a newer version, which is incomplete.',
    remedy: 'Find out with `recover env history` who writes the parameter, and stop that.',
    next: 'Start',
  },
  PlanOutdated: {
    meaning:
      'The target asks for approvals, and what would be changed now is not what was approved. This state has changed nothing.',
    remedy: 'Start it again and approve the new plan.',
    next: 'Start',
  },
  NoInstances: {
    meaning: 'No instance that SSM manages has the tag.',
    remedy: 'Check instances.tag in the target file, and in EC2 the tags and that the instances run.',
  },
  TooManyInstances: {
    meaning: 'More than 50 instances have the tag, which is more than one command takes.',
    remedy: 'Choose a narrower instances.tag in the target file.',
  },
  InstanceUnavailable: {
    meaning:
      'SSM could not reach at least one of the instances. If the command was sent, the others have done it.',
    remedy:
      'Check that the instances named run, that the SSM agent is online, and that the instance profile has AmazonSSMManagedInstanceCore.',
  },
  DeployInProgress: {
    meaning: 'A deploy that a person started is still running, and two at once would disturb each other.',
    remedy: 'Wait for that command to end, or cancel it.',
  },
  DeployFailed: {
    meaning: 'The deploy script failed. The message has its exit code and the redacted end of its output.',
    remedy: 'Read the whole output in CloudWatch Logs, in the log group of the deploy.',
  },
  DeployTimedOut: {
    meaning: 'The deploy command was not delivered or did not end in time, and was cancelled.',
    remedy: 'Check that the SSM agent is online, or raise deploy.timeoutSeconds in the target file.',
  },
  DeployCancelled: {
    meaning: 'Somebody cancelled the deploy command.',
    remedy: 'Ask who cancelled it, and go on when the reason is gone.',
  },
  ...endpointErrors,
  FunctionNotFound: {
    meaning: 'There is no metric function of that name in this region.',
    remedy: 'Check metricFunction.name in the target file.',
  },
  FunctionEnvUnreadable: {
    meaning: "Lambda can't decrypt the variables of the metric function. Nothing was changed in it.",
    remedy:
      "Put the ARN of the function's KMS key into metricFunction.kmsKeyArn in the target file and deploy the stack, which lets the recovery use that key. If it is there already, check that the key is enabled, and that its policy allows the roles of the recovery and of the function.",
  },
  FunctionEnvTooLarge: {
    meaning: 'The variables of the metric function would be over 4 KB. Nothing was changed in it.',
    remedy: 'Remove variables that the function does not need.',
  },
  FunctionUpdateConflict: {
    meaning:
      'An update of the metric function did not end in time. The message says whether it was that of the recovery or others.',
    remedy: 'Look in the Lambda console until no update of the function is in progress.',
    retried: true,
  },
  FunctionUpdateFailed: {
    meaning: 'The last update of the metric function failed for the reason that the message names.',
    remedy: 'Repair that in the Lambda console.',
  },
  FunctionAliasNotFound: {
    meaning: 'The metric function has no alias of that name. Nothing was changed in it.',
    remedy:
      'Check metricFunction.alias in the target file, or make the alias with `aws lambda create-alias`.',
  },
  FunctionAliasWeighted: {
    meaning:
      'The alias of the metric function divides its invocations among versions of which at least one has the wrong variables, as a deploy that shifts them step by step does. Nothing was changed in the function.',
    remedy:
      'Wait for that deploy to end, or end the division with `aws lambda update-alias` and an empty routing configuration (`--routing-config AdditionalVersionWeights={}`).',
  },
  FunctionChangesUnpublished: {
    meaning:
      'The version that the alias of the metric function points to has the wrong variables, and `$LATEST` differs from it in more than those: somebody has changed the function and not published that, so the recovery does not either. Nothing was changed in it.',
    remedy:
      'Look at the changes that the message names. If they may go live, publish them with `aws lambda publish-version` and move the alias with `aws lambda update-alias`; otherwise put $LATEST back to what that version has.',
  },
  MetricFunctionFailed: {
    meaning: 'The metric function ended with an error.',
    remedy: 'Read the log group of the metric function.',
  },
  DatapointMissing: {
    meaning:
      'The metric function counts, or the target has none, but CloudWatch shows no datapoint that is newer than the repair.',
    remedy:
      'Check namespace, name, dimensions and unit of the metric in the target file, and that the role of the metric function, or of whatever else publishes it, allows cloudwatch:PutMetricData.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorName = keyof typeof errors;

/** Meaning, remedy and way on, by name. */
export const catalogue: Readonly<Record<ErrorName, ErrorEntry>> = errors;

export function isErrorName(name: string | undefined): name is ErrorName {
  return name !== undefined && Object.hasOwn(errors, name);
}

export const errorNames: readonly ErrorName[] = Object.keys(errors).filter(isErrorName);

/** Failures that pass by themselves: the state machine retries these, with backoff and jitter. CredentialsExpired is tried once more. */
export const retriedErrorNames: readonly ErrorName[] = errorNames.filter((name) => catalogue[name].retried);

/** Whether a failure is worth another try: then it is thrown, even by what could go on without what it asked for. */
export const passesByItself = (name: ErrorName): boolean =>
  name === 'CredentialsExpired' || retriedErrorNames.includes(name);
