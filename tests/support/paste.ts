/** What a person pastes: a command line of `recover` or of the `aws` CLI, as the doctor prints it. */
import * as autoScaling from '@aws-sdk/client-auto-scaling';
import * as ec2 from '@aws-sdk/client-ec2';
import * as events from '@aws-sdk/client-eventbridge';
import { region } from '../../sandbox/template.ts';
import { recover } from './cli.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * Carries out one command against the endpoint.
 *
 * @throws Error on a command that isn't known here.
 */
export async function paste(command: string, endpoint: string): Promise<void> {
  const [program, ...words] = command.split(' ');
  const config = { region, endpoint, credentials };
  if (program === 'npx') {
    const { exitCode, stderr } = await recover(endpoint, [...words.slice(2), '--yes']);
    if (exitCode !== 0) throw new Error(stderr);
  } else if (command.startsWith('aws events enable-rule ')) {
    const client = new events.EventBridgeClient(config);
    await client.send(new events.EnableRuleCommand({ Name: optionOf(words, '--name') }));
  } else if (command.startsWith('aws autoscaling resume-processes ')) {
    const client = new autoScaling.AutoScalingClient(config);
    const AutoScalingGroupName = optionOf(words, '--auto-scaling-group-name');
    await client.send(new autoScaling.ResumeProcessesCommand({ AutoScalingGroupName }));
  } else if (command.startsWith('aws ec2 authorize-security-group-ingress ')) {
    const client = new ec2.EC2Client(config);
    const permission = optionOf(words, '--ip-permissions');
    const field = (name: string) => new RegExp(`${name}=([^,}\\]"]+)`).exec(permission)?.[1];
    await client.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({
        GroupId: optionOf(words, '--group-id'),
        IpPermissions: [
          {
            IpProtocol: field('IpProtocol'),
            FromPort: Number(field('FromPort')),
            ToPort: Number(field('ToPort')),
            UserIdGroupPairs: [{ GroupId: field('UserIdGroupPairs=\\[\\{GroupId') }],
          },
        ],
      }),
    );
  } else {
    throw new Error(`nobody knows here how to run: ${command}`);
  }
}

function optionOf(words: readonly string[], option: string): string {
  const value = words[words.indexOf(option) + 1];
  if (value === undefined || !words.includes(option)) throw new Error(`${words.join(' ')} has no ${option}`);
  return value;
}
