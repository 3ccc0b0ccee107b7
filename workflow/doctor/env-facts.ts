/** Takes from the texts of the parameter what may be told. */
import { gapsOf, inspectEnv, mistakesOf, namesOf } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries, valuesOf } from '../../env/entries.ts';
import { lostKeys } from '../../env/merge.ts';
import { canBeHeader } from '../endpoint-fault.ts';
import type { DeployedTarget } from '../target.ts';
import { knownGoodLabel, type ParameterRecord } from '../versions.ts';
import { oneLine } from '../words.ts';
import type { EnvFacts } from './facts.ts';

/** @param history all versions, oldest first. */
export function envFacts(history: readonly ParameterRecord[], target: DeployedTarget): EnvFacts {
  const { parameter, endpoint } = target;
  const record = history.at(-1);
  const text = record?.text ?? '';
  const document = readEnvText(text, parameter.reader);
  const finding = inspectEnv(document, parameter);
  const key = valuesOf(text, parameter.reader).get(endpoint.internalKey);
  const known = history.find(({ labels }) => labels.includes(knownGoodLabel));
  const knownDocument = readEnvText(known?.text ?? '', parameter.reader);
  const shown = namesOf(knownDocument, parameter);
  const allowedHosts = effectiveEntries(document).get('ALLOWED_HOSTS')?.value;
  return {
    version: record?.version ?? 0,
    modifiedAt: record?.modifiedAt?.toISOString() ?? null,
    modifiedBy: record?.modifiedBy === undefined ? null : whoIs(record.modifiedBy),
    isByRecovery: isRecovery(record?.modifiedBy, target.name),
    keyCount: effectiveEntries(document).size,
    gaps: gapsOf(finding),
    mistakes: mistakesOf(document, finding),
    knownGoodVersion: known?.version ?? null,
    lostKeys: lostKeys(knownDocument, document).filter((name) => shown.includes(name)),
    internalKey: key === undefined ? 'Missing' : canBeHeader(key) ? 'Usable' : 'Unusable',
    allowsHost: allowedHosts === undefined ? null : allows(allowedHosts, hostOf(endpoint)),
  };
}

/** The last part of an ARN: `user/kim`, `assumed-role/deploy/kim`. */
const whoIs = (arn: string) => oneLine(arn.split(':').at(-1) ?? arn);

/** A function writes as its role, in a session with the function's name. */
const isRecovery = (arn = '', target: string) =>
  arn.split('/').at(-1)?.startsWith(`env-recovery-${target}-`) === true;

/** The Host of the requests, without its port. */
export const hostOf = ({ url, host }: DeployedTarget['endpoint']): string =>
  (host ?? new URL(url).hostname).replace(/:\d+$/, '').toLowerCase();

/** As Django reads ALLOWED_HOSTS: `*` is any host, and a dot at the start any subdomain. */
function allows(allowedHosts: string, host: string): boolean {
  return allowedHosts
    .toLowerCase()
    .split(/[\s,;'"[\]()]+/)
    .filter((pattern) => pattern !== '')
    .some(
      (pattern) =>
        pattern === '*' ||
        pattern === host ||
        (pattern.startsWith('.') && (host.endsWith(pattern) || host === pattern.slice(1))),
    );
}
