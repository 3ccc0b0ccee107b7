/** A first contract from a .env, or from the example of one: names and kinds of values, and no value. */
import type { KeyRule } from './contract.ts';
import type { EnvDocument, EnvEntry } from './document.ts';
import { effectiveEntries, isBlank, shownKeys } from './entries.ts';
import { standInOf } from './stand-ins.ts';
import { isUrl } from './url.ts';

export interface ContractDraft {
  /** Those with a value, if only a placeholder, and those that a comment calls required. */
  readonly requiredKeys: readonly string[];
  /** Those without a value, and those that a comment calls optional. */
  readonly optionalKeys: readonly string[];
  readonly rules: Readonly<Record<string, NonNullable<KeyRule['type']>>>;
  /** Keys with something in place of a value, each with the predicate of a sentence that says what. */
  readonly standIns: readonly { readonly key: string; readonly says: string }[];
  /** Keys whose name may itself be a secret, or is none that a program can ask for. */
  readonly hiddenCount: number;
}

/** Both are read from the comment at the end of a line, or on the lines right above it. */
const marks = {
  optional: /\b(?:optional|not (?:required|mandatory))\b|선택|필수 ?아님/i,
  required: /\b(?:required|mandatory)\b|필수/i,
};

export function draftContract(document: EnvDocument): ContractDraft {
  const entries = effectiveEntries(document);
  const keys = shownKeys(document, () => false).filter((key) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key));
  const comments = commentsOf(document);
  const isRequired = (key: string): boolean => {
    const comment = comments.get(key) ?? '';
    if (marks.optional.test(comment)) return false;
    return marks.required.test(comment) || !isBlank(entries.get(key)?.value ?? '');
  };
  const standIns = keys.flatMap((key) => {
    const says = standInOf(key, entries.get(key)?.value ?? '');
    return says === undefined ? [] : [{ key, says }];
  });
  const rules = keys.flatMap((key) => {
    const type = typeOf(key, entries.get(key)?.value ?? '');
    return type === undefined ? [] : [[key, type] as const];
  });
  return {
    requiredKeys: keys.filter(isRequired),
    optionalKeys: keys.filter((key) => !isRequired(key)),
    rules: Object.fromEntries(rules),
    standIns,
    hiddenCount: entries.size - keys.length,
  };
}

/** What the value has to stay, where its key says the same. */
function typeOf(key: string, value: string): KeyRule['type'] {
  if (/(?:^|_)PORT$/i.test(key) && /^\d{1,5}$/.test(value)) return 'integer';
  if (/_(?:URL|URI|DSN)$/i.test(key) && isUrl(value) && standInOf(key, value) === undefined) return 'url';
  return undefined;
}

/** What the text says about each key. */
function commentsOf({ blocks }: EnvDocument): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  let above = '';
  for (const block of blocks) {
    if (block.kind === 'entry') {
      comments.set(block.key, `${above}\n${afterValue(block)}`);
      above = '';
    } else above = block.raw.trim().startsWith('#') ? `${above}\n${block.raw}` : '';
  }
  return comments;
}

/** Some readers take it for a part of the value; whoever wrote it did not. */
const afterValue = ({ raw }: EnvEntry): string => /\s#.*$/.exec(raw)?.[0] ?? '';
