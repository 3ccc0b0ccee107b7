/** The way from the recovery's functions to the endpoint, for the message of a recovery that did not get there. */
import * as v from 'valibot';
import { vpcAttributeCommand } from '../network/commands.ts';
import { destinationOf } from '../network/destination.ts';
import { dnsAttributeNames, dnsAttributes } from '../network/vpc.ts';
import type { DeployedTarget } from '../target.ts';
import { listNames } from '../words.ts';
import type { NetworkFacts, NetworkLook } from './facts.ts';
import { wayChecks } from './network-rules.ts';

/** What the network looks like, in a sentence, with the commands that open what is blocked or show more of it. */
export const WayFinding = v.object({
  says: v.string(),
  commands: v.array(v.string()),
  /** What the commands do; they open the way if absent. */
  purpose: v.exactOptional(v.picklist(['Put it right', 'See more'])),
});
export type WayFinding = v.InferOutput<typeof WayFinding>;

export const notLooked = (why: string): WayFinding => ({
  says: `could not be looked at: ${why}`,
  commands: [],
});

/** A finding for each address of the endpoint, or for its name if that means nothing in the VPC; none without a VPC. */
export function wayIn(
  { looks }: Pick<NetworkFacts, 'looks'>,
  { endpoint }: Pick<DeployedTarget, 'endpoint'>,
): WayFinding[] {
  const look = looks.find(({ isOfRecovery }) => isOfRecovery);
  if (!look) return [];
  if (!look.found.seen) return [notLooked(look.found.why)];
  if (look.addresses.length === 0) return [nameFinding(destinationOf(endpoint.url).host, look.found.value)];
  return wayChecks(look).map((check) =>
    check.state === 'unknown'
      ? notLooked(check.says)
      : { says: check.says, commands: check.state === 'broken' ? [...check.commands] : [] },
  );
}

/**
 * What the DNS of the VPC says of a name that it does not know. Without `enableDnsSupport`, the DNS server of the VPC
 * answers nothing; names of private hosted zones need both attributes ("DNS attributes in your VPC", VPC guide).
 */
function nameFinding(
  host: string,
  { vpc }: Extract<NetworkLook['found'], { readonly seen: true }>['value'],
): WayFinding {
  const { off, missing } = dnsAttributes(vpc);
  if (off.length > 0)
    return {
      says: `nobody knows ${host} in ${vpc.id}: ${listNames(off.map((one) => dnsAttributeNames[one]))} ${off.length === 1 ? 'is' : 'are'} off there, and a private hosted zone needs both DNS attributes`,
      commands: off.map((attribute) => vpcAttributeCommand(vpc.id, attribute)),
      purpose: 'Put it right',
    };
  if (missing.length > 0) return notLooked(listNames(missing));
  return {
    says: `nobody knows ${host} in ${vpc.id}, though its DNS is on: the name has to be in a private hosted zone of that VPC, or in whatever DNS it asks`,
    commands: [`aws route53 list-hosted-zones-by-vpc --vpc-id ${vpc.id} --vpc-region ${vpc.region}`],
    purpose: 'See more',
  };
}

/** The lines of a message. */
export const wayLines = (way: readonly WayFinding[]): string[] =>
  way.flatMap(({ says, commands, purpose = 'To open it' }) => [
    `Network:      ${says}`,
    ...commands.map((command) => `${`${purpose}:`.padEnd(13)} ${command}`),
  ]);
