/** What AWS documents of IAM and STS; see any-aws.ts. The role of the function there gets a policy, and loses it again. */
import { randomUUID } from 'node:crypto';
import {
  DeleteRolePolicyCommand,
  GetInstanceProfileCommand,
  IAMClient,
  PutRolePolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { simulateRole } from '../../aws/roles.ts';
import { FunctionName, openAnyAws, TopicArn } from '../support/any-aws.ts';
import { until } from '../support/until.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let iam: IAMClient;
let roleArn: string;

beforeAll(async () => {
  aws = await openAnyAws();
  iam = new IAMClient(aws.config);
  const lambda = new LambdaClient(aws.config);
  roleArn = (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).Role ?? '';
});
afterAll(() => aws.sandbox?.close());

const PolicyName = `behaviour-${randomUUID()}`;
const RoleName = () => roleArn.split('/').at(-1);
const parameter = `arn:aws:ssm:ap-northeast-2:111122223333:parameter/behaviour-${randomUUID()}`;
const put = (Statement: readonly object[]) =>
  iam.send(
    new PutRolePolicyCommand({
      RoleName: RoleName(),
      PolicyName,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
const ask = (action: string, context: Readonly<Record<string, string>> = {}) =>
  simulateRole(iam, roleArn, { actions: [action], resource: parameter, context });
/** A new policy counts after a moment. */
const becomes = (decision: string, ...question: Parameters<typeof ask>) =>
  until(async () => {
    const [found] = await ask(...question);
    return found?.decision === decision && found;
  });

describe('the simulation of a role', () => {
  afterEach(() => iam.send(new DeleteRolePolicyCommand({ RoleName: RoleName(), PolicyName })));

  it('allows by an Allow, and denies without one, and by a Deny in spite of it', async () => {
    await put([{ Effect: 'Allow', Action: 'ssm:Get*', Resource: parameter }]);
    expect(await becomes('allowed', 'ssm:GetParameter')).toMatchObject({ deniedBy: [] });
    expect(await becomes('implicitDeny', 'ssm:PutParameter')).toMatchObject({ deniedBy: [] });
    await put([
      { Effect: 'Allow', Action: 'ssm:Get*', Resource: parameter },
      { Effect: 'Deny', Action: 'ssm:GetParameter', Resource: '*' },
    ]);
    const denied = await becomes('explicitDeny', 'ssm:GetParameter');
    expect(denied.deniedBy).toEqual([expect.stringContaining(PolicyName)]);
    expect(await ask('ssm:GetParameterHistory')).toMatchObject([{ decision: 'allowed' }]);
  });

  it('goes by the condition keys that it is given', async () => {
    const Condition = { StringEquals: { 'cloudwatch:namespace': 'Behaviour' } };
    await put([{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: parameter, Condition }]);
    await becomes('allowed', 'ssm:GetParameter', { 'cloudwatch:namespace': 'Behaviour' });
    expect(await ask('ssm:GetParameter', { 'cloudwatch:namespace': 'Other' })).toMatchObject([
      { decision: 'implicitDeny', unknownKeys: [] },
    ]);
    expect(await ask('ssm:GetParameter')).toMatchObject([
      { decision: 'implicitDeny', unknownKeys: ['cloudwatch:namespace'] },
    ]);
  });

  it('has one result for each action, with each resource in it, and the strictest of them', async () => {
    await put([{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: parameter }]);
    await becomes('allowed', 'ssm:GetParameter');
    const { EvaluationResults } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: roleArn,
        ActionNames: ['ssm:GetParameter', 'ssm:PutParameter'],
        ResourceArns: [parameter, `${parameter}-2`],
      }),
    );
    const found = EvaluationResults?.map(({ EvalActionName, EvalDecision, ResourceSpecificResults }) => [
      EvalActionName,
      EvalDecision,
      ResourceSpecificResults?.map((one) => [one.EvalResourceName, one.EvalResourceDecision]),
    ]);
    expect(found).toEqual([
      [
        'ssm:GetParameter',
        'implicitDeny',
        [
          [parameter, 'allowed'],
          [`${parameter}-2`, 'implicitDeny'],
        ],
      ],
      [
        'ssm:PutParameter',
        'implicitDeny',
        [
          [parameter, 'implicitDeny'],
          [`${parameter}-2`, 'implicitDeny'],
        ],
      ],
    ]);
  });
});

it('who asks is told the account and the ARN', async () => {
  const [, , , , account] = TopicArn.split(':');
  expect(await new STSClient(aws.config).send(new GetCallerIdentityCommand())).toMatchObject({
    Account: account,
    Arn: expect.stringMatching(new RegExp(`^arn:[^:]+:(iam|sts)::${account}:`)),
    UserId: expect.any(String),
  });
});

describe('IAM', () => {
  const nobody = `nobody-${randomUUID()}`;
  it.each<[string, string, () => Promise<unknown>]>([
    [
      'an instance profile that is not there',
      'NoSuchEntityException',
      () => iam.send(new GetInstanceProfileCommand({ InstanceProfileName: nobody })),
    ],
    [
      'a role that is not there',
      'NoSuchEntityException',
      () =>
        iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: roleArn.replace(/[^/]+$/, nobody),
            ActionNames: ['ssm:GetParameter'],
          }),
        ),
    ],
    [
      'a policy that is not there',
      'NoSuchEntityException',
      () => iam.send(new DeleteRolePolicyCommand({ RoleName: RoleName(), PolicyName: nobody })),
    ],
    [
      'a policy that is none',
      'MalformedPolicyDocumentException',
      () =>
        iam.send(new PutRolePolicyCommand({ RoleName: RoleName(), PolicyName, PolicyDocument: '{"no": 1}' })),
    ],
    [
      'an action that is none',
      'InvalidInputException',
      () =>
        iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: roleArn, ActionNames: ['nothing'] })),
    ],
  ])('has an error of its own for %s', async (_what, name, send) => {
    await expect(send()).rejects.toMatchObject({ name });
  });
});
