/** Who has an address that a function connects to. */
import type { NetworkInterface } from '../../sandbox/services/ec2-network.ts';
import { apiAddress, apiGroup, question, vpcId } from '../support/app-network.ts';
import { type AppNetwork, openAppNetwork } from '../support/asked-network.ts';

let app: AppNetwork;

beforeEach(async () => {
  app = await openAppNetwork();
});
afterEach(() => app.close());

describe('the owner of an address', () => {
  const ownerOf = async (address: string) => (await app.facts({ addresses: [address] })).owners.get(address);
  const addInterface = (part: Partial<NetworkInterface>) =>
    app.network.interfaces.push({
      networkInterfaceId: 'eni-1',
      interfaceType: 'interface',
      vpcId,
      subnetId: question.subnetIds[0] ?? '',
      addresses: ['10.0.1.50'],
      ipv6Addresses: [],
      groupIds: [apiGroup],
      ...part,
    });
  const found = (part: object) => ({ seen: true, value: expect.objectContaining(part) });

  it('is an interface, of an instance or not, by IPv4 or IPv6', async () => {
    addInterface({ ipv6Addresses: ['2001:db8::50'] });
    expect(await ownerOf(apiAddress)).toEqual(
      found({ kind: 'interface', instanceId: 'i-0000000000000000a', isConnected: true }),
    );
    expect(await ownerOf('2001:db8::50')).toEqual(
      found({ kind: 'interface', networkInterfaceId: 'eni-1', instanceId: undefined }),
    );
  });

  it('is nobody, or reached through a public address', async () => {
    addInterface({ publicIp: '203.0.113.7' });
    expect(await ownerOf('10.0.1.77')).toEqual(found({ kind: 'nobody' }));
    expect(await ownerOf('203.0.113.7')).toEqual(
      found({ kind: 'publicAddress', networkInterfaceId: 'eni-1' }),
    );
  });

  it('is the one in the own VPC, if there are several, or the one in a peered VPC', async () => {
    addInterface({ vpcId: 'vpc-2', addresses: [apiAddress] });
    expect(await ownerOf(apiAddress)).toEqual(found({ instanceId: 'i-0000000000000000a' }));
    addInterface({ vpcId: 'vpc-2', addresses: ['10.9.0.9'] });
    expect(await ownerOf('10.9.0.9')).toEqual(found({ isConnected: false }));
    const peering = { vpcPeeringConnectionId: 'pcx-1', requesterVpcId: 'vpc-2', accepterVpcId: vpcId };
    app.network.peerings.push({ ...peering, status: 'active' });
    expect(await ownerOf('10.9.0.9')).toEqual(found({ isConnected: true }));
  });

  it('is not known, if several others have it', async () => {
    addInterface({ vpcId: 'vpc-2', addresses: ['10.9.0.9'] });
    addInterface({ vpcId: 'vpc-3', addresses: ['10.9.0.9'] });
    expect(await ownerOf('10.9.0.9')).toMatchObject({ seen: false, code: 'NotAnswered' });
  });
});
