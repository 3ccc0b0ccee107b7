/** What the template of a target with `vpc.manage` opens: every way that its functions need, and nothing else. */
import { stackOf } from '../../../stack/stack.ts';
import { judgeEgress, judgePath } from '../../../workflow/network/path.ts';
import { judgeService } from '../../../workflow/network/service-access.ts';
import { appTarget } from '../../support/app-target.ts';
import {
  apiGroup,
  deployedFunction,
  type ManagedPart,
  managedTarget,
  networkOfStack,
} from '../../support/managed-network.ts';
import { endpoints, mainTableWith, vpcWith } from '../../support/network.ts';

const existing = 'sg-0123456789abcdefe';

/** @param before rules of groups that are there before the stack. */
const networkWith = (part: ManagedPart, before?: readonly string[]) =>
  networkOfStack(managedTarget(part), before);

describe('the network of a managed VPC', () => {
  it('leads to the API by its group, on the port of the URL, and lets nothing else in or out', () => {
    const { caller, party, lines } = networkWith({ vpc: { apiSecurityGroupId: apiGroup } });
    const api = party([apiGroup], ['10.0.9.9']);
    expect(judgePath({ source: caller.party, destination: api, port: 8000 })).toMatchObject({
      kind: 'allowed',
    });
    expect(lines.toSorted()).toEqual([
      'EndpointsSecurityGroup in tcp 443-443 FunctionsSecurityGroup',
      // An endpoint opens no connection: this takes the place of the rule that lets everything out.
      'EndpointsSecurityGroup out -1 all 127.0.0.1/32',
      'FunctionsSecurityGroup out tcp 443-443 EndpointsSecurityGroup',
      `FunctionsSecurityGroup out tcp 8000-8000 ${apiGroup}`,
      `${apiGroup} in tcp 8000-8000 FunctionsSecurityGroup`,
    ]);
  });

  it.each([
    ['http://10.0.9.9:8000/count/', '10.0.9.9/32', 8000],
    ['https://10.0.9.9/count/', '10.0.9.9/32', 443],
    ['http://[fd00::9]/count/', 'fd00::9/128', 80],
  ])('leads to %s by its address alone, where the target names no group', (url, block, port) => {
    const { caller, lines } = networkWith({ url });
    expect(lines.filter((line) => line.startsWith('FunctionsSecurityGroup'))).toEqual([
      `FunctionsSecurityGroup out tcp ${port}-${port} ${block}`,
      'FunctionsSecurityGroup out tcp 443-443 EndpointsSecurityGroup',
    ]);
    expect(lines.filter((line) => line.startsWith('sg-'))).toEqual([]);
    if (port === 8000)
      expect(judgeEgress(caller.party, ['10.0.9.9'], port, { cidr: block })).toMatchObject({
        kind: 'allowed',
      });
  });

  it.each([
    ['without a metric function of the stack', {}, ['ssm']],
    ['with one', { metricFunction: deployedFunction }, ['ssm', 'monitoring', 'sqs']],
  ])('has the endpoints that the functions call, %s, and no others', (_, part, services) => {
    const { caller, endpoints: found } = networkWith(part);
    const vpc = vpcWith(endpoints(...found));
    expect(found.map(({ serviceName }) => serviceName)).toEqual(
      services.map((service) => `com.amazonaws.ap-northeast-2.${service}`),
    );
    for (const service of services)
      expect(judgeService(service, caller, vpc)).toMatchObject({ kind: 'byEndpoint' });
  });

  it('lets whoever calls the same services in at the new endpoints, each once', () => {
    const endpointClients = ['10.0.0.0/16', 'fd00::/8', apiGroup, apiGroup];
    const { lines } = networkWith({ vpc: { endpointClients } });
    expect(lines.filter((line) => line.startsWith('EndpointsSecurityGroup in'))).toEqual([
      'EndpointsSecurityGroup in tcp 443-443 FunctionsSecurityGroup',
      ...endpointClients.slice(0, 3).map((client) => `EndpointsSecurityGroup in tcp 443-443 ${client}`),
    ]);
  });

  it('cuts off whoever else is in the VPC, unless it is named', () => {
    const accessOfHost = (endpointClients: readonly string[]) => {
      const network = networkWith({ vpc: { endpointClients } }, ['sg-host out -1 all 0.0.0.0/0']);
      const host = { subnetIds: [], party: network.party(['sg-host'], ['10.0.3.3']) };
      return judgeService('ssm', host, vpcWith(mainTableWith('nat-1'), endpoints(...network.endpoints)));
    };
    expect(accessOfHost([])).toMatchObject({ kind: 'none', fault: 'EndpointBlocked' });
    expect(accessOfHost(['10.0.0.0/16'])).toMatchObject({ kind: 'byEndpoint' });
  });

  it('leads to an endpoint that is there, opens it, and makes no second one', () => {
    const part = {
      vpc: { endpoints: { ssm: existing, sqs: existing }, apiSecurityGroupId: existing },
      url: 'https://api.internal/count/',
      metricFunction: deployedFunction,
    };
    const { caller, party, endpoints: created, lines } = networkWith(part);
    expect(created.map(({ id }) => id)).toEqual(['MonitoringEndpoint']);
    const [monitoring] = created;
    if (!monitoring) throw new Error('there is no endpoint');
    const ssm = {
      ...monitoring,
      id: 'vpce-1',
      serviceName: 'com.amazonaws.ap-northeast-2.ssm',
      party: party([existing], ['10.0.1.8']),
    };
    expect(judgeService('ssm', caller, vpcWith(endpoints(ssm)))).toEqual({
      kind: 'byEndpoint',
      endpointId: 'vpce-1',
    });
    // EC2 refuses the same rule twice: API and endpoints have one group and one port here.
    expect(lines.filter((line) => line.includes(existing))).toEqual([
      `FunctionsSecurityGroup out tcp 443-443 ${existing}`,
      `${existing} in tcp 443-443 FunctionsSecurityGroup`,
    ]);
  });

  it('leaves everything to a NAT gateway where the target says so, and nothing to the internet otherwise', () => {
    const {
      caller,
      endpoints: created,
      lines,
    } = networkWith({ vpc: { endpoints: { ssm: 'nat' }, endpointClients: undefined } });
    expect(created).toEqual([]);
    expect(lines).toEqual([
      'FunctionsSecurityGroup out tcp 8000-8000 10.0.9.9/32',
      'FunctionsSecurityGroup out tcp 443-443 0.0.0.0/0',
    ]);
    expect(judgeService('ssm', caller, vpcWith(mainTableWith('nat-1')))).toMatchObject({ kind: 'byNat' });
    const { caller: closed } = networkWith({});
    expect(judgeService('ssm', closed, vpcWith(mainTableWith('nat-1')))).toMatchObject({ kind: 'none' });
  });

  it('is made for all functions in the VPC, and for no target without manage', () => {
    const { functions } = stackOf(managedTarget({ metricFunction: deployedFunction }));
    const places = Object.values(functions).flatMap((block) => ('vpc' in block ? [block.vpc] : []));
    expect(places).toHaveLength(3);
    expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(1);
    const vpc = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: [existing] };
    const target = { ...appTarget(), vpc };
    expect(networkOfStack(target)).toMatchObject({ lines: [], endpoints: [] });
    expect(stackOf(target).functions.checkEndpoint).toMatchObject({ vpc });
  });
});

describe('a mistake in a managed VPC', () => {
  it.each<[string, ManagedPart, string]>([
    ['no VPC', { vpc: { vpcId: undefined } }, 'vpc.vpcId: '],
    ['no subnets', { vpc: { subnetIds: undefined } }, 'vpc.subnetIds: '],
    [
      'groups of one’s own',
      { vpc: { securityGroupIds: [existing] } },
      'vpc.securityGroupIds: with manage, the stack',
    ],
    [
      'neither groups nor manage',
      { vpc: { manage: undefined } },
      'vpc.securityGroupIds: this field is missing',
    ],
    ['a word for manage', { vpc: { manage: 'yes' } }, 'vpc.manage: expected true or false'],
    [
      'a name in the URL, and no group',
      { url: 'http://api.internal/' },
      'vpc.apiSecurityGroupId: expected the sec',
    ],
    [
      'nobody said who else calls',
      { vpc: { endpointClients: undefined } },
      'vpc.endpointClients: expected the bl',
    ],
    [
      'everybody as a caller',
      { vpc: { endpointClients: ['0.0.0.0/0'] } },
      'vpc.endpointClients.0: expected a bl',
    ],
    [
      'an address as a caller',
      { vpc: { endpointClients: ['10.0.0.1'] } },
      'vpc.endpointClients.0: expected a bl',
    ],
    [
      'an endpoint’s own id',
      { vpc: { endpoints: { ssm: 'vpce-1' } } },
      'vpc.endpoints.ssm: expected create, nat',
    ],
    ['a service that is not called', { vpc: { endpoints: { s3: 'nat' } } }, 'vpc.endpoints.s3: no field'],
  ])('is told in one line with its field: %s', (_, part, message) => {
    const read = () => managedTarget(part);
    expect(read).toThrow(`app: ${message}`);
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('\n') }));
  });
});
