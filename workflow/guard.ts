/** What must not be written into an env parameter, whoever asks for it. */
import {
  breaksPattern,
  type EnvContract,
  flawsOf,
  gapsOf,
  inspectEnv,
  mistakesOf,
  namesOf,
} from '../env/contract.ts';
import { type EnvDocument, readEnvText, textOf } from '../env/document.ts';
import { lostKeys } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { isNoEnv, salvageEnv } from '../env/salvage.ts';
import { deleteCommands } from './commands.ts';
import { RecoveryError } from './recovery-error.ts';
import { changedParameters, isPath, isSpread, parameterNameOf } from './spread-env.ts';
import { ownLabels, type ParameterRecord, type ParameterTier } from './versions.ts';
import { counted, listNames } from './words.ts';

/** SSM: a Standard parameter holds 4 KB, an Advanced one 8 KB. Intelligent-Tiering picks between the two. */
const sizeLimitBytes = { Standard: 4096, Advanced: 8192, 'Intelligent-Tiering': 8192 } as const;

/** The rules of a write, whatever its text. */
export interface WriteRules {
  /** Of the parameter. */
  readonly name: string;
  readonly reader: EnvReader;
  /** What the text to write has to satisfy. */
  readonly contract: EnvContract;
  /** Whether the text is the current one, filled up: it may leave out odd lines, and keep mistakes. */
  readonly isRestore?: boolean;
  /** Whether the text may keep the gaps and mistakes that the current one has; it may never be worse. */
  readonly mayStayIncomplete?: boolean;
  /** Whether the parameter may move up to the tier Advanced if the text is too long for Standard. */
  readonly mayMoveUp?: boolean;
  /** The only keys that the write may drop or blank. */
  readonly waivedKeys?: readonly string[];
}

/**
 * Refuses a text that would lose a key, that isn't a complete env, or that is too long.
 *
 * @param text what is to be written, merged with what others have written meanwhile, which may be unsound as well.
 * @throws RecoveryError EnvWouldShrink, EnvInvalid, EnvTooLarge
 */
export function refuseUnsafe(
  { name, reader, contract, isRestore, mayStayIncomplete, mayMoveUp, waivedKeys = [] }: WriteRules,
  current: ParameterRecord | undefined,
  text: string,
): void {
  const [before, after] = [readEnvText(current?.text ?? '', reader), readEnvText(text, reader)];
  const lost = lostKeys(toKeep(before, contract, isRestore), after).filter(
    (key) => isPath(name) || !waivedKeys.includes(key),
  );
  if (lost.length > 0) {
    throw new RecoveryError(
      'EnvWouldShrink',
      `parameter ${name}: the text to write would lose ${counted(lost.length, 'key')}: ${nameLost(lost, before, contract)}. Nothing was written.`,
      isPath(name) ? { remedy: deleteByHand(name, lost) } : {},
    );
  }
  const problemsOf = (document: EnvDocument) => {
    const finding = inspectEnv(document, contract);
    return [...(isRestore ? flawsOf(document) : mistakesOf(document, finding)), ...gapsOf(finding)];
  };
  const old =
    mayStayIncomplete && leavesFlaws(before, after) ? [...problemsOf(before), ...flawsOf(after)] : [];
  const problems = problemsOf(after).filter((problem) => !old.includes(problem));
  if (problems.length > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: what was to be written is not a complete env: ${problems.join('; ')}. Nothing was written.`,
    );
  }
  if (!isSpread(name)) refuseAsSsm(name, current, text, mayMoveUp);
  else
    for (const [key, value] of changedParameters(name, current?.text ?? '', text))
      refuseAsSsm(parameterNameOf(name, key), current?.parameters?.get(key), value, mayMoveUp);
}

/** A parameter takes its history with it, so no write of an env below a path deletes one. */
const deleteByHand = (path: string, keys: readonly string[]): string =>
  `No write deletes a parameter, which would take its history with it. If it may go: ${deleteCommands(path, keys).join(' ')}, and then \`recover env accept\`.`;

/**
 * Refuses what a parameter can't hold.
 *
 * @throws RecoveryError EnvInvalid, EnvTooLarge
 */
export function refuseAsSsm(
  name: string,
  current: Pick<ParameterRecord, 'tier' | 'allowedPattern'> | undefined,
  text: string,
  mayMoveUp: boolean | undefined,
): void {
  refuseContent(name, current?.allowedPattern, text);
  const tier = tierOf(current, mayMoveUp);
  const [sizeBytes, limitBytes] = [Buffer.byteLength(text), sizeLimitBytes[tier]];
  if (sizeBytes > limitBytes) {
    throw new RecoveryError(
      'EnvTooLarge',
      `parameter ${name}: the text has ${sizeBytes} bytes, a parameter of the tier ${tier} holds ${limitBytes}. Nothing was written.`,
    );
  }
}

/**
 * What a write must not lose: what a restore leaves out stays in the history, and so does a text that is no env at all,
 * whose keys are nobody's.
 */
function toKeep(before: EnvDocument, contract: EnvContract, isRestore: boolean | undefined): EnvDocument {
  const { reader } = before;
  const text = textOf(before.blocks);
  if (isNoEnv(text, reader)) return readEnvText('', reader);
  return isRestore ? readEnvText(salvageEnv(text, reader, contract).text, reader) : before;
}

/** By name, or by line where the name may be a secret. */
function nameLost(lost: readonly string[], before: EnvDocument, contract: EnvContract): string {
  const shown = namesOf(before, contract);
  // A key that the reader doesn't see may be part of a value: it is shown only if it is spelled like a name.
  const names = lost.filter((key) => shown.includes(key) || /^[A-Z]+(_[A-Z0-9]+)+$/.test(key));
  const hidden = lost.filter((key) => !names.includes(key));
  if (hidden.length === 0) return names.join(', ');
  const lines = before.blocks.flatMap((block) =>
    block.raw.split('\n').flatMap((raw, index) => {
      const isHidden = (key: string) =>
        raw.includes(`${key}=`) || (block.kind === 'entry' && index === 0 && block.key === key);
      return hidden.some(isHidden) ? [String(block.line + index)] : [];
    }),
  );
  const where = `${lines.length === 1 ? 'line' : 'lines'} ${listNames(lines, 20)}`;
  return [...names, `${hidden.length} whose name may be a secret (${where})`].join(', ');
}

/**
 * Whether each hard flaw of a text was there before, in a line of the same bytes, and still does the same to what
 * follows it: where that isn't certain, the text from there on has to be the same.
 */
function leavesFlaws(before: EnvDocument, after: EnvDocument): boolean {
  const lines = [before, after].map(({ blocks }) => blocks.flatMap(({ raw }) => raw.split('\n')));
  const [linesBefore = [], linesAfter = []] = lines;
  const [oldFlaws, flaws] = [before, after].map((document) => document.flaws.filter(({ isHard }) => isHard));
  const from = (all: readonly string[], line: number) => all.slice(line - 1).join('\n');
  return (flaws ?? []).every(({ line, problem, isLocal }) =>
    oldFlaws?.some(
      (old) =>
        old.problem === problem &&
        (isLocal
          ? linesBefore[old.line - 1] === linesAfter[line - 1]
          : from(linesBefore, old.line) === from(linesAfter, line)),
    ),
  );
}

/**
 * What SSM refuses in a value: nothing at all, two braces on each side (it takes them for the name of another
 * parameter), and what isn't like the pattern of the parameter. Source: the API reference, PutParameter.
 *
 * @throws RecoveryError EnvInvalid
 */
function refuseContent(name: string, allowedPattern: string | undefined, text: string): void {
  const bracedLines = text
    .split('\n')
    .flatMap((line, index) => (/^(?:(?!\{\{).)*\{\{.*\}\}/m.test(line) ? [index + 1] : []));
  if (text === '') {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: the text to write is empty, which SSM refuses. Nothing was written.`,
      {
        remedy: `Leave the key out; a text can hold a comment instead. If the parameter may go, and its history with it: aws ssm delete-parameter --name ${name}`,
      },
    );
  }
  if (bracedLines.length > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: SSM refuses a text with {{ and }} on a line, which stands in line ${bracedLines.join(', ')}. Nothing was written.`,
      { remedy: 'Spell these values in another way, for example with a single brace or with < and >.' },
    );
  }
  if (allowedPattern !== undefined && breaksPattern(allowedPattern, text)) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: the text to write is not like the parameter's AllowedPattern, ${allowedPattern}, so that SSM refuses it. Nothing was written.`,
      {
        remedy:
          'Correct the text, or give the parameter another pattern with `aws ssm put-parameter --allowed-pattern`.',
      },
    );
  }
}

/** A parameter keeps its tier, unless it may move up: for good, and for a fee. A new one gets the tier it fits into. */
export function tierOf(current: Pick<ParameterRecord, 'tier'> | undefined, mayMoveUp = false): ParameterTier {
  return mayMoveUp ? 'Intelligent-Tiering' : (current?.tier ?? 'Intelligent-Tiering');
}

/** SSM keeps this many versions. */
const maxVersions = 100;

/**
 * Refuses to plan a write that SSM would not take.
 *
 * @param history all versions, oldest first.
 * @throws RecoveryError EnvHistoryFull
 */
export function refuseFullHistory(name: string, history: readonly ParameterRecord[]): void {
  const [oldest] = history;
  if (oldest && history.length >= maxVersions) refuseLabelOfOthers(name, oldest);
}

/**
 * A write removes the oldest of 100 versions, which SSM refuses if that has a label; only the labels of the workflow are
 * ours to take off.
 *
 * @throws RecoveryError EnvHistoryFull
 */
export function refuseLabelOfOthers(name: string, oldest: ParameterRecord): void {
  const others = oldest.labels.filter((label) => !ownLabels.some((own) => own === label));
  if (others.length === 0) return;
  throw new RecoveryError(
    'EnvHistoryFull',
    `parameter ${name}: its oldest version, ${oldest.version}, has the label ${others.join(', ')}, so SSM takes no new one. Nothing was written.`,
    {
      remedy: `Move that label to a newer version, or remove it: aws ssm unlabel-parameter-version --name ${name} --parameter-version ${oldest.version} --labels ${others.join(' ')}`,
    },
  );
}
