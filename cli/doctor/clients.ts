/** The clients that only `recover doctor` needs; each only reads. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SNSClient } from '@aws-sdk/client-sns';
import { openAutoScaling } from '../../aws/auto-scaling.ts';
import { readerConfig } from '../../aws/call.ts';
import { openEc2 } from '../../aws/ec2.ts';
import { openLambda } from '../../aws/lambda-clients.ts';
import { openEventBridge } from '../../aws/schedule.ts';
import type { Session } from '../session.ts';

export type DoctorClients = ReturnType<typeof openClients>;

export function openClients({ config }: Pick<Session, 'config'>) {
  const { reader: lambda } = openLambda(config);
  const cloudWatch = new CloudWatchClient({ ...readerConfig(), ...config });
  const sns = new SNSClient({ ...readerConfig(), ...config });
  const [events, autoScaling, ec2] = [openEventBridge(config), openAutoScaling(config), openEc2(config)];
  return {
    lambda,
    cloudWatch,
    sns,
    events,
    autoScaling,
    ec2,
    close: () => {
      for (const client of [lambda, cloudWatch, sns, events, autoScaling, ec2]) client.destroy();
    },
  };
}
