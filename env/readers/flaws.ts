/**
 * What can be wrong with a text, and how bad it is.
 *
 * Hard: the reader refuses the text, or nobody can say where a value ends and what the lines after it mean. Where it
 * only refuses one line, the others can still be told apart, and corrected one by one.
 * Soft: one line is odd and the reader goes on. All other lines are read as if that one were not there. If it is an
 * entry all the same, its value is what the reader makes of it, as far as the text itself tells.
 */
export interface FlawKind {
  /** Quotes no value, and no name that may be a part of one. */
  readonly problem: string;
  readonly isHard: boolean;
  /** The lines after it mean what they mean without it. So it is with every soft flaw. */
  readonly isLocal: boolean;
  /** Only soft ones: nobody can tell from the text what the value is, nor that of another one which refers to it. */
  readonly isUntold?: true;
}

const hard = (problem: string): FlawKind => ({ problem, isHard: true, isLocal: false });
const refused = (problem: string): FlawKind => ({ problem, isHard: true, isLocal: true });
const soft = (problem: string): FlawKind => ({ problem, isHard: false, isLocal: true });
const untold = (problem: string): FlawKind => ({ ...soft(problem), isUntold: true });

export const flawKinds = {
  // For every reader.
  unclosedQuote: hard('a quote is opened and never closed'),
  openEnd: hard('where this value ends depends on the lines after it'),
  /** The second one has no line of its own to be changed in. */
  twoOnOneLine: refused('two assignments stand on one line'),
  /** No variable can hold the one; the other ends a line for some readers and not for others. */
  controlCharacter: refused('a NUL or carriage return stands in the line'),
  /** Two files joined. It is a part of the name or the value, or white space. Compose refuses it in a name. */
  byteOrderMark: soft('a byte order mark (U+FEFF) stands inside the text'),

  // For those who expand references within a value: compose, shell and python-dotenv.
  unknownName: soft(
    "it refers to a variable that isn't set above it; a $ that is meant literally needs single quotes or an escape",
  ),
  untoldReference: untold("it refers to a variable whose value the text doesn't tell"),
  /** `${NAME:?message}`: Compose refuses the text, a shell ends. */
  requiredName: refused("it refers to a variable that has to be set above it and isn't"),
  /** Linux takes 128 KiB for one variable (MAX_ARG_STRLEN), and starts no program with a longer one. */
  tooLong: refused('with what its references stand for, it is too long for a variable'),

  /** Only this program writes such a text, so it is none of its own. */
  noParameter: hard('this is no parameter below a path'),

  // Line by line, each as its reader goes about it.
  dockerName: refused('docker refuses a line without a name'),
  dockerBlankInName: refused('docker refuses a name with white space or "export" before it'),
  composeName: refused('Compose refuses a line without a name, or with white space in it'),
  composeReference: hard('Compose refuses this ${...}, or reads more into it than can be told here'),
  dotenvNextLine: soft('the value is empty, and dotenv takes the next line for it'),
  nodeNextLine: soft('the value is nothing but spaces, and Node takes the next line for it'),
  pythonDrops: soft('python-dotenv drops this line'),
  pythonComment: untold(
    'a comment stands where the value should, and python-dotenv before 1.2.4 takes it for the value',
  ),
  /** Since version 1.2.3, a backslash that is itself escaped no longer escapes the quote after it. */
  pythonEscape: hard('older and newer versions of python-dotenv end this value at different quotes'),
  pythonForgets: soft(
    'a name without a value, for which python-dotenv forgets the one above and takes no default',
  ),
  djangoDrops: soft('django-environ drops this line'),
  djangoLineEnd: soft('a character inside this line ends it for django-environ'),
  djangoReference: soft(
    "it refers to a variable that isn't set in the text: django-environ takes every value that begins with $ as a reference",
  ),
  decoupleName: soft('python-decouple takes what stands before the name for a part of it'),
  /** Since version 254 the next line counts; before, it was a part of the comment. */
  systemdComment: hard('a comment ends with \\, and older systemd takes the next line into it'),
  systemdName: soft('systemd drops a line whose name is not one, or has "export" before it'),
  joinsNextLine: hard('the text ends with \\, which would join it with whatever comes next'),
  /** If its program isn't there, the shell goes on with the next line. */
  shellCommand: soft('a shell runs this line as a command'),
  /** The shell's syntax, or one of its own commands such as `exit`: what follows may be read otherwise, or not at all. */
  shellSyntax: hard('a shell runs this line as a command, and it may change what the lines after it mean'),
  /** The process id for `$$`, the home directory for `~`, the output of a command. */
  shellValue: untold('a shell reads more into this value than its characters; put it in single quotes'),
  shellWord: hard('a shell reads more into this value than its characters; put it in single quotes'),
  shellName: soft('bash keeps this name for itself, and hands no value on that is set here'),
} as const satisfies Record<string, FlawKind>;

/** What is wrong with lines that a reader drops: if they are more than one, nobody can tell them from those after them. */
export function droppedAs(kind: FlawKind, dropped: string): FlawKind {
  return dropped.includes('\n') ? flawKinds.openEnd : kind;
}
