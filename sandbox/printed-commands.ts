/** What to paste while the sandbox stays up, from top to bottom or as one likes. */
import { quoteForPowerShell, quoteForShell } from '../env/shell-quotes.ts';
import { isPath, textNamesOf } from '../workflow/spread-env.ts';
import { type Break, type BreakName, breaks } from './breaks.ts';
import { credentials, type Sandbox } from './sandbox.ts';
import { region } from './template.ts';

/** @param targets the folder with the target's file. */
export function commandLines(sandbox: Sandbox, targets: string, platform = process.platform): string[] {
  const isWindows = platform === 'win32';
  const set = (name: string, value: string) =>
    isWindows
      ? `$env:${name} = ${quoteForPowerShell(value)}`
      : `export ${name}=${/^[\w:/.@-]*$/.test(value) ? value : quoteForShell(value)}`;
  const variables = {
    AWS_ENDPOINT_URL: sandbox.endpoint.url,
    // Version 1 of the CLI reads the first one, version 2 and the SDKs the second.
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    ...credentials,
    // No answer waits for a key. PowerShell before 7.5 removes a variable that is set to nothing, and the AWS CLI of
    // Windows then takes `more`: https://github.com/aws/aws-cli/issues/8351.
    AWS_PAGER: isWindows ? 'node -e "process.stdin.pipe(process.stdout)"' : '',
    RECOVER_TARGET: sandbox.target.name,
    RECOVER_TARGETS: targets,
  };
  return [
    `Paste this into another ${isWindows ? 'PowerShell' : 'shell'}, and then the commands below it, from top to bottom or as you like:`,
    '',
    ...Object.entries(variables).map(([name, value]) => `  ${set(name, value)}`),
    ...tourOf(sandbox).flatMap(({ about, commands }) => [
      '',
      about,
      ...commands.map((command) => `  ${command}`),
    ]),
    '',
    ...(sandbox.target.approval
      ? ['Each recovery waits until its plan is approved: npx recover approve <execution>']
      : []),
    'A recovery may follow another at once here: the pauses of the target file are left out.',
    'The sandbox stays up until Ctrl+C; executions and workers are shown here as they go.',
  ];
}

const readingOf = (name: string): string[] =>
  isPath(name)
    ? [`get-parameters-by-path --path ${name}`]
    : (textNamesOf(name) ?? [name]).map((one) => `get-parameter --name ${one}`);

interface Stop {
  readonly about: string;
  readonly commands: readonly string[];
}

/** Each command makes sense after those before it, and ends with 0. */
export function tourOf(sandbox: Sandbox): Stop[] {
  const { stateMachineArn, parameterName, heartbeatName, workerGroup } = sandbox;
  const execution = (name: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const start = (name: string) =>
    `aws stepfunctions start-execution --name ${name} --state-machine-arn ${stateMachineArn}`;
  // It approves as `recover approve` does, which needs the name of an execution that an event has started.
  const wait = `npx recover sandbox wait${sandbox.target.approval ? ' --approve' : ''}`;
  const thenWait = (name: BreakName) => {
    const { reasonAgainst }: Break = breaks[name];
    return reasonAgainst?.(sandbox) === undefined ? [`npx recover sandbox break ${name}`, wait] : [];
  };
  return [
    {
      about: 'The outage: start a recovery, and look at it.',
      commands: [
        ...readingOf(parameterName).map((command) => `aws ssm ${command} --with-decryption`),
        start('first'),
        `aws stepfunctions describe-execution --execution-arn ${execution('first')}`,
        wait,
        `aws stepfunctions get-execution-history --execution-arn ${execution('first')}`,
        'npx recover env check',
        'npx recover env history',
        ...(workerGroup === undefined
          ? []
          : [`aws autoscaling describe-scaling-activities --auto-scaling-group-name ${workerGroup}`]),
      ],
    },
    {
      about: 'Break something else; what starts a recovery is on this screen.',
      commands: ['npx recover sandbox list', ...thenWait('wipe'), ...thenWait('host'), 'npx recover doctor'],
    },
    {
      about: 'Let a recovery fail, put right what was in its way, and let it go on from there.',
      commands: [
        'npx recover sandbox break instance',
        'npx recover sandbox break wipe',
        wait,
        start('second'),
        wait,
        'npx recover sandbox mend instance',
        `aws stepfunctions redrive-execution --execution-arn ${execution('second')}`,
        wait,
        `aws stepfunctions describe-execution --execution-arn ${execution('second')}`,
      ],
    },
    ...(heartbeatName === undefined
      ? []
      : [
          {
            about: 'An alarm starts one as well; all is well, so it leaves everything alone.',
            commands: [
              `aws cloudwatch set-alarm-state --alarm-name ${heartbeatName} --state-value ALARM --state-reason test`,
              wait,
              'npx recover doctor',
            ],
          },
        ]),
  ];
}
