/** The clients that the doctor looks with; each only reads. */
import { SFNClient } from '@aws-sdk/client-sfn';
import type { SSMClientConfig } from '@aws-sdk/client-ssm';
import type { DeployedTarget } from '../../workflow/target.ts';
import { openAutoScaling } from '../auto-scaling.ts';
import { readerConfig } from '../call.ts';
import { openEc2 } from '../ec2.ts';
import { openLambda } from '../lambda-clients.ts';
import { openCloudWatch } from '../metric.ts';
import { openEventBridge } from '../schedule.ts';
import { openSsm, ssmOfBackup } from '../ssm-clients.ts';
import { openTopic } from '../topic.ts';

export type DoctorClients = ReturnType<typeof openDoctorClients>;
/** Region, credentials and endpoint, where they are not those of the surroundings. */
export type DoctorConfig = Pick<SSMClientConfig, 'region' | 'endpoint' | 'credentials'>;

/** @param tooLate rejects when nobody waits for an answer any more: calls that have none by then fail as it does. */
export function openDoctorClients(
  { restore }: Pick<DeployedTarget, 'restore'>,
  config: DoctorConfig = {},
  tooLate?: Promise<never>,
) {
  const ssm = openSsm(config);
  const clients = {
    ssm: ssm.reader,
    /** Of the region of the backup. */
    backupSsm: ssmOfBackup(ssm, restore, config).reader,
    lambda: openLambda(config).reader,
    cloudWatch: openCloudWatch(config),
    ...openTopic(config),
    sfn: new SFNClient({ ...readerConfig(), ...config }),
    events: openEventBridge(config),
    autoScaling: openAutoScaling(config),
    ec2: openEc2(config),
  };
  if (tooLate) endCalls(Object.values(clients), tooLate);
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** What clients of all services have in common. */
interface AnyClient {
  readonly middlewareStack: {
    add(
      middleware: <Call, Answer>(next: (call: Call) => Promise<Answer>) => (call: Call) => Promise<Answer>,
      options: { readonly step: 'initialize' },
    ): void;
  };
}

function endCalls(clients: readonly AnyClient[], tooLate: Promise<never>): void {
  let isOver = false;
  // Also with no call on its way, somebody waits for it.
  tooLate.catch(() => {
    isOver = true;
  });
  for (const { middlewareStack } of clients)
    middlewareStack.add((next) => (call) => (isOver ? tooLate : Promise.race([next(call), tooLate])), {
      step: 'initialize',
    });
}
