/** What can be broken between the env and the metric function. */
import {
  type BrokenEntry,
  checkTargetFile,
  deployStack,
  functionLog,
  startDeploy,
  startRecovery,
} from './entries.ts';

const checkEnv = 'npx --no-install recover env check --target <target>';
const describeInstance =
  'aws ssm describe-instance-information --filters "Key=InstanceIds,Values=<instance>"';
const describeFunction = 'aws lambda get-function-configuration --function-name <function>';
// A recovery ends at a failed update whose variables are right; it makes no other.
const updateFunction =
  'aws lambda update-function-configuration --function-name <function> --role <role-arn>';
const updateNote =
  'Put right what the reason names first; an update, even to the same role, lets Lambda try again.';

export const serviceFindings = {
  EnvGone: {
    link: 'env',
    meaning: 'There is no parameter of that name: it was deleted, or the target file names another one.',
    look: 'npx --no-install recover env history --target <target>',
    fix: 'npx --no-install recover env restore --target <target>',
    afterwards: startDeploy,
    note: 'SSM deletes the history with the parameter, so only the backup parameter has a copy. Without a copy: `recover env push <file>`.',
  },
  EnvIncomplete: {
    link: 'env',
    meaning: 'The newest version lacks what the target asks for. The next deploy runs without it.',
    look: checkEnv,
    fix: 'npx --no-install recover env restore --target <target>',
    afterwards: startDeploy,
    note: 'A recovery does both by itself. If neither an earlier version nor the backup is complete: `recover env push <file>`.',
  },
  EnvInvalid: {
    link: 'env',
    meaning:
      'The newest version has all keys, but a line that its reader refuses, a placeholder of a template, or a value that breaks a rule of the target file.',
    look: checkEnv,
    fix: 'npx --no-install recover env set <key> --target <target>',
    afterwards: startDeploy,
    note: 'A restore keeps the values that are there, so a person has to correct it.',
  },
  EnvKeysLost: {
    link: 'env',
    meaning:
      'The newest version lacks keys of the known-good one that the target does not ask for, and nobody has said that they may go.',
    look: checkEnv,
    fix: 'npx --no-install recover env restore --target <target>',
    afterwards: startDeploy,
    note: 'If they may go: `recover env accept`.',
  },
  NoInstances: {
    link: 'host',
    meaning: 'No instance that SSM manages has the tag of the target.',
    look: 'aws ssm describe-instance-information --query "InstanceInformationList[].[InstanceId,PingStatus]"',
    fix: 'aws ec2 create-tags --resources <instance> --tags "Key=<tag>,Value=<value>"',
  },
  InstanceGone: {
    link: 'host',
    meaning: 'EC2 has no such instance in this region: it was terminated, or replaced by another one.',
    look: 'aws ec2 describe-instances --filters "Name=instance-id,Values=<instance>" --query "Reservations[].Instances[].State.Name"',
    fix: checkTargetFile,
    note: 'Put the new instance into instances.ids in the target file first, or a tag instead, and deploy the stack.',
  },
  InstanceStopped: {
    link: 'host',
    meaning: 'The instance does not run, and so the API does not.',
    look: 'aws ec2 describe-instances --instance-ids <instance> --query "Reservations[].Instances[].State.Name"',
    fix: 'aws ec2 start-instances --instance-ids <instance>',
  },
  InstanceNotManaged: {
    link: 'host',
    meaning: 'SSM does not list the instance: its agent has never registered.',
    look: describeInstance,
    fix: 'aws ec2 associate-iam-instance-profile --instance-id <instance> --iam-instance-profile "Name=<instance-profile>"',
    note: 'With a profile that has AmazonSSMManagedInstanceCore. The instance needs the agent, and a way to SSM.',
  },
  AgentOffline: {
    link: 'host',
    meaning: 'The SSM agent of the instance does not report, so nothing can be deployed there.',
    look: describeInstance,
    fix: 'sudo systemctl restart amazon-ssm-agent',
    note: 'On the instance itself.',
  },
  EndpointNotFound: {
    link: 'endpoint',
    meaning: 'HTTP 404: the API has nothing at that path.',
    look: 'curl -i <url>',
    fix: checkTargetFile,
    note: 'Correct endpoint.url in the target file first.',
  },
  EndpointRedirected: {
    link: 'endpoint',
    meaning: 'HTTP 3xx. Redirects are not followed, since the internal key would be sent along.',
    look: 'curl -i <url>',
    fix: checkTargetFile,
    note: 'Set endpoint.url in the target file to the final address first.',
  },
  EndpointUnhealthy: {
    link: 'endpoint',
    meaning: 'The API answers, but with HTTP 5xx or another status than endpoint.expectStatus has.',
    look: 'curl -i <url>',
    fix: startDeploy,
    note: 'If a deploy does not cure it, look at the log of the API and at its database; for HTTP 405, at endpoint.method in the target file.',
  },
  EndpointTlsFailed: {
    link: 'endpoint',
    meaning: 'The TLS handshake with the API failed.',
    look: 'curl -v <url>',
    fix: startDeploy,
    note: 'Renew the certificate of the API first: its name, who signed it, and whether it has expired. If a CA of your own signed it, name the file with the certificate of that CA as endpoint.caFile in the target file instead, and deploy the stack.',
  },
  HostRejected: {
    link: 'request',
    meaning:
      'The API does not allow the Host of the requests: ALLOWED_HOSTS lacks it, or it has an underscore, which Django never allows.',
    look: checkEnv,
    fix: 'npx --no-install recover env set ALLOWED_HOSTS --target <target>',
    afterwards: startDeploy,
    note: 'With all hosts that it has, and that one, without a port. In place of a Host with an underscore, set endpoint.host in the target file to one without. An API that is not Django misses something else: see its log, and endpoint.url, method and headers.',
  },
  InternalKeyMissing: {
    link: 'request',
    meaning:
      'The env has no value for a key that is sent in a header, so nobody can ask the API for its backlog.',
    look: checkEnv,
    fix: 'npx --no-install recover env set <key> --target <target>',
    afterwards: startDeploy,
  },
  InternalKeyUnusable: {
    link: 'request',
    meaning:
      'A key that is sent in a header holds a character that no HTTP header can carry, such as a typographic quote or one that is invisible.',
    look: checkEnv,
    fix: 'npx --no-install recover env set <key> --target <target>',
    afterwards: startDeploy,
    note: 'Type it, or paste it without anything around it.',
  },
  FunctionNotFound: {
    link: 'function',
    meaning: 'There is no metric function of that name in this region.',
    look: 'aws lambda list-functions --query "Functions[].FunctionName"',
    fix: deployStack,
    note: 'That brings it if metricFunction.deploy is true; otherwise correct metricFunction.name in the target file.',
  },
  FunctionEnvUnreadable: {
    link: 'function',
    meaning: "Lambda can't decrypt the variables of the metric function, so it can't run.",
    look: `${describeFunction} --query "[KMSKeyArn,Environment.Error.ErrorCode]"`,
    fix: 'aws kms enable-key --key-id <key-arn>',
    note: "If the key is enabled, its policy has to allow the function's role, and whoever looks. For a recovery, put the key into metricFunction.kmsKeyArn in the target file and deploy the stack.",
  },
  FunctionFailed: {
    link: 'function',
    meaning: 'Lambda could not set up the metric function, and refuses to run it.',
    look: `${describeFunction} --query "[State,StateReasonCode,StateReason]"`,
    fix: updateFunction,
    note: updateNote,
  },
  FunctionUpdateFailed: {
    link: 'function',
    meaning: 'The last update of the metric function failed: it runs with the configuration before that.',
    look: `${describeFunction} --query "[LastUpdateStatus,LastUpdateStatusReasonCode]"`,
    fix: updateFunction,
    note: updateNote,
  },
  FunctionEnvWrong: {
    link: 'function',
    meaning: 'The variables of the metric function are not what the target sets and removes.',
    look: `aws lambda get-function-configuration --function-name <invoked-function> --query "keys(Environment.Variables)"`,
    fix: startRecovery,
  },
  ScheduleDisabled: {
    link: 'schedule',
    meaning: 'The rule that invokes the metric function is disabled.',
    look: 'aws events describe-rule --name <rule>',
    fix: 'aws events enable-rule --name <rule>',
  },
  SchedulerDisabled: {
    link: 'schedule',
    meaning:
      'The schedule of EventBridge Scheduler that invokes the metric function is disabled, or its end date has passed.',
    look: 'aws scheduler get-schedule --name <schedule> --group-name <schedule-group>',
    fix: 'aws scheduler update-schedule --name <schedule> --group-name <schedule-group> --state ENABLED --schedule-expression "rate(1 minute)" --flexible-time-window "Mode=OFF" --target "Arn=<function-arn>,RoleArn=<role-arn>"',
    note: 'An update sets all that it does not name back to the default: if the schedule has an input, dates or a description, add them as get-schedule shows them.',
  },
  FunctionNotInvoked: {
    link: 'schedule',
    meaning:
      'Nothing has invoked the metric function for a quarter of an hour, or for three periods of the metric.',
    look: functionLog,
    fix: 'aws events put-targets --rule <rule> --targets "Id=metric,Arn=<function-arn>"',
    note: 'If something else has invoked it so far, start that again in place of a new rule.',
  },
} as const satisfies Readonly<Record<string, BrokenEntry>>;
