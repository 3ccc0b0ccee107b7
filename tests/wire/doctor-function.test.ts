/** How functions ask the one with the doctor in it: whatever becomes of that one, those that ask go on. */
import * as v from 'valibot';
import { askDoctor } from '../../aws/doctor-function.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { type ChainLook, ChainQuestion } from '../../workflow/doctor/chain-look.ts';
import { linkNames } from '../../workflow/doctor/links.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { question as network } from '../support/app-network.ts';
import { appTarget } from '../support/app-target.ts';
import { stillClock } from '../support/ask-doctor.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { steppedClock } from '../support/services.ts';

const name = 'env-recovery-app-diagnoseChain';
let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const vpc: DeployedTarget['vpc'] = {
  manage: false,
  subnetIds: [...network.subnetIds],
  securityGroupIds: [...network.securityGroupIds],
};
const question: ChainQuestion = {
  executionArn: executionRef().arn,
  state: { check: { finding: 'EndpointNotFound', needsDeploy: true, httpStatus: 404, proof: null } },
  failedBy: 'EndpointUnreachable',
};
const ask = (clock = stillClock()) =>
  askDoctor(question, { target: { ...appTarget(), vpc }, lambda: aws.lambda.invoker, clock });
const found: ChainLook = {
  diagnosis: {
    broken: { link: 'env', code: 'EnvGone', says: 'there is no parameter /app/env', fix: ['it'], note: null },
    alsoBroken: [],
    following: ['MetricStopped'],
    unknown: [{ link: 'host', says: 'ec2:DescribeInstances is not allowed' }],
  },
  way: [{ says: 'nobody knows it', commands: ['aws'], purpose: 'See more' }],
};
/** Every link is unknown for that reason, and so is the way. */
const nobodyLooked = (why: string) => ({
  diagnosis: {
    broken: null,
    alsoBroken: [],
    following: [],
    unknown: linkNames.map((link) => ({ link, says: expect.stringContaining(why) })),
  },
  way: [{ says: expect.stringContaining(why), commands: [] }],
});

describe('the function with the doctor', () => {
  it('has its answer told as it is', async () => {
    aws.addFunction(name, `return ${JSON.stringify(found)}`, {});
    expect(await ask()).toEqual(found);
  });

  it('is given the question', async () => {
    const way = '[{ says: JSON.stringify(event), commands: [] }]';
    aws.addFunction(name, `return { ...${JSON.stringify(found)}, way: ${way} }`, {});
    const [asked] = (await ask()).way;
    expect(v.parse(ChainQuestion, JSON.parse(asked?.says ?? ''))).toEqual(question);
  });

  it.each([
    ['failed', 'throw new Error("canary")', 'it failed (Unhandled)'],
    ['answered something else', 'return { diagnosis: "canary" }', 'its answer can not be read'],
    ['answered nothing', 'return undefined', 'its answer can not be read'],
  ])('has looked at nothing if it %s', async (_what, body, why) => {
    aws.addFunction(name, body, {});
    const look = await ask();
    expect(look).toEqual(nobodyLooked(`function ${name} could not look: ${why}`));
    expect(JSON.stringify(look)).not.toContain('canary');
  });

  it('has looked at nothing if it is not there', async () => {
    expect(await ask()).toEqual(nobodyLooked(`lambda:InvokeFunction on function ${name}`));
  });

  it('has looked at nothing if nobody may invoke it, which is said', async () => {
    aws.fail('Invoke', new AwsError('AccessDeniedException', 'canary', 403));
    expect(await ask()).toEqual(nobodyLooked(`lambda:InvokeFunction on function ${name}: access denied`));
  });

  it('is waited for half a minute at most', async () => {
    aws.fail('Invoke', 'hang');
    expect(await ask(steppedClock())).toEqual(nobodyLooked('it did not answer within 30 s'));
  });
});
