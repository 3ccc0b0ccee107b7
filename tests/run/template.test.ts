/** The compiled template: names, functions, the machine, and what two stacks share. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { mostScalingSeconds } from '../../aws/scaling-proof.ts';
import { matchesPattern } from '../../sandbox/services/eventbridge.ts';
import { FunctionProperties } from '../../sandbox/services/lambda.ts';
import { resourcesOf } from '../../sandbox/template.ts';
import {
  academy,
  camelCase,
  kebabCase,
  machine,
  otherFunctions,
  Rule,
  read,
  sandbox,
  tasks,
} from '../support/compiled-template.ts';
import { needlessIn } from '../support/needless.ts';

const functionsDirectory = join(import.meta.dirname, '..', '..', 'functions');

describe('names', () => {
  it('gives each Task state a file in functions/ with its code, and one with its role, of the same name', () => {
    const states = tasks.map(([state]) => kebabCase(state)).sort();
    for (const ending of ['.ts', '.yml']) {
      const files = readdirSync(functionsDirectory).filter((file) => file.endsWith(ending));
      expect(files.map((file) => file.replace(ending, '')).sort()).toEqual(states);
    }
  });

  it('gives each Task state the function of the same key, whose handler is the file of that name', () => {
    for (const [state, { Resource, Parameters }] of tasks) {
      const logicalId = `${state}LambdaFunction`;
      // A state that waits for a token names its function in its parameters.
      expect(academy.get(logicalId)?.arn).toBe(Parameters?.FunctionName ?? Resource);
      expect(academy.get(logicalId)?.properties).toMatchObject({
        FunctionName: `env-recovery-academy-api-${camelCase(state)}`,
        Handler: `functions/${kebabCase(state)}.handler`,
      });
    }
  });
});

describe('a template', () => {
  it('says nothing that CloudFormation knows by itself', () => {
    expect(needlessIn(read('sandbox'))).toEqual([]);
  });

  it.each(['academy-api', 'sandbox'])('of %s fits into each partition', (name) => {
    expect(read(name)).not.toContain('arn:aws:');
  });
});

describe('functions', () => {
  it('run on nodejs24.x on arm64, traced, with a role of their own', () => {
    const functions = resourcesOf(sandbox, 'AWS::Lambda::Function', v.looseObject({ Role: v.string() }));
    expect(functions).toHaveLength(tasks.length + otherFunctions.length);
    expect(new Set(functions.map(({ properties }) => properties.Role)).size).toBe(functions.length);
    for (const { properties } of functions) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
      });
    }
  });

  it('end before their task does', () => {
    for (const [state, { TimeoutSeconds = 0 }] of tasks) {
      const { Timeout } = v.parse(FunctionProperties, academy.get(`${state}LambdaFunction`)?.properties);
      expect(Timeout).toBeLessThan(TimeoutSeconds);
    }
  });

  it('have time for what their settings allow', () => {
    const timeoutOf = (name: string) =>
      v.parse(FunctionProperties, academy.get(`${name}LambdaFunction`)?.properties).Timeout;
    // The most that a target may say.
    expect(timeoutOf('ConfirmBacklog')).toBeGreaterThan(600 + mostScalingSeconds);
    // Lambda's own limit.
    expect(timeoutOf('ConfirmBacklog')).toBeLessThanOrEqual(900);
    expect(timeoutOf('VerifyEndpoint')).toBeGreaterThan(120 + 30);
  });

  it('are in the VPC only where they ask the endpoint', () => {
    const Vpc = v.object({ VpcConfig: v.optional(v.object({ SubnetIds: v.array(v.string()) })) });
    const inVpc = resourcesOf(academy, 'AWS::Lambda::Function', Vpc)
      .filter(({ properties }) => (properties.VpcConfig?.SubnetIds.length ?? 0) > 0)
      .map(({ logicalId }) => logicalId);
    expect(inVpc.sort()).toEqual(['CheckEndpointLambdaFunction', 'VerifyEndpointLambdaFunction']);
  });

  it('write into log groups that are kept for a bounded time', () => {
    const groups = resourcesOf(sandbox, 'AWS::Logs::LogGroup', v.object({ RetentionInDays: v.number() }));
    expect(groups.length).toBe(tasks.length + otherFunctions.length + 2);
  });

  it('include the metric function, with its schedule, where the target deploys it', () => {
    expect(academy.has('QueueDepthMetricLambdaFunction')).toBe(false);
    expect(sandbox.get('QueueDepthMetricLambdaFunction')?.properties).toMatchObject({
      FunctionName: 'sandbox-queue-depth-metric',
    });
    expect(sandbox.get('QueueDepthMetricEventsRuleSchedule1')?.properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'DISABLED',
    });
  });
});

describe('the state machine', () => {
  it('logs without execution data and is traced', () => {
    expect(academy.get('RecoverEnv')?.properties).toMatchObject({
      StateMachineName: 'env-recovery-academy-api',
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('the deploy document', () => {
  it('runs the target’s commands in bash, up to the first failure, and takes nothing but a number', () => {
    expect(academy.get('DeployDocument')?.properties).toMatchObject({
      Content: {
        schemaVersion: '2.2',
        parameters: { envVersion: { type: 'String', allowedPattern: '^[0-9]{1,9}$' } },
        mainSteps: [
          {
            inputs: {
              runCommand: [
                '#!/bin/bash',
                'set -euo pipefail',
                "export ENV_VERSION='{{ envVersion }}'",
                'cd /home/ec2-user/academy',
                'bash scripts/deploy_api_on_server.sh',
                'bash scripts/verify_api_after_deploy.sh',
              ],
            },
          },
        ],
      },
    });
    const { parameters } = v.parse(
      v.object({ parameters: v.record(v.string(), v.unknown()) }),
      academy.get('DeployDocument')?.properties.Content,
    );
    expect(Object.keys(parameters)).toEqual(['envVersion']);
  });
});

describe('the end of an execution', () => {
  it('is dealt with by closeRecovery if it is none of success, of this machine alone', () => {
    const { EventPattern, Targets } = v.parse(Rule, academy.get('ClosingRule')?.properties);
    const event = (stateMachineArn: string | undefined, status: string) => ({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { stateMachineArn, status },
    });
    for (const status of ['FAILED', 'TIMED_OUT', 'ABORTED'])
      expect(matchesPattern(EventPattern, event(machine?.arn, status))).toBe(true);
    for (const status of ['RUNNING', 'SUCCEEDED'])
      expect(matchesPattern(EventPattern, event(machine?.arn, status))).toBe(false);
    expect(matchesPattern(EventPattern, event('another', 'FAILED'))).toBe(false);
    expect(Targets[0]?.Arn).toBe(academy.get('CloseRecoveryLambdaFunction')?.arn);
  });
});

describe('two targets', () => {
  it('share no name, so that their stacks fit into one account', () => {
    const names = (json: string) => {
      const found = [
        ...json.matchAll(
          /"(?:FunctionName|StateMachineName|LogGroupName|AlarmName|TableName|TopicName)": ?"([^"]+)"/g,
        ),
      ];
      const exports = v.parse(
        v.object({
          Outputs: v.record(v.string(), v.object({ Export: v.optional(v.object({ Name: v.string() })) })),
        }),
        JSON.parse(json),
      ).Outputs;
      found.push(...json.matchAll(/"Name": ?"(env-recovery-[^"]+)"/g));
      return [
        ...found.map(([, name]) => name),
        ...Object.values(exports).flatMap(({ Export }) => (Export ? [Export.Name] : [])),
      ];
    };
    const shared = names(read('academy-api')).filter((name) => names(read('sandbox')).includes(name));
    expect(shared).toEqual([]);
  });
});
