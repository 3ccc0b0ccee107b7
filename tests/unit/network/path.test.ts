/**
 * Paths worked out by hand, in paths.txt, from "Security group rules" in the Amazon VPC user guide, "Update your
 * security groups to reference peer security groups" in the VPC peering guide, and the API reference of IpPermission.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgePath, type PathVerdict } from '../../../workflow/network/path.ts';
import { type Seen, seen, unseen } from '../../../workflow/network/seen.ts';
import { defaultEgress, type PartyPart, partyOf } from '../../support/network.ts';

/** The statements of paths.txt that are no rules. */
function judge(statements: string): PathVerdict {
  const rules: string[] = [];
  const unread: Record<string, string> = {};
  const prefixLists = new Map<string, Seen<readonly string[]>>();
  let port = 8000;
  let source: PartyPart = { groups: ['sg-f'], addresses: ['10.0.1.10'] };
  let destination: PartyPart = { groups: ['sg-a'], addresses: ['10.0.2.20'] };
  for (const statement of statements.split('; ').filter(Boolean)) {
    const [subject = '', verb = '', object = ''] = statement.split(' ');
    const all = object.split(',').filter((item) => !['', '?', 'nothing'].includes(item));
    const part = verb === 'has' ? { groups: all } : verb === 'at' ? { addresses: all } : { vpcId: object };
    if (statement === 'IPv6') {
      source = { ...source, addresses: ['2001:db8::10'] };
      destination = { ...destination, addresses: ['2001:db8:1::20'] };
    } else if (subject === 'default') rules.push(defaultEgress('sg-f'));
    else if (subject === 'source') source = { ...source, ...part };
    else if (subject === 'destination') destination = { ...destination, ...part };
    else if (subject === 'port') port = Number(verb);
    else if (subject === 'list') prefixLists.set(verb, seen(all));
    else if (subject === 'unread' && verb === 'list') prefixLists.set(object, unseen('access denied'));
    else if (subject === 'unread') unread[verb] = 'access denied';
    else rules.push(statement);
  }
  return judgePath({
    source: partyOf(source, rules, unread),
    destination: partyOf(destination, rules, unread),
    port,
    prefixLists,
  });
}

/** `allowed`, `blocked: egress`, `blocked: egress, ingress`, or `unknown: …`. */
function inWords(verdict: PathVerdict): string {
  if (verdict.kind === 'blocked')
    return `blocked: ${verdict.sides.map(({ direction }) => direction).join(', ')}`;
  return verdict.kind === 'unknown' ? `unknown: ${verdict.missing.join(' and ')}` : 'allowed';
}

const cases = readFileSync(join(import.meta.dirname, 'paths.txt'), 'utf8')
  .split(/\r?\n/)
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('a path', () => {
  it.each(cases)('%s', (_name, statements = '', expected = '') => {
    expect(inWords(judge(statements))).toBe(expected);
  });

  it('is worked out in at least 60 cases, each with a name of its own', () => {
    expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it('says by which rules it is allowed', () => {
    const others = 'sg-a in tcp 8000 10.9.0.0/16; sg-a in udp 8000 sg-f';
    expect(judge(`default egress; ${others}; sg-a in tcp 8000 10.0.1.0/24`)).toEqual({
      kind: 'allowed',
      egress: [defaultEgress('sg-f')],
      ingress: ['sg-a in tcp 8000 10.0.1.0/24'],
    });
  });

  it('says which groups block which addresses', () => {
    const ends = 'source at 10.0.1.10,10.0.3.10; destination has sg-a,sg-b';
    expect(judge(`default egress; sg-a in tcp 8000 10.0.1.0/24; ${ends}`)).toMatchObject({
      kind: 'blocked',
      sides: [{ direction: 'ingress', groupIds: ['sg-a', 'sg-b'], addresses: ['10.0.3.10'] }],
    });
  });
});
