/** The network of `app-network.ts` with a client that asks about it. The client of EC2 takes long to load. */
import { openEc2 } from '../../aws/ec2.ts';
import { type NetworkQuestion, readNetwork } from '../../aws/network.ts';
import { openEndpoint } from '../../sandbox/endpoint.ts';
import { ec2Service } from '../../sandbox/services/ec2.ts';
import { region } from '../../sandbox/template.ts';
import { appNetwork, question } from './app-network.ts';

export type AppNetwork = Awaited<ReturnType<typeof openAppNetwork>>;

export async function openAppNetwork() {
  const network = appNetwork();
  const endpoint = await openEndpoint([ec2Service(network)]);
  const ec2 = openEc2({
    region,
    endpoint: endpoint.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    network,
    endpoint,
    ec2,
    /** @throws Error if not even the VPC could be found. */
    facts: async (part: Partial<NetworkQuestion> = {}) => {
      const found = await readNetwork(ec2, { ...question, ...part });
      if (!found.seen) throw new Error(found.why);
      return found.value;
    },
    close: async () => {
      ec2.destroy();
      await endpoint.close();
    },
  };
}
