/** Looks at the endpoint from wherever this runs, for `recover doctor`. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { AnswerFacts } from '../workflow/doctor/facts.ts';
import { headerKeysOf } from '../workflow/endpoint-request.ts';
import { destinationOf } from '../workflow/network/destination.ts';
import type { Target } from '../workflow/target.ts';
import { askEndpoint } from './endpoint.ts';

const longestSeconds = 3;

/** What an API answers that is asked without its keys. */
const refused = new Set(['InternalKeyRejected', 'BacklogNotNumeric']);

/**
 * Asks the endpoint once, without the keys, if it needs any: outside of the VPC, the machine that has this address may be
 * anybody's.
 *
 * @param isPrivate whether it may be.
 * @returns `null` if it was not asked, since a POST to somebody else's machine might change something there.
 */
export async function lookAtEndpoint(
  endpoint: Target['endpoint'],
  isPrivate: boolean,
): Promise<AnswerFacts | null> {
  if (isPrivate && endpoint.method === 'POST') return null;
  const answer = await askEndpoint({
    ...endpoint,
    requestTimeoutSeconds: Math.min(endpoint.requestTimeoutSeconds, longestSeconds),
  });
  if (answer.fault === undefined) return { fault: undefined, detail: `HTTP ${answer.httpStatus}`, isPrivate };
  const { fault, httpStatus, detail } = answer;
  return headerKeysOf(endpoint).length > 0 && refused.has(fault)
    ? { fault: undefined, detail: `HTTP ${httpStatus}`, isPrivate }
    : { fault, detail, isPrivate };
}

async function tooLate(): Promise<never> {
  await setTimeout(longestSeconds * 1000, undefined, { ref: false });
  throw new Error('no answer');
}

/** Addresses that mean another machine in each network, or none (RFC 1918, 3927, 4193, 6598, loopback). */
const privateAddresses = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const)
  privateAddresses.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateAddresses.addSubnet(network, bits, 'ipv6');

/** Where a host is. */
export interface HostPlace {
  /** None if its name is not known. */
  readonly addresses: readonly string[];
  /** Whether one of the addresses means another machine in each network; so it may for a name that is not known. */
  readonly isPrivate: boolean;
}

export const hostAt = (addresses: readonly string[]): HostPlace => ({
  addresses,
  isPrivate:
    addresses.length === 0 ||
    addresses.some((address) => privateAddresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')),
});

/** Where a URL's host is; its name is not known here, too, if nobody answers within a few seconds. */
export async function resolveHost(url: string): Promise<HostPlace> {
  try {
    const found = await Promise.race([lookup(destinationOf(url).host, { all: true }), tooLate()]);
    return hostAt(found.map(({ address }) => address));
  } catch {
    return hostAt([]);
  }
}
