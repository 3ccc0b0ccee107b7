/** How the functions get to the endpoint and to AWS, as far as security groups, endpoints and NAT gateways tell. */
import { coverage, parseRange } from '../network/addresses.ts';
import { ruleCommand } from '../network/commands.ts';
import type { AddressOwner } from '../network/facts.ts';
import { internetThroughNat } from '../network/internet.ts';
import { judgePath, type PathVerdict } from '../network/path.ts';
import { judgeService } from '../network/service-access.ts';
import type { DeployedTarget } from '../target.ts';
import { listNames } from '../words.ts';
import { withAnalysis } from './analysis-rules.ts';
import { broken, type Check, judge, ok, unknown } from './checks.ts';
import type { NetworkLook } from './facts.ts';
import { provenByDatapointMs } from './metric-age.ts';
import type { Rule } from './service-rules.ts';

type Found = Extract<NetworkLook['found'], { readonly seen: true }>['value'];

export const network: Rule = (facts, target) => {
  const { metricFunction, endpoint, vpc } = target;
  const { isInVpc, isPrivate, looks } = facts.network;
  const checks = looks.flatMap((look) =>
    judge(look.found, (found) => [
      ...(look.addresses.length > 0
        ? look.addresses.flatMap((address) =>
            withAnalysis(
              addressCheck(look, address, found),
              facts.analyses?.find((one) => one.who === look.who && one.address === address),
              `from ${look.who} to ${address} on port ${look.port}`,
            ),
          )
        : [unknown('NetworkUnknown', `the name in ${endpoint.url} is not known here`)]),
      ...look.services.map((service) => serviceCheck(look, service, found)),
    ]),
  );
  if (metricFunction === undefined || isInVpc !== false) return checks;
  // Whatever has an address of a network that is connected by other means has proven it by its datapoint.
  return isPrivate && provenByDatapointMs(facts, target) === undefined
    ? [
        broken(
          'FunctionOutsideVpc',
          `function ${metricFunction.name} is in no VPC, and ${endpoint.url} has a private address`,
          {},
          intoVpc(vpc),
        ),
        ...checks,
      ]
    : [ok(`function ${metricFunction.name} is in no VPC`), ...checks];
};

/** How the endpoint can be reached, for each of its addresses. */
export const wayChecks = (look: NetworkLook): readonly Check[] =>
  judge(look.found, (found) => look.addresses.map((address) => addressCheck(look, address, found)));

/** Into the network of the recovery, whose groups the API lets in already; those of a stack are known to it alone. */
const intoVpc = (vpc: DeployedTarget['vpc']): readonly string[] =>
  vpc?.securityGroupIds
    ? [
        `aws lambda update-function-configuration --function-name <function> --vpc-config "SubnetIds=${vpc.subnetIds.join(',')},SecurityGroupIds=${vpc.securityGroupIds.join(',')}"`,
      ]
    : [];

function addressCheck(look: NetworkLook, address: string, found: Found): Check {
  const owner = found.owners.get(address);
  if (!owner) return unknown('NetworkUnknown', `nobody looked who has the address ${address}`, { address });
  if (!owner.seen)
    return unknown(owner.code === 'NotAllowed' ? 'NotAllowed' : 'NetworkUnknown', owner.why, { address });
  const { value } = owner;
  if (value.kind === 'interface') return interfaceCheck(look, address, value, found);
  return value.kind === 'publicAddress'
    ? publicCheck(look, address, found)
    : nobodyCheck(look, address, found);
}

function interfaceCheck(
  { who, port }: NetworkLook,
  address: string,
  { party, networkInterfaceId, isConnected }: Extract<AddressOwner, { readonly kind: 'interface' }>,
  { caller, vpc }: Found,
): Check {
  if (!isConnected)
    return broken(
      'AddressElsewhere',
      `${address} is that of ${networkInterfaceId} in ${party.vpcId}, which ${vpc.id} of ${who} is not connected to`,
    );
  const verdict = judgePath({
    source: caller.party,
    destination: party,
    port,
    prefixLists: vpc.prefixLists,
    arePeered: party.vpcId !== vpc.id,
  });
  return pathCheck(verdict, `from ${who} to ${address} on port ${port}`);
}

function pathCheck(verdict: PathVerdict, way: string): Check {
  if (verdict.kind === 'allowed') return ok(`security groups let TCP through ${way}`);
  if (verdict.kind === 'unknown') return notKnown(verdict.missing, way);
  const sides = verdict.sides.map(({ direction, groupIds }) => `${direction} of ${groupIds.join(', ')}`);
  const commands = verdict.sides.flatMap(({ remedy }) => (remedy ? [ruleCommand(remedy)] : []));
  return broken('PathBlocked', `security groups block TCP ${way} (${sides.join('; ')})`, {}, commands);
}

function publicCheck({ who }: NetworkLook, address: string, { caller, vpc }: Found): Check {
  const way = `from ${who} to the public address ${address}`;
  const verdict = internetThroughNat(caller, vpc);
  switch (verdict.kind) {
    case 'byNat':
      return ok(`NAT leads ${way}`);
    case 'blocked':
      return pathCheck(verdict.verdict, way);
    case 'unknown':
      return notKnown(verdict.missing, way);
    case 'none':
      return broken('NoWayOut', `there is no way ${way}: ${listNames(verdict.found, 2)}`);
  }
}

/** An address of the function's own subnets belongs to somebody in this account; any other may be far away. */
function nobodyCheck({ who }: NetworkLook, address: string, { caller, vpc }: Found): Check {
  const range = parseRange(address);
  const subnets = vpc.subnets.seen ? vpc.subnets.value.filter(({ id }) => caller.subnetIds.includes(id)) : [];
  const blocks = subnets.flatMap(({ cidrs }) => cidrs.flatMap((cidr) => parseRange(cidr) ?? []));
  return range && coverage(range, blocks) !== 'none'
    ? broken('AddressElsewhere', `no network interface has the address ${address}, in the subnets of ${who}`)
    : unknown('NetworkUnknown', `no network interface of this account has the address ${address}`, {
        address,
      });
}

function serviceCheck({ who }: NetworkLook, service: string, { caller, vpc }: Found): Check {
  const access = judgeService(service, caller, vpc);
  switch (access.kind) {
    case 'byEndpoint':
      return ok(`${service} can be reached from ${who} through ${access.endpointId}`);
    case 'byNat':
      return ok(`${service} can be reached from ${who} through ${listNames(access.natGatewayIds)}`);
    case 'unknown':
      return notKnown(access.missing, `from ${who} to ${service}`);
    case 'none':
      return broken(
        'ServiceUnreachable',
        `${service} can't be reached from ${who}: ${listNames(access.found, 3)}`,
        {},
        access.commands,
      );
  }
}

const notKnown = (missing: readonly string[], way: string) =>
  unknown('NetworkUnknown', `not known ${way}: ${listNames(missing, 3)}`);
