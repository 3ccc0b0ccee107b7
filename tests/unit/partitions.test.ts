/** What differs between the partitions of AWS: the regions of China, of GovCloud, and the others. */
import { statementsFor } from '../../stack/permissions.ts';
import { stackOf } from '../../stack/stack.ts';
import { readTarget, requireKeysOf } from '../../targets/load.ts';
import { appTarget } from '../support/app-target.ts';
import { fileWith } from '../support/target-file.ts';

describe('requireKeysOf, beyond the partition of the stack', () => {
  const stackWith = (part: Readonly<Record<string, unknown>>) => ({
    name: 'mine',
    ...readTarget('x', fileWith(part)),
  });
  const wanted = (partition: string, region: string) =>
    `expected one of the partition ${partition}, as ${region} is, the region of the stack`;

  it.each<[field: string, part: Readonly<Record<string, unknown>>]>([
    ['restore.backupRegion', { restore: { backupParameter: '/copy', backupRegion: 'ap-northeast-1' } }],
    [
      'stack.permissionsBoundaryArn',
      { stack: { permissionsBoundaryArn: 'arn:aws:iam::111122223333:policy/x' } },
    ],
    [
      'notify.subscriptions.0.endpoint',
      {
        notify: {
          subscriptions: [{ protocol: 'sqs', endpoint: 'arn:aws:sqs:us-east-1:111122223333:told' }],
        },
      },
    ],
  ])('refuses %s', (field, part) => {
    const without = { restore: {}, notify: {}, ...part };
    expect(() => requireKeysOf('ap-northeast-2', stackWith(without), 'targets/mine.yml')).not.toThrow();
    for (const [region, partition] of [
      ['cn-north-1', 'aws-cn'],
      ['us-gov-west-1', 'aws-us-gov'],
      ['us-iso-east-1', 'aws-iso'],
      ['eusc-de-east-1', 'aws-eusc'],
    ] as const)
      expect(() => requireKeysOf(region, stackWith(without), 'targets/mine.yml')).toThrow(
        `targets/mine.yml: ${field}: ${wanted(partition, region)}`,
      );
  });

  it('refuses a copy that would be the parameter itself', () => {
    const target = stackWith({
      restore: { backupParameter: '/academy/api/env', backupRegion: 'ap-northeast-2' },
    });
    expect(() => requireKeysOf('us-east-1', target, 'targets/mine.yml')).not.toThrow();
    expect(() => requireKeysOf('ap-northeast-2', target, 'targets/mine.yml')).toThrow(
      'targets/mine.yml: restore.backupRegion: expected another region than ap-northeast-2',
    );
  });
});

describe('the stack in China', () => {
  const kmsKeyArn = 'arn:aws-cn:kms:cn-north-1:111122223333:key/00000000-0000-0000-0000-000000000000';
  const target = { ...appTarget(), parameter: { ...appTarget().parameter, kmsKeyArn } };

  it('may use a key through a service by either of its domains', () => {
    const names = ['ssm.${AWS::Region}.amazonaws.com', 'ssm.${AWS::Region}.amazonaws.com.cn'];
    expect(statementsFor([{ Action: 'kms:Decrypt', Resource: 'parameterKey' }], target)).toEqual([
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: kmsKeyArn,
        Condition: { StringEquals: { 'kms:ViaService': names.map((name) => ({ 'Fn::Sub': name })) } },
      },
    ]);
  });

  it('makes the endpoints by the names that the services have there', () => {
    const queues = { ai: 'ai', video: 'video', messaging: 'messaging' };
    const managed = {
      ...appTarget({ metricFunction: { deploy: true, queues } }),
      vpc: {
        manage: true,
        vpcId: 'vpc-00000000',
        subnetIds: ['subnet-00000000'],
        apiSecurityGroupId: 'sg-00000000',
        endpoints: { ssm: 'create', monitoring: 'create', sqs: 'create' },
        endpointClients: [],
      },
    } satisfies ReturnType<typeof appTarget>;
    const namesIn = (region?: string) =>
      JSON.stringify(stackOf(managed, region).resources)
        .match(/[a-z.]*com\.amazonaws\.\$[^"]*/g)
        ?.toSorted();
    expect(namesIn('cn-north-1')).toEqual([
      'cn.com.amazonaws.${AWS::Region}.monitoring',
      'cn.com.amazonaws.${AWS::Region}.sqs',
      'com.amazonaws.${AWS::Region}.ssm',
    ]);
    expect(namesIn()?.join()).not.toContain('cn.com');
  });
});
