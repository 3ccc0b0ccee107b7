/** Reachability Analyzer through its door: what it says, and that nothing is left of it, whatever goes wrong. */
import { analysePath } from '../../aws/reachability.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { defaultAclEntries } from '../../sandbox/services/ec2-network.ts';
import { apiAddress, apiGroup, vpcId } from '../support/app-network.ts';
import { type AppNetwork, openAppNetwork } from '../support/asked-network.ts';
import { steppedClock } from '../support/services.ts';

let app: AppNetwork;
beforeEach(async () => {
  app = await openAppNetwork();
});
afterEach(() => app.close());

const [sourceId, destinationId] = ['eni-00000000000000000', 'eni-0000000000000000a'];
const analyse = (part: object = {}, isStopped?: () => boolean, clock = steppedClock()) =>
  analysePath(
    app.ec2,
    clock,
    { sourceId, destinationId, address: apiAddress, port: 8000, ...part },
    isStopped,
  );
const counts = () => {
  const count = (operation: string) =>
    app.endpoint.calls.filter((call) => call.operation === operation).length;
  return ['CreateNetworkInsightsPath', 'DeleteNetworkInsightsAnalysis', 'DeleteNetworkInsightsPath'].map(
    count,
  );
};
const fail = (operation: string, error: AwsError) => {
  app.endpoint.injectFault = (call) => (call.operation === operation ? error : undefined);
};
const denied = new AwsError('UnauthorizedOperation', 'not you', 403);
const found = (isFound: boolean, explanations: readonly object[] = []) => ({
  result: { seen: true, value: { isFound, explanations } },
  leftovers: [],
});

describe('an analysis', () => {
  it('finds the way in a network that is whole, and is gone afterwards with its path', async () => {
    expect(await analyse()).toEqual(found(true));
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('finds it by the address alone, too', async () => {
    expect(await analyse({ destinationId: undefined })).toEqual(found(true));
    expect(await analyse({ destinationId: undefined, address: '10.0.1.99' })).toEqual(
      found(false, [{ code: 'NO_PATH', direction: null, components: [] }]),
    );
  });

  it('names the groups that block the way, and the side', async () => {
    const group = app.network.group(apiGroup);
    group.rules = group.rules.filter(({ isEgress }) => isEgress);
    const explanation = {
      code: 'ENI_SG_RULES_MISMATCH',
      direction: 'ingress',
      components: [apiGroup, destinationId],
    };
    expect(await analyse()).toEqual(found(false, [explanation]));
  });

  it('names the network ACL that blocks it', async () => {
    const [acl] = app.network.acls;
    if (acl) acl.entries = acl.entries.filter(({ egress }) => egress);
    const explanation = {
      code: 'SUBNET_ACL_RESTRICTION',
      direction: 'ingress',
      components: ['acl-0123456789abcdef0', 'subnet-0000000000000000a', vpcId],
    };
    expect(await analyse()).toEqual(found(false, [explanation]));
  });

  it('goes by the first rule of a network ACL that is about it', async () => {
    const [acl] = app.network.acls;
    const rule = (ruleNumber: number, ruleAction: 'allow' | 'deny', from: number, to = from) => ({
      ruleNumber,
      ruleAction,
      protocol: '6',
      egress: false,
      cidrBlock: '10.0.0.0/16',
      portRange: { from, to },
    });
    const isFoundWith = async (...rules: readonly ReturnType<typeof rule>[]) => {
      if (acl) acl.entries = [...defaultAclEntries, ...rules];
      const { result } = await analyse();
      return result.seen && result.value.isFound;
    };
    expect(await isFoundWith(rule(101, 'deny', 8000))).toBe(true);
    expect(await isFoundWith(rule(99, 'deny', 8000))).toBe(false);
    expect(await isFoundWith(rule(99, 'deny', 8001, 9000))).toBe(true);
    expect(await isFoundWith(rule(99, 'deny', 0, 65_535), rule(98, 'allow', 8000))).toBe(true);
  });

  it('names the route table that has no route to another VPC, or one that leads nowhere', async () => {
    const { network } = app;
    const [other, vpcPeeringConnectionId] = ['vpc-0123456789abcdef1', 'pcx-1'];
    const index = network.interfaces.findIndex(
      ({ networkInterfaceId }) => networkInterfaceId === destinationId,
    );
    const [api] = network.interfaces.splice(index, 1);
    if (api) network.interfaces.push({ ...api, vpcId: other });
    const codes = async () => {
      const { result } = await analyse();
      return result.seen
        ? result.value.explanations.map(({ code, components }) => [code, components[0]])
        : [];
    };
    expect(await codes()).toEqual([['DISCONNECTED_VPCS', undefined]]);
    network.peerings.push({
      vpcPeeringConnectionId,
      requesterVpcId: vpcId,
      accepterVpcId: other,
      status: 'active',
    });
    expect(await codes()).toEqual([['NO_ROUTE_TO_DESTINATION', 'rtb-0123456789abcdef0']]);
    const [table] = network.routeTables;
    const route = (state: 'active' | 'blackhole') => {
      if (table) table.routes = [{ destinationCidrBlock: '10.0.1.0/24', vpcPeeringConnectionId, state }];
    };
    route('blackhole');
    expect(await codes()).toEqual([['BAD_STATE_ROUTE', 'rtb-0123456789abcdef0']]);
    route('active');
    expect(await codes()).toEqual([]);
  });

  it('is waited for while it runs, for five minutes, and deleted then', async () => {
    app.network.analysisMilliseconds = 3_600_000;
    const clock = steppedClock();
    const startMs = clock.now();
    expect(await analyse({}, undefined, clock)).toMatchObject({
      result: {
        seen: false,
        code: 'NotAnswered',
        why: expect.stringMatching(/was not done .* when the wait ended$/),
      },
      leftovers: [],
    });
    expect(clock.now() - startMs).toBe(300_000);
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('is done when it is done', async () => {
    app.network.analysisMilliseconds = 3_600_000;
    const clock = steppedClock();
    clock.at(clock.now() + 9_000, () => {
      app.network.analysisMilliseconds = 0;
    });
    expect(await analyse({}, undefined, clock)).toEqual(found(true));
  });

  it('is deleted at once if somebody has had enough', async () => {
    app.network.analysisMilliseconds = 3_600_000;
    let asked = 0;
    await analyse({}, () => ++asked > 2);
    expect(asked).toBe(3);
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('that fails says why', async () => {
    app.endpoint.injectFault = ({ operation }) =>
      operation === 'DescribeNetworkInsightsAnalyses'
        ? {
            status: 200,
            isCarriedOut: false,
            body: '<R xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><networkInsightsAnalysisSet><item><networkInsightsAnalysisId>nia-1</networkInsightsAnalysisId><status>failed</status><statusMessage>The request failed due to\ninsufficient permissions</statusMessage></item></networkInsightsAnalysisSet></R>',
          }
        : undefined;
    expect((await analyse()).result).toMatchObject({
      seen: false,
      why: 'Reachability Analyzer could not tell (The request failed due to insufficient permissions)',
    });
  });
});

describe('what goes wrong', () => {
  it('before anything is there leaves nothing', async () => {
    fail('CreateNetworkInsightsPath', denied);
    expect(await analyse()).toEqual({
      result: {
        seen: false,
        code: 'NotAllowed',
        why: expect.stringContaining(`ec2:CreateNetworkInsightsPath on network interface ${sourceId}`),
      },
      leftovers: [],
    });
    expect(counts()).toEqual([1, 0, 0]);
  });

  it.each(['StartNetworkInsightsAnalysis', 'DescribeNetworkInsightsAnalyses'])(
    'at %s is told, and what is there is deleted',
    async (operation) => {
      fail(operation, denied);
      const { result, leftovers } = await analyse();
      expect(result).toMatchObject({
        seen: false,
        code: 'NotAllowed',
        why: expect.stringContaining(operation),
      });
      expect(leftovers).toEqual([]);
      app.endpoint.injectFault = () => undefined;
      const [created, , deleted] = counts();
      expect(deleted).toBe(created);
    },
  );

  it('after an analysis was started without an answer deletes that, too', async () => {
    app.endpoint.injectFault = ({ operation }) =>
      operation === 'StartNetworkInsightsAnalysis' ? 'drop-after' : undefined;
    const { result, leftovers } = await analyse();
    expect(result).toMatchObject({ seen: false, code: 'NotAnswered' });
    expect(leftovers).toEqual([]);
    expect(counts()[1]).toBeGreaterThan(0);
  });

  it('with deleting is told with the commands that do it', async () => {
    app.endpoint.injectFault = ({ operation }) => (operation.startsWith('Delete') ? denied : undefined);
    const { result, leftovers } = await analyse();
    expect(result).toMatchObject({ seen: true });
    expect(leftovers).toEqual([
      expect.stringMatching(
        /^aws ec2 delete-network-insights-analysis --network-insights-analysis-id nia-\w+$/,
      ),
      expect.stringMatching(/^aws ec2 delete-network-insights-path --network-insights-path-id nip-\w+$/),
    ]);
  });

  it('for a moment, while EC2 still knows the analysis, is tried again', async () => {
    let refused = 2;
    app.endpoint.injectFault = ({ operation }) =>
      operation === 'DeleteNetworkInsightsPath' && refused-- > 0
        ? new AwsError('AnalysisExistsForNetworkInsightsPath', 'it has analyses')
        : undefined;
    expect(await analyse()).toEqual(found(true));
    expect(counts()).toEqual([1, 1, 3]);
  });

  it('with the credentials is told as well, with what is left', async () => {
    app.endpoint.injectFault = ({ operation }) =>
      operation === 'CreateNetworkInsightsPath' ? undefined : new AwsError('AuthFailure', 'expired', 401);
    const { result, leftovers } = await analyse();
    expect(result).toMatchObject({ seen: false, code: 'NotAnswered' });
    expect(leftovers).toEqual([expect.stringMatching(/^aws ec2 delete-network-insights-path /)]);
  });

  it('with the credentials from the start ends it all', async () => {
    fail('CreateNetworkInsightsPath', new AwsError('AuthFailure', 'expired', 401));
    await expect(analyse()).rejects.toMatchObject({ name: 'CredentialsExpired' });
  });
});
