/** Where the doctor looks for the recovery's own functions, if the stack has made their security group. */

import { lookAtNetwork } from '../../aws/doctor/network.ts';
import { openEc2 } from '../../aws/ec2.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { arn } from '../../sandbox/template.ts';
import { apiAddress, functionGroup, question } from '../support/app-network.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { managedTarget } from '../support/managed-network.ts';

const functionName = 'env-recovery-app-checkEndpoint';
let aws: TestAws;
let ec2: ReturnType<typeof openEc2>;

beforeEach(async () => {
  aws = await openAws();
  ec2 = openEc2(aws.clientConfig);
});
afterEach(async () => {
  ec2.destroy();
  await aws.close();
});

const addFunction = (place: object = {}) =>
  aws.functions.add(
    {
      FunctionName: functionName,
      Handler: 'x.y',
      Runtime: 'nodejs24.x',
      MemorySize: 128,
      Timeout: 5,
      ...place,
    },
    arn('lambda', `function:${functionName}`),
    'no code',
  );

const look = async () => {
  const clients = { lambda: aws.lambda.reader, ec2 };
  const host = { addresses: [apiAddress], isPrivate: true };
  return (await lookAtNetwork({ clients, target: managedTarget() }, undefined, host)).looks;
};

it('is where Lambda says that they are', async () => {
  const { subnetIds, securityGroupIds } = question;
  addFunction({ VpcConfig: { SubnetIds: subnetIds, SecurityGroupIds: securityGroupIds } });
  expect(await look()).toMatchObject([
    {
      who: 'the recovery',
      services: ['ssm'],
      port: 8000,
      found: { seen: true, value: { caller: { subnetIds, party: { groups: [{ id: functionGroup }] } } } },
    },
  ]);
});

it('is unknown, with the reason, before the stack is deployed, and without the permission', async () => {
  expect(await look()).toMatchObject([
    { found: { seen: false, why: expect.stringContaining(`function ${functionName} does not exist`) } },
  ]);
  addFunction();
  expect(await look()).toMatchObject([
    { found: { seen: false, why: `function ${functionName} is in no VPC yet` } },
  ]);
  aws.endpoint.injectFault = () => new AwsError('AccessDeniedException', 'canary', 403);
  expect(await look()).toMatchObject([
    {
      found: {
        seen: false,
        code: 'NotAllowed',
        why: expect.stringContaining('lambda:GetFunctionConfiguration'),
      },
    },
  ]);
});
