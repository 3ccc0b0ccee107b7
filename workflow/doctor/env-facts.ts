/** Takes from the texts of the parameter what may be told. */
import { gapsOf, inspectEnv, mistakesOf } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries, valuesOf } from '../../env/entries.ts';
import { headerKeysOf, stateOfHeaderKey } from '../endpoint-request.ts';
import { describeLoss, findLoss, knownGoodIn, labelledIn } from '../loss.ts';
import { functionNameOf } from '../stack-names.ts';
import type { DeployedTarget } from '../target.ts';
import type { LabelledVersion, ParameterRecord } from '../versions.ts';
import { oneLine } from '../words.ts';
import type { EnvFacts } from './facts.ts';

type Version = ParameterRecord & Pick<LabelledVersion, 'unreadable'>;

/** @param history all versions, oldest first. */
export function envFacts(history: readonly Version[], target: DeployedTarget): EnvFacts {
  const { parameter, endpoint } = target;
  const record = history.at(-1);
  const text = record?.text ?? '';
  const document = readEnvText(text, parameter.reader);
  const finding = inspectEnv(document, parameter);
  const values = valuesOf(text, parameter.reader);
  const knownGood = knownGoodIn(history);
  const found = findLoss(knownGood ? { kind: 'Found', env: knownGood } : { kind: 'None' }, history, {
    reader: parameter.reader,
    contract: parameter,
  });
  const writers = history.map(({ modifiedBy }) => modifiedBy && whoIs(modifiedBy)).reverse();
  const allowedHosts = effectiveEntries(document).get('ALLOWED_HOSTS')?.value;
  return {
    version: record?.version ?? 0,
    unreadable: record?.unreadable ?? null,
    modifiedAt: record?.modifiedAt?.toISOString() ?? null,
    modifiedBy: record?.modifiedBy === undefined ? null : whoIs(record.modifiedBy),
    isByRecovery: isRecovery(record?.modifiedBy, target.name),
    otherWriters: [...new Set(writers.flatMap((one) => one ?? []))].filter((one) => one !== writers[0]),
    keyCount: effectiveEntries(document).size,
    gaps: gapsOf(finding),
    mistakes: mistakesOf(document, finding),
    mistakenKeys: [...new Set([...finding.standIns, ...finding.brokenRules].map((mistake) => mistake.key))],
    knownGoodVersion: labelledIn(history)?.version ?? null,
    loss: found ? describeLoss(found.loss) : null,
    headerKeys: Object.fromEntries(
      headerKeysOf(endpoint).map((key) => [key, stateOfHeaderKey(values.get(key))]),
    ),
    allowsHost: allowedHosts === undefined ? null : allowsHost(allowedHosts, hostOf(endpoint)),
  };
}

/** The last part of an ARN: `user/operator`, `assumed-role/deploy/operator`. */
const whoIs = (arn: string) => oneLine(arn.split(':').at(-1) ?? arn);

/** A function writes as its role, in a session with the function's name. */
const isRecovery = (arn = '', target: string) =>
  arn.split('/').at(-1)?.startsWith(functionNameOf(target, '')) === true;

/** The Host of the requests, without its port. */
export const hostOf = ({ url, host }: DeployedTarget['endpoint']): string =>
  (host ?? new URL(url).hostname).replace(/:\d+$/, '').toLowerCase();

/** What Django takes as a Host before it looks at ALLOWED_HOSTS: `host_validation_re` in django/http/request.py. */
export const isHostForDjango = (host: string): boolean =>
  /^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])$/.test(host);

/** As Django reads ALLOWED_HOSTS: `*` is any host, and a dot at the start any subdomain. */
function allowsHost(allowedHosts: string, host: string): boolean {
  if (!isHostForDjango(host)) return false;
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
