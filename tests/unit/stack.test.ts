/** What a target makes of the stack, before Serverless compiles it. */
import * as v from 'valibot';
import { resolveConditions } from '../../stack/conditions.ts';
import { statementsFor } from '../../stack/permissions.ts';
import { stackOf } from '../../stack/stack.ts';
import { appTarget } from '../support/app-target.ts';
import { Role, statementsOf } from '../support/stack-roles.ts';

const keyOf = (region: string) =>
  `arn:aws:kms:${region}:111122223333:key/00000000-0000-0000-0000-000000000000`;
const vpc = { subnetIds: ['subnet-00000000'], securityGroupIds: ['sg-00000000'] };

describe('the stack of a target', () => {
  it('starts by everything, asks nobody and tells nobody, where a target says nothing of it', () => {
    expect(stackOf(appTarget()).derived).toMatchObject({
      alarmPattern: { alarmName: ['env-recovery-app-heartbeat'] },
      approveWithinSeconds: 3600,
      subscriptions: [],
      executionEncryption: { Type: 'AWS_OWNED_KEY' },
      deployScript: [
        '#!/bin/bash',
        'set -euo pipefail',
        "export ENV_VERSION='{{ envVersion }}'",
        'node deploy.cjs',
      ],
    });
    expect(stackOf(appTarget()).functions.uploadEnv).toMatchObject({ reservedConcurrency: 1 });
  });

  it('leaves out what a target wants left out, and waits for an approval as long as it says', () => {
    const target = {
      ...appTarget(),
      approval: { withinMinutes: 5 },
      stack: { ...appTarget().stack, reserveConcurrency: false },
    };
    const { derived, functions } = stackOf(target);
    expect(derived.approveWithinSeconds).toBe(300);
    expect(functions.uploadEnv).not.toHaveProperty('reservedConcurrency');
  });

  it('puts the functions that ask the endpoint into the VPC, if the target has one', () => {
    const inVpc = (target: ReturnType<typeof appTarget>) =>
      Object.entries(stackOf(target).functions)
        .filter(([, block]) => 'vpc' in block)
        .map(([key]) => key);
    expect(inVpc({ ...appTarget(), vpc })).toEqual(['checkEndpoint', 'verifyEndpoint']);
    expect(inVpc(appTarget())).toEqual([]);
  });

  it('may describe what scales the workers only where the target has a group of them', () => {
    const statement = { Action: 'autoscaling:DescribePolicies', Resource: 'scaledWorkers' };
    expect(statementsFor([statement], appTarget())).toEqual([]);
    const target = appTarget({ metric: { dimensions: { AutoScalingGroupName: 'workers' } } });
    expect(statementsFor([statement], target)).toEqual([
      { Effect: 'Allow', Action: 'autoscaling:DescribePolicies', Resource: '*' },
    ]);
  });

  it('brings the metric function with its queues where the target says so', () => {
    const queues = { ai: 'ai', video: 'video', messaging: 'messaging' };
    const { functions } = stackOf(appTarget({ metricFunction: { deploy: true, queues, set: { URL: 'u' } } }));
    expect(functions.queueDepthMetric).toMatchObject({
      name: 'metric',
      handler: 'functions/metric/queue-depth-metric.handler',
      environment: { URL: 'u' },
    });
    expect(stackOf(appTarget()).functions).not.toHaveProperty('queueDepthMetric');
  });
});

describe('permissions', () => {
  it('are left out for what a target does not have', () => {
    const statement = { Action: 'ssm:GetParameter', Resource: 'backupParameter' };
    expect(statementsFor([statement], appTarget())).toEqual([]);
    expect(
      statementsFor([statement], appTarget({ restore: { backupParameter: '/app/backup' } })),
    ).toHaveLength(1);
  });

  it('reach into another region for the backup alone, and only if the target keeps it there', () => {
    const own = {
      parameter: { kmsKeyArn: keyOf('ap-northeast-2') },
      restore: { backupParameter: '/app/copy' },
    };
    expect(JSON.stringify(stackOf(appTarget(own)))).not.toContain('ap-northeast-1');

    const backupKmsKeyArn = keyOf('ap-northeast-1');
    const { resources } = stackOf(
      appTarget({ ...own, restore: { ...own.restore, backupRegion: 'ap-northeast-1', backupKmsKeyArn } }),
    );
    const copy = {
      'Fn::Sub': 'arn:${AWS::Partition}:ssm:ap-northeast-1:${AWS::AccountId}:parameter/app/copy',
    };
    const throughSsm = { 'kms:ViaService': 'ssm.ap-northeast-1.amazonaws.com' };
    const elsewhere = (role: string) =>
      v
        .parse(Role, resources[role])
        .Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .filter((statement) => JSON.stringify(statement).includes('ap-northeast-1'));
    const key = { Effect: 'Allow', Resource: backupKmsKeyArn, Condition: { StringEquals: throughSsm } };
    expect(elsewhere('MarkKnownGoodRole')).toEqual([
      {
        Effect: 'Allow',
        Action: ['ssm:GetParameter', 'ssm:GetParameterHistory', 'ssm:PutParameter'],
        Resource: copy,
      },
      { ...key, Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'] },
    ]);
    for (const role of ['DiagnoseChainRole', 'PlanRecoveryRole', 'UploadEnvRole'])
      expect(elsewhere(role)).toEqual([
        { Effect: 'Allow', Action: 'ssm:GetParameter', Resource: copy },
        { ...key, Action: 'kms:Decrypt' },
      ]);
  });

  it.each([
    ['app-env', 'app-env'],
    ['/app-env', 'app-env'],
    ['/app/env', 'app/env'],
  ])('name the parameter %s by its ARN, which has one slash before the name', (name, inArn) => {
    const { resources } = stackOf(
      appTarget({ parameter: { name }, restore: { backupParameter: `${name}-copy` } }),
    );
    const arns = [...JSON.stringify(resources).matchAll(/:parameter[^"]*/g)].map(([arn]) => arn);
    expect(new Set(arns)).toEqual(new Set([`:parameter/${inArn}`, `:parameter/${inArn}-copy`]));
  });

  it('allow a hybrid node as a managed instance, and others as instances of EC2', () => {
    const ids = ['i-00000001', 'mi-00000002'];
    const statements = statementsFor(
      [{ Action: 'ssm:SendCommand', Resource: 'instances' }],
      appTarget({ instances: { ids } }),
    );
    expect(JSON.stringify(statements)).toMatch(
      /:ec2:.*:instance\/i-00000001.*:ssm:.*:managed-instance\/mi-00000002/,
    );
  });

  it('let PatchLambdaEnv give the metric function neither layers nor another network', () => {
    const policy = JSON.stringify(stackOf(appTarget()).resources.PatchLambdaEnvRole);
    expect(policy).toContain(
      '"Action":"lambda:UpdateFunctionConfiguration","Resource":{"Fn::Sub":"arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:metric"},"Condition":{"Null":{"lambda:Layer":"true","lambda:VpcIds":"true"}}',
    );
  });

  it('reach versions and aliases of the metric function only if the target names an alias', () => {
    expect(JSON.stringify(stackOf(appTarget()).resources)).not.toMatch(
      /function:metric:|PublishVersion|GetAlias|UpdateAlias/,
    );
    const { resources } = stackOf(appTarget({ metricFunction: { alias: 'live' } }));
    const ofFunction = (suffix: string) => ({
      'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:metric${suffix}`,
    });
    const allowed = (role: string) =>
      statementsOf(resources[role]).filter((statement) => /"lambda:/.test(JSON.stringify(statement)));
    const look = { Effect: 'Allow', Action: 'lambda:GetFunctionConfiguration' };
    const both = [ofFunction(''), ofFunction(':live')];
    expect(allowed('PlanRecoveryRole')).toEqual([
      { ...look, Resource: ofFunction('') },
      { ...look, Resource: ofFunction(':*') },
      { Effect: 'Allow', Action: 'lambda:GetAlias', Resource: both },
      expect.objectContaining({ Action: 'lambda:InvokeFunction' }),
    ]);
    expect(allowed('DiagnoseChainRole')).toEqual([
      { ...look, Action: [look.Action, 'lambda:ListAliases'], Resource: ofFunction('') },
      { ...look, Resource: ofFunction(':*') },
    ]);
    expect(allowed('PatchLambdaEnvRole')).toEqual([
      { ...look, Resource: ofFunction('') },
      { ...look, Resource: ofFunction(':*') },
      { Effect: 'Allow', Action: ['lambda:GetAlias', 'lambda:UpdateAlias'], Resource: both },
      { Effect: 'Allow', Action: 'lambda:PublishVersion', Resource: ofFunction('') },
      expect.objectContaining({ Action: 'lambda:UpdateFunctionConfiguration', Resource: ofFunction('') }),
    ]);
    expect(allowed('ConfirmBacklogRole')).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: ofFunction(':live') },
    ]);
  });

  it('let the doctor look at the network only if a function may be in a VPC, and at one of its own only for its group', () => {
    const ofNetwork = (target: ReturnType<typeof appTarget>) =>
      statementsOf(stackOf(target).resources.DiagnoseChainRole).filter((statement) =>
        /"ec2:(DescribeSubnets|GetManagedPrefixListEntries)/.test(JSON.stringify(statement)),
      );
    expect(ofNetwork(appTarget({ metricFunction: { deploy: true } }))).toEqual([]);
    // The metric function of somebody else may be anywhere.
    for (const target of [appTarget(), { ...appTarget({ metricFunction: { deploy: true } }), vpc }])
      expect(ofNetwork(target)).toEqual([
        { Effect: 'Allow', Action: expect.arrayContaining(['ec2:DescribeSubnets']), Resource: '*' },
        {
          Effect: 'Allow',
          Action: 'ec2:GetManagedPrefixListEntries',
          Resource: [expect.anything(), expect.anything()],
        },
      ]);
    const ways = { ssm: 'nat', monitoring: 'nat', sqs: 'nat' };
    const { subnetIds } = vpc;
    const managed = { manage: true, vpcId: 'vpc-00000000', subnetIds, endpoints: ways } as const;
    const looksAt = (target: ReturnType<typeof appTarget>) =>
      JSON.stringify(stackOf(target).resources.DiagnoseChainRole).match(
        /lambda:GetFunctionConfiguration.*function:env-recovery-app-checkEndpoint/,
      );
    expect(looksAt({ ...appTarget(), vpc: managed })).not.toBeNull();
    expect(looksAt({ ...appTarget(), vpc })).toBeNull();
  });

  it('use the key of the metric function, through Lambda, only where its variables are read or written', () => {
    const kmsKeyArn = keyOf('ap-northeast-2');
    const keysOf = (target: ReturnType<typeof appTarget>) =>
      Object.entries(stackOf(target).resources)
        .map(([id, resource]) => [
          id,
          statementsOf(resource).filter((statement) => /"kms:/.test(JSON.stringify(statement))),
        ])
        .filter(([, statements]) => statements?.length !== 0);
    expect(keysOf(appTarget())).toEqual([]);
    const statement = (Action: string | string[]) => ({
      Effect: 'Allow',
      Action,
      Resource: kmsKeyArn,
      Condition: {
        StringEquals: { 'kms:ViaService': { 'Fn::Sub': 'lambda.${AWS::Region}.amazonaws.com' } },
      },
    });
    const roles = [
      ['PatchLambdaEnvRole', [statement(['kms:Decrypt', 'kms:Encrypt', 'kms:CreateGrant'])]],
      ['PlanRecoveryRole', [statement('kms:Decrypt')]],
      ['DiagnoseChainRole', [statement('kms:Decrypt')]],
    ];
    expect(keysOf(appTarget({ metricFunction: { kmsKeyArn } }))).toEqual(roles);

    const own = appTarget({
      metricFunction: { kmsKeyArn, deploy: true, queues: { ai: 'a', video: 'v', messaging: 'm' } },
    });
    expect(keysOf(own)).toEqual([...roles, ['QueueDepthMetricRole', [statement('kms:Decrypt')]]]);
    expect(stackOf(own).functions.queueDepthMetric).toMatchObject({ kmsKeyArn });
    expect(stackOf(own).functions.planRecovery).not.toHaveProperty('kmsKeyArn');
  });

  it('join the condition of a statement and the one of its resource', () => {
    const statement = { Action: 'kms:Decrypt', Resource: 'parameterKey', Condition: { Null: { a: 'true' } } };
    const kmsKeyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';
    expect(statementsFor([statement], appTarget({ parameter: { kmsKeyArn } }))).toMatchObject([
      { Resource: kmsKeyArn, Condition: { Null: { a: 'true' }, StringEquals: { 'kms:ViaService': {} } } },
    ]);
  });

  it.each([['noSuchPermission'], [{ Action: 'a:B', Resource: 'noSuchResource' }]])(
    'refuse %j',
    (permission) => {
      expect(() => statementsFor([permission], appTarget())).toThrow(/noSuch/);
    },
  );
});

describe('the conditions of a template', () => {
  const resolve = (section: unknown) => resolveConditions(section, { Yes: true, No: false });

  it('leave out a resource whose condition does not hold, and the condition of one whose does', () => {
    expect(resolve({ A: { Type: 'T', Condition: 'No' }, B: { Type: 'T', Condition: 'Yes' } })).toEqual({
      B: { Type: 'T' },
    });
  });

  it('choose a branch, and leave out what is no value', () => {
    const noValue = { Ref: 'AWS::NoValue' };
    const section = {
      list: [1, { 'Fn::If': ['No', 2, noValue] }],
      key: { 'Fn::If': ['Yes', { a: 1 }, noValue] },
    };
    expect(resolve(section)).toEqual({ list: [1], key: { a: 1 } });
  });

  it('keep the condition of an IAM statement, which is none of a template', () => {
    const statement = { Effect: 'Allow', Condition: { StringEquals: { a: 'b' } } };
    expect(resolve(statement)).toEqual(statement);
  });

  it('refuse one that is not known', () => {
    expect(() => resolve({ 'Fn::If': ['Other', 1, 2] })).toThrow(/Other/);
  });
});
