import { expandReference, Scope, worse } from './expansion.ts';
import { droppedAs, type FlawKind, flawKinds } from './flaws.ts';
import { type Assignment, type Flaw, type LookUp, lineEnd, type Reading, skip } from './reading.ts';

/** Those that can't be set, and those that bash computes each time. Source: the manual, "Bash Variables". */
const keptNames = new Set(
  `UID EUID PPID SHELLOPTS BASHOPTS BASH_VERSINFO
  GROUPS RANDOM SRANDOM SECONDS LINENO BASHPID DIRSTACK FUNCNAME EPOCHSECONDS EPOCHREALTIME PIPESTATUS SHLVL _
  BASH_SUBSHELL BASH_COMMAND BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_SOURCE BASH_LINENO BASH_ALIASES BASH_CMDS HISTCMD`.split(
    /\s+/,
  ),
);

/** Words of the syntax, and commands of the shell's own after which it reads or keeps something else than before. */
const steeringWords = new Set(
  `if then else elif fi case esac for select while until do done in function time coproc [[ ]] { } !
  exit return exec logout break continue shift set shopt unset readonly declare typeset local export let alias unalias
  enable builtin command eval source . read mapfile readarray printf getopts trap kill wait fg bg cd pushd popd`.split(
    /\s+/,
  ),
);

/**
 * `source` or `set -a` in bash, for texts of plain assignments. Anything else that a shell would do, such as running
 * a command or putting its own state into a value, is a flaw.
 * Source: the bash manual, "Shell Syntax" and "Shell Expansions".
 */
export function readAsShell(text: string, lookUp?: LookUp): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  const scope = new Scope(lookUp);
  for (let at = skip(text, 0, /[ \t\n]/); at < text.length; at = skip(text, at, /[ \t\n]/)) {
    if (text[at] === '#') {
      at = lineEnd(text, at);
      continue;
    }
    const line = text.slice(at, lineEnd(text, at));
    const [exported = '', key = ''] = /^(?:export[ \t]+)?([A-Za-z_]\w*)=/.exec(line) ?? [];
    if (key === '') {
      const isName = /^export[ \t]+[A-Za-z_]\w*[ \t]*(?:#.*)?$/s.test(line);
      if (!isName) flaws.push({ at, ...commandFlaw(line) });
      at = lineEnd(text, at);
      continue;
    }
    const start = at + exported.length - key.length - 1;
    const valueStart = at + exported.length;
    const isExport = exported.startsWith('export');
    const { value, end, problem } = readWord(text, valueStart, scope, isExport);
    const rest = text.slice(end, lineEnd(text, end));
    const command = /^[ \t]*$|^[ \t]+#/.test(rest) || problem?.isHard ? undefined : restFlaw(rest, isExport);
    // In front of a command, an assignment holds for that command alone.
    const isSet = !keptNames.has(key) && (isExport || command === undefined);
    const flaw = worse(
      worse(problem, command),
      isSet ? undefined : droppedAs(command ?? flawKinds.shellName, text.slice(start, end)),
    );
    if (flaw) flaws.push({ at: start, ...flaw });
    if (isSet || flaw?.isHard) assignments.push({ key, value, start, valueStart, valueEnd: end });
    if (isSet) scope.set(key, value, flaw);
    at = lineEnd(text, end);
  }
  return { assignments, flaws };
}

/** A line that is no assignment. */
function commandFlaw(line: string): FlawKind {
  const [word = ''] = line.split(/[ \t]/, 1);
  const isPlain = !/["'`\\$(){}<>;&|!]/.test(line) && !steeringWords.has(word);
  return isPlain && !/^[A-Za-z_]\w*(?:\[.*\])?\+?=/.test(line)
    ? flawKinds.shellCommand
    : flawKinds.shellSyntax;
}

/** What stands on the line of a value after it. */
function restFlaw(rest: string, isExport: boolean): FlawKind {
  if (/^[;&|<>()]/.test(rest)) return flawKinds.shellWord;
  return isExport && rest.includes('=') ? flawKinds.twoOnOneLine : commandFlaw(rest.replace(/^[ \t]+/, ''));
}

/** A command without quotes or references of its own, whose output takes its place. */
const plainCommand = /\$\([^()"'`\\$\n]*\)|`[^"'`\\$\n]*`/y;

function readWord(
  text: string,
  from: number,
  scope: Scope,
  isArgument: boolean,
): { value: string; end: number; problem: FlawKind | undefined } {
  let value = '';
  let problem: FlawKind | undefined;
  let quote = '';
  let at = from;
  for (; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quote === "'") {
      if (sign === "'") quote = '';
      else value += sign;
    } else if (sign === '\\') {
      at += 1;
      const next = text.charAt(at);
      if (next === '' || (next === '\n' && at + 1 >= text.length))
        problem = worse(problem, flawKinds.joinsNextLine);
      else if (next === '\n') continue;
      else value += quote === '"' && !/["\\`$]/.test(next) ? `\\${next}` : next;
    } else if (sign === '$' || sign === '`') {
      const reference = expandReference(text, at, scope);
      const found = reference ?? readSpecial(text, at, quote);
      value += found.value;
      problem = worse(
        problem,
        reference && keptNames.has(reference.name) ? flawKinds.shellValue : found.problem,
      );
      at = found.end - 1;
    } else if (sign === '"') {
      quote = quote === '"' ? '' : '"';
    } else if (quote === '"') {
      value += sign;
    } else if (sign === "'") {
      quote = "'";
    } else if (/[ \t\n;&|<>()]/.test(sign)) {
      break;
    } else {
      // A ~ stands for the home directory, and `export A={b,c}` is two arguments.
      if ((sign === '~' && (at === from || text[at - 1] === ':')) || (sign === '{' && isArgument))
        problem = worse(problem, flawKinds.shellValue);
      value += sign;
    }
  }
  if (quote !== '')
    return {
      value: text.slice(from, lineEnd(text, from)),
      end: lineEnd(text, from),
      problem: flawKinds.unclosedQuote,
    };
  return { value, end: Math.min(at, text.length), problem };
}

/** What a `$` or a backtick stands for that is no reference to a variable: a command, the shell's own state, itself. */
function readSpecial(
  text: string,
  at: number,
  quote: string,
): { readonly value: string; readonly end: number; readonly problem: FlawKind | undefined } {
  plainCommand.lastIndex = at;
  const command = plainCommand.exec(text)?.[0];
  if (command !== undefined)
    return { value: command, end: at + command.length, problem: flawKinds.shellValue };
  const next = text.charAt(at + 1);
  if (text[at] === '$' && /[\d$!?#@*-]/.test(next))
    return { value: `$${next}`, end: at + 2, problem: flawKinds.shellValue };
  const isItself = text[at] === '$' && !(/[\w({[]/.test(next) || (quote === '' && /["']/.test(next)));
  return { value: text.charAt(at), end: at + 1, problem: isItself ? undefined : flawKinds.shellWord };
}
