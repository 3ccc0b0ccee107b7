/** The text of a first target file: what is known, why, and what a person has still to say. */
import type { FoundMetric } from '../../aws/candidates.ts';
import type { ContractDraft } from '../../env/contract-draft.ts';
import type { ReaderGuess } from '../../env/reader-guess.ts';
import { toDoMark } from '../../workflow/target/to-do.ts';
import { listNames, oneLine } from '../../workflow/words.ts';

/** A field, with the sentences that say where its value comes from, or why there is none. */
export interface Known<T> {
  readonly value: T | undefined;
  readonly notes: readonly string[];
}

export interface TargetDraft {
  readonly name: string;
  /** Where the keys come from, such as `.env.example`. */
  readonly source: string;
  readonly contract: ContractDraft;
  readonly reader: ReaderGuess;
  readonly parameterName: Known<string>;
  readonly kmsKeyArn: Known<string>;
  readonly backupParameter: Known<string>;
  readonly tag: Known<string>;
  readonly functionName: Known<string>;
  /** Variable of the metric function: key of the .env. */
  readonly setFromEnv: Known<Readonly<Record<string, string>>>;
  readonly metric: Known<FoundMetric>;
}

/** @returns YAML, in UTF-8 with LF. No value of the .env is in it. */
export function textOfDraft(draft: TargetDraft): string {
  const { name, source, contract, reader, metric } = draft;
  const { requiredKeys, optionalKeys, rules, hiddenCount } = contract;
  const internalKey = internalKeyOf(requiredKeys);
  return lines(
    `# The target ${name}: a first draft by \`recover target init\`, from ${source}.`,
    '# docs/targets.md of env-recovery has every field. `recover target check` names each field that is still TODO.',
    '# No secret belongs in this file.',
    'parameter:',
    ...field('  name', draft.parameterName, 'The one SSM parameter that holds the whole .env.'),
    `  # ${oneLine(`Guessed: ${reader.why}.`)} The others: docs/targets.md`,
    `  reader: ${reader.reader}`,
    ...requiredNotes(contract).map((note) => `  # ${oneLine(note)}`),
    '  requiredKeys:',
    ...(requiredKeys.length === 0 ? [toDoMark] : requiredKeys).map((key) => `    - ${scalar(key)}`),
    ...(optionalKeys.length === 0 ? [] : [`  # Not required: ${optionalKeys.join(', ')}`]),
    ...(hiddenCount === 0
      ? []
      : [`  # ${hiddenCount} more, whose names may be secrets themselves or are no names of variables`]),
    ...mapOf(
      '  rules',
      Object.entries(rules).map(([key, type]) => [key, `{ type: ${type} }`]),
    ),
    ...optionalField('  kmsKeyArn', draft.kmsKeyArn),
    '',
    '# A copy of the last version that worked, which the workflow keeps. It overwrites what the parameter holds.',
    'restore:',
    ...optionalField('  backupParameter', draft.backupParameter, '{}'),
    '',
    'instances:',
    ...field('  tag', draft.tag, 'The tag of the instances that run the API, as Key=value.'),
    '',
    'deploy:',
    '  # What runs on each instance, as root, to deploy the API with the env: one line for each command.',
    '  commands:',
    `    - ${toDoMark}`,
    '',
    'endpoint:',
    '  # The internal URL that answers with the backlog, such as http://10.0.0.10:8000/internal/backlog/',
    `  url: ${toDoMark}`,
    '  # The key of the .env whose value is sent as X-Internal-Key; it has to be required. Leave it out if none is sent.',
    `  internalKey: ${internalKey ?? toDoMark}`,
    '  # Where the number is in the JSON answer, such as backlog or data.backlog. An API that only says that it is well',
    '  # has none: then leave this out, and metricFunction and metric as well.',
    `  backlogPath: ${toDoMark}`,
    '',
    'metricFunction:',
    ...field('  name', draft.functionName, 'The Lambda function that publishes the metric.'),
    "  # Where the number is in the function's answer, such as backlog",
    `  answerPath: ${toDoMark}`,
    ...draft.setFromEnv.notes.map((note) => `  # ${oneLine(note)}`),
    ...mapOf(
      '  setFromEnv',
      Object.entries(draft.setFromEnv.value ?? {}).filter(([, key]) => requiredKeys.includes(key)),
    ),
    '',
    'metric:',
    ...metric.notes.map((note) => `  # ${oneLine(note)}`),
    `  namespace: ${scalar(metric.value?.namespace ?? toDoMark)}`,
    `  name: ${scalar(metric.value?.name ?? toDoMark)}`,
    ...(metric.value
      ? mapOf(
          '  dimensions',
          Object.entries(metric.value.dimensions).map(([key, value]) => [scalar(key), scalar(value)]),
        )
      : ['  # All dimensions with which it is published.', `  dimensions: { ${toDoMark}: ${toDoMark} }`]),
    '',
    '# From where the endpoint can be reached. Without this, the functions are in no VPC, and reach public addresses alone.',
    '# vpc:',
    '#   subnetIds: [subnet-00000000000000000, subnet-11111111111111111]',
    '#   securityGroupIds: [sg-00000000000000000]',
    '',
    '# Who is told. SNS asks each address to confirm.',
    'notify:',
    '  subscriptions:',
    `    - { protocol: email, endpoint: ${toDoMark} }`,
  );
}

/** The one key that an internal endpoint would be asked with. */
function internalKeyOf(requiredKeys: readonly string[]): string | undefined {
  const [key, ...others] = requiredKeys.filter((name) => /INTERNAL.*(?:KEY|TOKEN|SECRET)/i.test(name));
  return others.length === 0 ? key : undefined;
}

function requiredNotes({ requiredKeys, standIns }: ContractDraft): string[] {
  const toFill = standIns.map(({ key }) => key).filter((key) => requiredKeys.includes(key));
  return toFill.length === 0
    ? []
    : [`These hold no value yet where they were read, but something in its place: ${listNames(toFill, 20)}`];
}

const lines = (...all: readonly string[]) => all.map((line) => `${line}\n`).join('');

function field(name: string, { value, notes }: Known<string>, meaning: string): string[] {
  const indent = / */.exec(name)?.[0] ?? '';
  const comments = [meaning, ...notes].map((note) => `${indent}# ${oneLine(note)}`);
  return [...comments, `${name}: ${scalar(value ?? toDoMark)}`];
}

/** @param instead what the section above is without it; by default the section has other fields. */
function optionalField(name: string, { value, notes }: Known<string>, instead?: string): string[] {
  const comments = notes.map((note) => `  # ${oneLine(note)}`);
  if (value !== undefined) return [...comments, `${name}: ${scalar(value)}`];
  return [...comments, ...(instead === undefined ? [] : [`  ${instead}`])];
}

const mapOf = (name: string, entries: readonly (readonly [string, string])[]): string[] =>
  entries.length === 0
    ? []
    : [`${name}:`, ...entries.map(([key, value]) => `${/ */.exec(name)?.[0]}  ${key}: ${value}`)];

/** What YAML would take for something other than text has to be in quotes; those of JSON are quotes of YAML, too. */
const scalar = (text: string): string =>
  /^[A-Za-z/][\w./=-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
