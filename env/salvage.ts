/** What of a text that has lost keys is worth keeping. The rest stays in the parameter's history. */
import type { EnvContract } from './contract.ts';
import { type EnvBlock, type EnvDocument, type EnvEntry, readEnvText, textOf } from './document.ts';
import { effectiveEntries, isBlank } from './entries.ts';
import { joinParts, partsOf } from './parts.ts';
import type { EnvReader } from './readers/readers.ts';
import { standInOf } from './stand-ins.ts';

export interface Salvage {
  /** Without a hard flaw, as its reader reads it; empty if nothing is worth keeping. */
  readonly text: string;
  /** 1-based numbers of the lines that are not in it, in order. */
  readonly leftOutLines: readonly number[];
}

/**
 * Whether a text is no env at all: blank, or with more lines that are no assignments than lines that are, as its
 * reader sees it. Such is a page of HTML, JSON, base64, prose, the trace of a shell: what looks like a key in it is
 * nobody's.
 */
export function isNoEnv(text: string, reader: EnvReader): boolean {
  const parts = partsOf(text);
  if (parts) return parts.every((part) => isNoEnv(part.text, reader));
  return text.trim() === '' || hasMoreOthers(readEnvText(text, reader));
}

function hasMoreOthers({ blocks, flaw }: EnvDocument): boolean {
  let [assigned, others] = [0, 0];
  for (const block of blocks) {
    const lineCount = block.raw.split('\n').length;
    if (block.kind === 'other' || isFragment(block))
      others += isRemark(block.raw) || isAssignment(block.raw) ? 0 : lineCount;
    else {
      // What a quote that is never closed has swallowed is no part of the assignment.
      const own = flaw?.isHard ? 1 : lineCount;
      assigned += own;
      others += lineCount - own;
    }
  }
  return others > assigned;
}

/** A line that is an assignment to another reader. It says nothing against a text, and is left out by itself. */
function isAssignment(line: string): boolean {
  return /^\s*(?:export\s+)?[A-Z_a-z]\w*\s*=(?=[^=\s])/.test(line);
}

function isRemark(line: string): boolean {
  return /^\s*(?:[#;].*)?$/.test(line);
}

/** An entry whose name no author of an env would choose: a piece of markup or code, or the end of a base64 text. */
function isFragment({ key, value }: EnvEntry): boolean {
  return /[\s<>{}()"'`$&|/\\,?]|^[+-]/.test(key) || (/^[A-Za-z0-9+]{16,}$/.test(key) && /^=*$/.test(value));
}

/**
 * The lines of a text that a restore keeps: all but those over which the reader stumbles, and those where a required
 * key has a stand-in for its value. Nothing is kept of a text that is no env at all.
 */
export function salvageEnv(
  text: string,
  reader: EnvReader,
  contract: Pick<EnvContract, 'requiredKeys'>,
): Salvage {
  const parts = partsOf(text);
  if (!parts) return salvageText(text, reader, contract);
  const leftOutLines: number[] = [];
  let before = 0;
  const kept = parts.map(({ name, text: own }) => {
    if (name !== '') before += 1;
    const salvage = salvageText(own, reader, contract);
    leftOutLines.push(...salvage.leftOutLines.map((line) => line + before));
    before += own.split('\n').length - (own === '' || own.endsWith('\n') ? 1 : 0);
    return { name, text: salvage.text };
  });
  return { text: joinParts(kept), leftOutLines };
}

function salvageText(
  text: string,
  reader: EnvReader,
  { requiredKeys }: Pick<EnvContract, 'requiredKeys'>,
): Salvage {
  const found = readEnvText(text, reader);
  const lines = found.blocks
    .flatMap(({ raw }) => raw.split('\n'))
    .map((raw, index) => ({ raw, line: index + 1 }));
  const read = (kept: typeof lines) => readEnvText(kept.map(({ raw }) => `${raw}\n`).join(''), reader);
  let kept = text.trim() === '' || hasMoreOthers(found) ? [] : lines;
  const leaveOut = (blocks: readonly EnvBlock[]) => {
    const numbers = new Set(
      blocks.flatMap(({ raw, line }) => raw.split('\n').map((_, index) => line + index)),
    );
    kept = kept.filter((_, index) => !numbers.has(index + 1));
  };

  // Without the line that opens a quote, the lines that it has swallowed are read by themselves. Without one that closes
  // it, others would be swallowed: of an assignment over several lines, the first one goes.
  for (let { flaw, blocks } = read(kept); flaw?.isHard && kept.length > 0; { flaw, blocks } = read(kept)) {
    const { line } = flaw;
    const first = blocks.findLast((block) => block.line <= line)?.line ?? line;
    kept = kept.filter((_, index) => index + 1 !== first);
  }
  if (found.flaw)
    leaveOut(
      read(kept).blocks.filter((block) =>
        block.kind === 'entry' ? isFragment(block) : !isRemark(block.raw),
      ),
    );
  const document = read(kept);
  const entries = effectiveEntries(document);
  const hasStandIn = (key: string) => {
    const value = entries.get(key)?.value ?? '';
    return requiredKeys.includes(key) && !isBlank(value) && standInOf(key, value) !== undefined;
  };
  leaveOut(document.blocks.filter((block) => block.kind === 'entry' && hasStandIn(block.key)));

  const numbers = new Set(kept.map(({ line }) => line));
  return {
    text: textOf(read(kept).blocks),
    // Below a path, nobody sees lines: what is left out is restored, and is told by its key.
    leftOutLines: (reader === 'path' ? [] : lines)
      .filter(({ raw, line }) => raw.trim() !== '' && !numbers.has(line))
      .map(({ line }) => line),
  };
}
