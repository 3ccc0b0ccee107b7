import { PassThrough } from 'node:stream';
import { tellTriggered } from '../../cli/env/triggered.ts';
import { Terminal } from '../../cli/terminal.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { arn, region } from '../../sandbox/template.ts';
import { appTarget } from '../support/app-target.ts';
import { complete, parameterName, useOperator } from '../support/operator.ts';

const { aws, file, put, run } = useOperator();

const machineArn = arn('states', 'stateMachine:env-recovery-sandbox');
const command = `aws stepfunctions list-executions --region ${region} --state-machine-arn ${machineArn} --max-items 1`;

/** What is told in a session that is as usual, but for `part`. */
async function tell(part: Partial<Parameters<typeof tellTriggered>[0]>) {
  const output = new PassThrough();
  const terminal = new Terminal({}, { input: process.stdin, output, errorOutput: output });
  const { ssm } = aws();
  const session = { stateMachine: 'env-recovery-app', parameterName, ssm, target: appTarget(), terminal };
  const triggered = await tellTriggered({ ...session, ...part });
  return { triggered, text: String(output.read() ?? '') };
}

describe('what a write starts', () => {
  it.each<[string, (text: string) => readonly string[]]>([
    ['push', (text) => ['push', file(text), '--yes']],
    ['set', () => ['set', 'NEW_KEY']],
    ['unset', () => ['unset', 'OLD_KEY', '--yes']],
    ['restore', () => ['restore', '--version', '1', '--yes']],
  ])('is told after %s, with the command that shows it', async (_name, commandLine) => {
    put(complete());
    put(`${complete()}OLD_KEY=canary\n`);
    const { exitCode, stdout } = await run(commandLine(`${complete()}OLD_KEY=canary\n`), { input: 'canary' });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining(
        `starts an execution of env-recovery-sandbox, which repairs what it finds broken; a pause can hold it back. To see it: ${command}\n`,
      ),
    });
  });

  it('is nothing where nothing was written', async () => {
    put(complete());
    expect((await run(['restore', '--yes'])).stdout).not.toContain('execution');
  });

  it('is told without the command where the account can’t be found out: the write is done all the same', async () => {
    put(complete());
    // Only the ARN is read without the value.
    aws().endpoint.injectFault = ({ operation, input }) =>
      operation === 'GetParameter' && !JSON.stringify(input).includes('WithDecryption')
        ? new AwsError('AccessDeniedException', '')
        : undefined;
    const { exitCode, stdout } = await run(['set', 'NEW_KEY', '--json'], { input: 'canary' });
    expect({ exitCode, report: JSON.parse(stdout) }).toMatchObject({
      exitCode: 0,
      report: { written: true, triggered: { stateMachine: 'env-recovery-sandbox', stateMachineArn: null } },
    });
  });

  it('is nothing for a target that no change of the parameter starts', async () => {
    expect(await tell({ stateMachine: undefined })).toEqual({ triggered: null, text: '' });
    expect(aws().countCalls('GetParameter')).toBe(0);
  });

  it('only plans for a target that lets it do no more', async () => {
    put(complete());
    const target = appTarget({ triggers: { act: 'plan' } });
    expect((await tell({ target })).text).toContain(
      'starts an execution of env-recovery-app, which tells people what a recovery would do, and changes nothing;',
    );
  });
});
