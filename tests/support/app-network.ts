/** A function in a VPC, its API, and the endpoints that it needs, as the sandbox's EC2 shows them. */
import type { NetworkQuestion } from '../../aws/network.ts';
import { addPrivateNetwork } from '../../sandbox/private-network.ts';
import { Ec2Network } from '../../sandbox/services/ec2-network.ts';

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
