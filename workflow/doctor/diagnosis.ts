/** From what was looked at to what is broken first, and what follows from it. */
import type { DeployedTarget } from '../target.ts';
import { type BrokenCode, brokenCodes, type FindingCode } from './catalogue.ts';
import type { Check, Names } from './checks.ts';
import type { Facts } from './facts.ts';
import { causesOf } from './follows.ts';
import { group } from './group-rules.ts';
import { type LinkName, linkNames } from './links.ts';
import { network } from './network-rules.ts';
import { readiness } from './readiness-rules.ts';
import { alarms, metric, ofScaling, policy } from './scaling-rules.ts';
import { schedule } from './schedule-rules.ts';
import { endpoint, env, host, metricFunction, type Rule, request, writer } from './service-rules.ts';

const rules: Readonly<Record<LinkName, Rule>> = {
  writer,
  env,
  host,
  endpoint,
  request,
  function: metricFunction,
  schedule,
  network,
  metric,
  alarms,
  policy: ofScaling(policy),
  group: ofScaling(group),
  readiness,
};

export interface Finding {
  readonly code: FindingCode;
  /** What was seen, and when. */
  readonly says: string;
  /** The broken findings that it follows from; none if it is a cause of its own. */
  readonly followsFrom: readonly BrokenCode[];
  readonly names: Names;
  /** Commands that put just this right, in this order, with placeholders; none if the catalogue's does. */
  readonly commands: readonly string[];
}

export interface LinkReport {
  readonly link: LinkName;
  /** `absent`: the target has no such link. */
  readonly state: 'ok' | 'broken' | 'unknown' | 'absent';
  readonly findings: readonly Finding[];
  /** What was found to be fine. */
  readonly seen: readonly string[];
}

export interface Diagnosis {
  readonly links: readonly LinkReport[];
  /** The causes, first link first: what is broken and follows from nothing else. */
  readonly causes: readonly (Finding & { readonly link: LinkName })[];
  readonly state: 'ok' | 'broken' | 'unknown';
}

/** Judges every link of the chain, and tells causes from what follows from them. */
export function diagnose(facts: Facts, target: DeployedTarget): Diagnosis {
  const checks = linkNames.map((link) => ({ link, checks: rules[link](facts, target) }));
  const present = new Set(
    checks.flatMap(({ checks }) => checks.flatMap((check) => (check.state === 'broken' ? [check.code] : []))),
  );
  const links = checks.map(({ link, checks }): LinkReport => {
    const findings = checks.flatMap((check) => findingOf(check, present));
    return {
      link,
      state: stateOf(checks),
      findings,
      seen: checks.flatMap((check) => (check.state === 'ok' ? [check.says] : [])),
    };
  });
  const causes = links
    .filter(({ state }) => state === 'broken')
    .flatMap(({ link, findings }) => findings.map((finding) => ({ link, ...finding })))
    .filter(({ code, followsFrom }) => brokenCodes.some((one) => one === code) && followsFrom.length === 0);
  const isUnknown = links.some(({ state }) => state === 'unknown');
  return { links, causes, state: causes.length > 0 ? 'broken' : isUnknown ? 'unknown' : 'ok' };
}

function findingOf(check: Check, present: ReadonlySet<BrokenCode>): readonly Finding[] {
  if (check.state === 'ok') return [];
  const { code, says } = check;
  const { names } = check;
  if (check.state === 'unknown') return [{ code, says, followsFrom: [], names, commands: [] }];
  const followsFrom = causesOf(check.code, present);
  return [{ code, says, followsFrom, names, commands: check.commands }];
}

function stateOf(checks: readonly Check[]): LinkReport['state'] {
  if (checks.length === 0) return 'absent';
  const has = (state: Check['state']) => checks.some((check) => check.state === state);
  return has('broken') ? 'broken' : has('unknown') ? 'unknown' : 'ok';
}
