/** A function in a VPC, its API, and the endpoints that it needs, as the sandbox's EC2 shows them. */
import { openEc2 } from '../../aws/ec2.ts';
import { type NetworkQuestion, readNetwork } from '../../aws/network.ts';
import { openEndpoint } from '../../sandbox/endpoint.ts';
import { addPrivateNetwork } from '../../sandbox/private-network.ts';
import { ec2Service } from '../../sandbox/services/ec2.ts';
import { Ec2Network } from '../../sandbox/services/ec2-network.ts';
import { region } from '../../sandbox/template.ts';

export const functionGroup = 'sg-0000000000000000f';
/** As the sandbox has them. */
export const [apiGroup, endpointGroup] = ['sg-0000000000000000a', 'sg-0000000000000000e'] as const;
export const vpcId = 'vpc-0123456789abcdef0';
export const apiAddress = '10.0.1.10';

/** Where the function is, and where it connects to. */
export const question: NetworkQuestion = {
  subnetIds: ['subnet-0000000000000000a', 'subnet-0000000000000000c'],
  securityGroupIds: [functionGroup],
  addresses: [apiAddress],
};

/** Everything works in it. */
export function appNetwork(): Ec2Network {
  const network = new Ec2Network();
  addPrivateNetwork(network, {
    subnetIds: question.subnetIds,
    functionGroupIds: question.securityGroupIds,
    instanceIds: ['i-0000000000000000a'],
    apiAddress,
    apiPort: 8000,
    services: ['ssm', 'monitoring', 'sqs'],
  });
  return network;
}

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
