/** What a target wants of every resource of its stack: tags, and a boundary for the permissions of each role. */
import type { DeployedTarget } from '../workflow/target.ts';
import { logicalName } from './functions.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: object;
}

/**
 * The types in the stack that take tags; each as a list of keys and values, as the template reference of CloudFormation
 * has it: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html.
 */
const taggable = new Set([
  'AWS::CloudWatch::Alarm',
  'AWS::DynamoDB::Table',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::VPCEndpoint',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SSM::Document',
]);

const tagsOf = ({ stack }: DeployedTarget): object => {
  const Tags = Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value }));
  return Tags.length === 0 ? {} : { Tags };
};

/** The resources of this project, each with what the target wants of it. */
export function withEverywhere(
  resources: Readonly<Record<string, Resource>>,
  target: DeployedTarget,
): Record<string, Resource> {
  const { permissionsBoundaryArn } = target.stack;
  const wanted = (type: string) => ({
    ...(type === 'AWS::IAM::Role' && permissionsBoundaryArn !== undefined
      ? { PermissionsBoundary: permissionsBoundaryArn }
      : {}),
    ...(taggable.has(type) ? tagsOf(target) : {}),
  });
  return Object.fromEntries(
    Object.entries(resources).map(([id, resource]) => [
      id,
      { ...resource, Properties: { ...resource.Properties, ...wanted(resource.Type) } },
    ]),
  );
}

/**
 * The tags of the resources that Serverless makes, as it takes extensions of them. It makes no role.
 *
 * @param functionKeys of all functions of the stack.
 */
export function tagsOfServerless(
  functionKeys: readonly string[],
  target: DeployedTarget,
): Record<string, { readonly Properties: object }> {
  const tags = tagsOf(target);
  if (Object.keys(tags).length === 0) return {};
  const ids = [
    'ServerlessDeploymentBucket',
    'RecoverEnv',
    ...functionKeys.flatMap((key) => [`${logicalName(key)}LambdaFunction`, `${logicalName(key)}LogGroup`]),
    // The schedule of the metric function.
    ...(target.metricFunction?.deploy ? ['QueueDepthMetricEventsRuleSchedule1'] : []),
  ];
  return Object.fromEntries(ids.map((id) => [id, { Properties: tags }]));
}
