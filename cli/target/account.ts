/** What `recover target init` finds in the account. Each look may fail, and the file says which did. */
import * as v from 'valibot';
import {
  type Candidates,
  type FoundMetric,
  findFunctions,
  findInstanceNames,
  findMetrics,
} from '../../aws/candidates.ts';
import { openEc2 } from '../../aws/ec2.ts';
import { readFunctionEnv } from '../../aws/function-environment.ts';
import { readAgents } from '../../aws/instances.ts';
import { openLambda } from '../../aws/lambda-clients.ts';
import { look } from '../../aws/look.ts';
import { openCloudWatch } from '../../aws/metric.ts';
import { listDimensions } from '../../aws/metric-look.ts';
import { readHistory, readParameterArn } from '../../aws/parameter.ts';
import { openSsm } from '../../aws/ssm-clients.ts';
import { isBlank, valuesOf } from '../../env/entries.ts';
import type { EnvReader } from '../../env/readers/readers.ts';
import { type Seen, unseen } from '../../workflow/network/seen.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { functionName, instanceTag, keyArn, parameterName } from '../../workflow/target/fields.ts';
import { toDoMark } from '../../workflow/target/to-do.ts';
import { counted, listNames } from '../../workflow/words.ts';
import { openCaller } from '../caller.ts';
import { UsageError } from '../failure.ts';
import type { Desk } from '../terminal.ts';
import type { Known, TargetDraft } from './draft-text.ts';
import type { InitOptions } from './init.ts';

type AccountFields = Pick<
  TargetDraft,
  'parameterName' | 'kmsKeyArn' | 'backupParameter' | 'tag' | 'functionName' | 'setFromEnv' | 'metric'
>;

export interface Surrounding {
  /** Of the .env: as it was given, or as the parameter has it. */
  readonly text: string | undefined;
  readonly whyNoText: string;
  /** What could not be looked at, each once. */
  readonly notSeen: readonly string[];
  readonly fieldsFor: (reader: EnvReader) => AccountFields;
}

/** @throws UsageError if an option names something that can't be. */
export async function lookAround(
  options: InitOptions,
  { terminal, environment }: Desk,
  given: string | undefined,
): Promise<Surrounding> {
  const { parameter, instances: tag, metric } = options;
  require('--parameter', parameterName, parameter);
  require('--instances', instanceTag, tag);
  require('--function', functionName, options.function);
  const [, namespace, metricName] = /^(.+)\/([^/]+)$/.exec(metric ?? '') ?? [];
  if (metric !== undefined && namespace === undefined)
    throw new UsageError('--metric: expected a namespace and a name, such as App/Jobs/BacklogCount');

  const { config } = await openCaller(options, environment, terminal);
  const ssm = openSsm(config).reader;
  const [ec2, lambda] = [openEc2(config), openLambda(config).reader];
  const cloudWatch = openCloudWatch(config);
  const hasRegion = config.region !== undefined;
  /** Without credentials or a region, there is still the .env. */
  const ask = async <T>(work: () => Promise<Seen<T>>): Promise<Seen<T>> => {
    if (!hasRegion) return unseen('no region is known; --region names it');
    return work().catch((error: unknown) => {
      // A look throws nothing else: look.ts.
      if (error instanceof RecoveryError)
        return unseen('there are no valid credentials; --profile names those of a profile');
      throw error;
    });
  };
  // The first look finds out whether there are credentials, and asks for a code if a role wants one.
  const history =
    parameter === undefined ? undefined : await ask(() => look(() => readHistory(ssm, parameter)));
  const backupName = parameter === undefined ? undefined : `${parameter}-backup`;
  const [backup, agents, names, functions, build, metrics, dimensionSets] = await Promise.all([
    backupName === undefined
      ? undefined
      : ask(() => look(async () => (await readParameterArn(ssm, backupName)) ?? null)),
    tag === undefined ? undefined : ask(() => look(() => readAgents(ssm, { tag }))),
    tag === undefined ? ask(() => findInstanceNames(ssm, ec2)) : undefined,
    options.function === undefined ? ask(() => findFunctions(lambda)) : undefined,
    options.function === undefined
      ? undefined
      : ask(() => look(() => readFunctionEnv(lambda, options.function ?? ''))),
    metric === undefined ? ask(() => findMetrics(cloudWatch)) : undefined,
    namespace === undefined || metricName === undefined
      ? undefined
      : ask(() => look(() => listDimensions(cloudWatch, { namespace, name: metricName }))),
  ]);
  for (const client of [ssm, ec2, lambda, cloudWatch]) client.destroy();

  const newest = history?.seen ? history.value.at(-1) : undefined;
  const text = given ?? newest?.text;
  const looks: readonly (Seen<unknown> | undefined)[] = [
    history,
    backup,
    agents,
    names,
    functions,
    build,
    metrics,
    dimensionSets,
  ];
  const notSeen = [...new Set(looks.flatMap((one) => (one && !one.seen ? couldNot(one) : [])))];
  return {
    text,
    whyNoText:
      history === undefined ? '' : history.seen ? `: there is no parameter ${parameter}` : `: ${history.why}`,
    notSeen,
    fieldsFor: (reader) => ({
      parameterName: {
        value: parameter,
        notes: notesOf(history, (versions) =>
          versions.length === 0
            ? 'There is no such parameter yet: `recover env push` creates it.'
            : undefined,
        ),
      },
      kmsKeyArn: keyOf(newest?.keyId),
      backupParameter: backupOf(backupName, backup),
      tag:
        tag === undefined
          ? tagOf(names)
          : {
              value: tag,
              notes: notesOf(agents, (all) => `${counted(all.length, 'instance')} of SSM with this tag.`),
            },
      functionName:
        options.function === undefined
          ? chosenFrom(functions, 'function', (name) => name)
          : { value: options.function, notes: notesOf(build, () => undefined) },
      setFromEnv: variablesOf(build?.seen ? build.value.variables : {}, text ?? '', reader),
      metric:
        metric === undefined
          ? chosenFrom(metrics, 'metric', describeMetric)
          : metricOf({ namespace: namespace ?? '', name: metricName ?? '' }, dimensionSets),
    }),
  };
}

function require(option: string, schema: v.GenericSchema<string>, value: string | undefined): void {
  const result = value === undefined ? undefined : v.safeParse(schema, value);
  if (result && !result.success) throw new UsageError(`${option}: ${result.issues[0].message}`);
}

const couldNot = ({ why }: { readonly why: string }): string => `could not look: ${why}`;

function notesOf<T>(look: Seen<T> | undefined, note: (value: T) => string | undefined): string[] {
  if (look === undefined) return [];
  const said = look.seen ? note(look.value) : couldNot(look);
  return said === undefined ? [] : [said];
}

/** AWS's own key needs no field. */
function keyOf(keyId: string | undefined): Known<string> {
  if (keyId === undefined || keyId === 'alias/aws/ssm') return { value: undefined, notes: [] };
  if (v.is(keyArn, keyId)) return { value: keyId, notes: ['The customer managed key of the parameter.'] };
  return { value: undefined, notes: [`The parameter has the key ${keyId}: put its ARN here, as kmsKeyArn.`] };
}

/** Only a name that nobody uses, since the copy would overwrite what is there. */
function backupOf(name: string | undefined, look: Seen<string | null> | undefined): Known<string> {
  if (name === undefined || look === undefined)
    return { value: undefined, notes: ['backupParameter: a name that nothing else uses.'] };
  if (!look.seen)
    return {
      value: undefined,
      notes: [`backupParameter: ${name}, if nothing else uses it; ${couldNot(look)}`],
    };
  if (look.value !== null)
    return {
      value: undefined,
      notes: [`backupParameter: another name than ${name}, which is there already.`],
    };
  return { value: name, notes: ['No parameter has this name yet.'] };
}

function tagOf(names: Seen<Candidates<string>> | undefined): Known<string> {
  const { value, notes } = chosenFrom(names, 'name of instances', (name) => name);
  return { value: value === undefined ? undefined : `Name=${value}`, notes };
}

/** The only candidate; of several, a person has to choose. */
function chosenFrom<T>(
  look: Seen<Candidates<T>> | undefined,
  what: string,
  describe: (candidate: T) => string,
): Known<T> {
  if (look === undefined) return { value: undefined, notes: [] };
  if (!look.seen) return { value: undefined, notes: [couldNot(look)] };
  const { found, isCut } = look.value;
  const cut = isCut ? ['There are more than were looked at.'] : [];
  const [first] = found;
  if (found.length === 1 && !isCut)
    return { value: first, notes: [`The only ${what} in the account that looks like it; check it.`] };
  return { value: undefined, notes: [`Found: ${listNames(found.map(describe), 12)}.`, ...cut] };
}

const describeMetric = ({ namespace, name, dimensions }: FoundMetric): string =>
  `${namespace}/${name} (${listNames(Object.entries(dimensions).map(([key, value]) => `${key}=${value}`)).replace('none', 'no dimensions')})`;

function metricOf(
  named: Pick<FoundMetric, 'namespace' | 'name'>,
  look: Seen<FoundMetric['dimensions'][]> | undefined,
): Known<FoundMetric> {
  const [dimensions, ...others] = look?.seen ? look.value : [];
  if (dimensions && others.length === 0)
    return { value: { ...named, dimensions }, notes: ['With the dimensions of its last two weeks.'] };
  const sets = look?.seen ? look.value.map((one) => describeMetric({ ...named, dimensions: one })) : [];
  return {
    value: { ...named, dimensions: { [toDoMark]: toDoMark } },
    notes: [look && !look.seen ? couldNot(look) : `Published in the last two weeks: ${listNames(sets, 12)}.`],
  };
}

/** A shorter one is the same by chance. */
const longValue = 12;

/** Which variables of the function have the value of a key. Both are compared here, and neither is shown. */
function variablesOf(
  variables: Readonly<Record<string, string>>,
  text: string,
  reader: EnvReader,
): AccountFields['setFromEnv'] {
  const values = [...valuesOf(text, reader)];
  const pairs = Object.entries(variables).flatMap(([variable, value]) => {
    const same = values.filter(([, held]) => held === value && !isBlank(value)).map(([key]) => key);
    const key =
      same.find((one) => one === variable) ??
      (same.length === 1 && value.length >= longValue ? same[0] : undefined);
    return key === undefined ? [] : [[variable, key] as const];
  });
  const names = Object.keys(variables);
  return {
    value: Object.fromEntries(pairs),
    notes: names.length === 0 ? [] : [`Variables of the function: ${listNames(names, 20)}.`],
  };
}
