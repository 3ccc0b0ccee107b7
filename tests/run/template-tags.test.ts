/** Tags and the permissions boundary, on everything that the compiled templates have. */
import * as v from 'valibot';
import { stackOf } from '../../stack/stack.ts';
import { loadTarget } from '../../targets/load.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { read } from '../support/compiled-template.ts';
import { managedTarget } from '../support/managed-network.ts';

const tags = { Team: 'video', 부서: '영상' };
const Tags = [
  { Key: 'Team', Value: 'video' },
  { Key: '부서', Value: '영상' },
];
const permissionsBoundaryArn = 'arn:aws:iam::111122223333:policy/boundary';

/** Those that have no tags, as the template reference of CloudFormation says. */
const withoutTags = [
  'AWS::AutoScaling::ScalingPolicy',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
];

const Resources = v.record(v.string(), v.looseObject({ Type: v.string() }));
const compiled = (name: string) => v.parse(v.object({ Resources }), JSON.parse(read(name))).Resources;
const withEverywhere = (target: DeployedTarget) =>
  stackOf({ ...target, stack: { ...target.stack, tags, permissionsBoundaryArn } });
const loaded = (name: string) => ({ name, ...loadTarget(name) });

describe.each(['academy-api', 'sandbox'])('in the template of %s', (name) => {
  const resources = compiled(name);
  const { resources: own, extensions } = withEverywhere(loaded(name));
  const propertiesOf = (id: string): object => {
    const extended: Readonly<Record<string, { readonly Properties?: object }>> = extensions;
    return { ...own[id]?.Properties, ...extended[id]?.Properties };
  };

  it('every resource that takes tags has them', () => {
    for (const [id, { Type }] of Object.entries(resources)) {
      const given = propertiesOf(id);
      if (withoutTags.includes(Type))
        expect([id, given]).toEqual([id, expect.not.objectContaining({ Tags })]);
      else expect([id, given]).toEqual([id, expect.objectContaining({ Tags })]);
    }
  });

  it('nothing is extended that Serverless does not make', () => {
    for (const id of Object.keys(extensions))
      expect([id, id in resources, id in own]).toEqual([id, true, false]);
  });

  it('every role has the boundary', () => {
    const roles = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(10);
    for (const [id] of roles)
      expect([id, propertiesOf(id)]).toEqual([
        id,
        expect.objectContaining({ PermissionsBoundary: permissionsBoundaryArn }),
      ]);
  });

  it('there is neither where the target says nothing', () => {
    expect(read(name)).not.toMatch(/"Tags"|PermissionsBoundary/);
    expect(Object.keys(stackOf(loaded(name)).extensions)).toEqual(['RecoverEnv']);
  });
});

it('are on a network that the stack brings, and on a scaling policy as far as it takes them', () => {
  const scaling = { group: 'workers', policy: { backlogPerInstance: 7 } };
  const { resources } = withEverywhere({ ...managedTarget(), scaling });
  const types = new Set<string>();
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    types.add(Type);
    if (withoutTags.includes(Type))
      expect([id, Properties]).toEqual([id, expect.not.objectContaining({ Tags })]);
    else expect([id, Properties]).toEqual([id, expect.objectContaining({ Tags })]);
  }
  expect([...types]).toEqual(
    expect.arrayContaining([
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::VPCEndpoint',
      'AWS::AutoScaling::ScalingPolicy',
    ]),
  );
});
