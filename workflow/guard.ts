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
import { type EnvDocument, readEnvText } from '../env/document.ts';
import { lostKeys } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { salvageEnv } from '../env/salvage.ts';
import { RecoveryError } from './recovery-error.ts';
import type { ParameterRecord, ParameterTier } from './versions.ts';
import { counted } from './words.ts';

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
  // What a restore leaves out stays in the history; so does a text that is no env at all.
  const toKeep = isRestore
    ? readEnvText(salvageEnv(current?.text ?? '', reader, contract).text, reader)
    : before;
  const lost = lostKeys(toKeep, after).filter((key) => !waivedKeys.includes(key));
  if (lost.length > 0) {
    const shown = namesOf(before, contract);
    // A key that the reader doesn't see may be part of a value: it is shown only if it is spelled like a name.
    const names = lost.filter((key) => shown.includes(key) || /^[A-Z]+(_[A-Z0-9]+)+$/.test(key));
    const hidden = lost.length - names.length;
    throw new RecoveryError(
      'EnvWouldShrink',
      `parameter ${name}: the text to write would lose ${counted(lost.length, 'key')}: ${[...names, ...(hidden > 0 ? [`${hidden} whose name may be a secret`] : [])].join(', ')}. Nothing was written.`,
    );
  }
  const problemsOf = (document: EnvDocument) => {
    const finding = inspectEnv(document, contract);
    return [...(isRestore ? flawsOf(document) : mistakesOf(document, finding)), ...gapsOf(finding)];
  };
  const known = mayStayIncomplete && flawsOf(after).length === 0 ? problemsOf(before) : [];
  const problems = problemsOf(after).filter((problem) => !known.includes(problem));
  if (problems.length > 0) {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: what was to be written is not a complete env: ${problems.join('; ')}. Nothing was written.`,
    );
  }
  refuseAsSsm(name, current?.allowedPattern, text);
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
 * What SSM refuses in a value: nothing at all, two braces on each side (it takes them for the name of another
 * parameter), and what isn't like the pattern of the parameter. Source: the API reference, PutParameter.
 *
 * @throws RecoveryError EnvInvalid
 */
function refuseAsSsm(name: string, allowedPattern: string | undefined, text: string): void {
  const bracedLines = text
    .split('\n')
    .flatMap((line, index) => (/^(?:(?!\{\{).)*\{\{.*\}\}/m.test(line) ? [index + 1] : []));
  if (text === '') {
    throw new RecoveryError(
      'EnvInvalid',
      `parameter ${name}: the text to write is empty, which SSM refuses. Nothing was written.`,
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
export function tierOf(current: ParameterRecord | undefined, mayMoveUp = false): ParameterTier {
  return mayMoveUp ? 'Intelligent-Tiering' : (current?.tier ?? 'Intelligent-Tiering');
}
