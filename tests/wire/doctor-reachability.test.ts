/** `recover doctor` for a target that allows Reachability Analyzer. */
import { Readable, Writable } from 'node:stream';
import { runDoctor } from '../../cli/doctor.ts';
import { openSession } from '../../cli/session.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { region } from '../../sandbox/template.ts';
import type { TestAws } from '../support/aws.ts';
import { type ChainOptions, countAgain, openChain } from '../support/healthy-chain.ts';
import { paste } from '../support/paste.ts';

let aws: TestAws;
afterEach(() => aws.close());

async function doctor(isAllowed = true) {
  let shown = '';
  const stream = new Writable({
    write: (part, _encoding, done) => {
      shown += part;
      done();
    },
  });
  const session = await openSession(
    { target: 'sandbox', endpointUrl: aws.endpoint.url, json: true },
    {
      environment: {
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
      input: Readable.from([]),
      output: stream,
      errorOutput: stream,
    },
  );
  const { target } = session;
  const vpc = target.vpc && { ...target.vpc, reachabilityAnalyzer: isAllowed };
  try {
    const { report, ok } = await runDoctor({ ...session, target: { ...target, ...(vpc ? { vpc } : {}) } });
    return { text: shown, ok, report: JSON.stringify(report) };
  } finally {
    session.close();
  }
}

const stopped: ChainOptions = { stoppedMinutesAgo: 20 };
const closeAcl = () => {
  const [acl] = aws.network.acls;
  if (acl) acl.entries = acl.entries.filter(({ egress }) => egress);
};
const created = () => aws.countCalls('CreateNetworkInsightsPath');

it('asks nothing while a datapoint and the groups prove the way', async () => {
  aws = await openChain();
  expect(await doctor()).toMatchObject({ ok: true });
  expect(created()).toBe(0);
});

it('asks nothing where the target file does not allow it', async () => {
  aws = await openChain(stopped);
  closeAcl();
  const { report } = await doctor(false);
  expect(created()).toBe(0);
  expect(report).not.toContain('Reachability Analyzer');
});

it('finds what security groups do not show, says first what it creates, and what it prints cures it', async () => {
  aws = await openChain(stopped);
  closeAcl();
  const { text, report } = await doctor();
  expect(text).toMatch(
    /^Creates a path and an analysis of Reachability Analyzer, from the functions \(eni-\w+\) to 127\.0\.0\.1, port 8000, for 0\.10 USD, and deletes both again\./,
  );
  expect(text).toContain('PathNotFound: Reachability Analyzer finds no way from the functions to 127.0.0.1');
  expect(report).toContain('MetricStopped');
  expect(created()).toBe(1);
  expect(aws.countCalls('DeleteNetworkInsightsPath')).toBe(1);
  const command = /aws ec2 create-network-acl-entry [^\n]+/.exec(text)?.[0] ?? '';
  expect(command).toContain('--network-acl-id acl-0123456789abcdef0 --ingress');
  await paste(command.replace('<rule-number>', '90').replace('<block>', '10.0.0.0/16'), aws.endpoint.url);
  countAgain(aws);
  aws.metrics.evaluateAlarms();
  expect(await doctor()).toMatchObject({ ok: true });
});

it.each(['CreateNetworkInsightsPath', 'StartNetworkInsightsAnalysis', 'DescribeNetworkInsightsAnalyses'])(
  'names ec2:%s if it is not allowed, and the network is unknown',
  async (operation) => {
    aws = await openChain(stopped);
    aws.endpoint.injectFault = (call) =>
      call.operation === operation ? new AwsError('UnauthorizedOperation', 'canary', 403) : undefined;
    const { text, report } = await doctor();
    expect(text).toMatch(new RegExp(`unknown +network +NotAllowed: ec2:${operation} on `));
    expect(report + text).not.toContain('canary');
  },
);

it.each([
  [
    'DeleteNetworkInsightsAnalysis',
    /delete-network-insights-analysis --network-insights-analysis-id nia-\w+/,
  ],
  ['DeleteNetworkInsightsPath', /delete-network-insights-path --network-insights-path-id nip-\w+/],
])('says what to delete if ec2:%s is not allowed', async (operation, command) => {
  aws = await openChain(stopped);
  aws.endpoint.injectFault = (call) =>
    call.operation === operation ? new AwsError('UnauthorizedOperation', 'canary', 403) : undefined;
  const { text, report } = await doctor();
  expect(text).toMatch(new RegExp(`Could not be deleted\\. Please run: aws ec2 ${command.source}`));
  expect(report).toMatch(command);
});
