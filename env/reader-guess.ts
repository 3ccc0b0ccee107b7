/** Which program probably reads a .env: by what is next to the file, and by how the text is spelled. */
import { readEnvText } from './document.ts';
import type { EnvReader } from './readers/readers.ts';

export interface ReaderGuess {
  readonly reader: EnvReader;
  /** A sentence for a person, without its full stop. Quotes nothing of the text. */
  readonly why: string;
}

/** What a file next to the .env says, and for which reader; the first that applies is the best guess. */
interface Sign {
  readonly file: RegExp;
  readonly content: RegExp;
  readonly reader: EnvReader;
  readonly says: string;
}

const composeFile = /^(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml$/;
const pythonPackages = /^(?:requirements[\w-]*\.txt|pyproject\.toml|Pipfile|setup\.(?:py|cfg)|manage\.py)$/;

const signs: readonly Sign[] = [
  { file: composeFile, content: /^\s*env_file\s*:/m, reader: 'compose', says: 'has env_file' },
  { file: /\.service$/, content: /^\s*EnvironmentFile\s*=/m, reader: 'systemd', says: 'has EnvironmentFile' },
  {
    file: pythonPackages,
    content: /django-environ|^\s*import environ\b/m,
    reader: 'django-environ',
    says: 'names django-environ',
  },
  {
    file: pythonPackages,
    content: /python-decouple|^\s*from decouple\b/m,
    reader: 'python-decouple',
    says: 'names python-decouple',
  },
  {
    file: pythonPackages,
    content: /python-dotenv|^\s*(?:from|import) dotenv\b/m,
    reader: 'python-dotenv',
    says: 'names python-dotenv',
  },
  { file: /^package\.json$/, content: /"dotenv"\s*:/, reader: 'dotenv', says: 'names dotenv' },
  { file: /^package\.json$/, content: /--env-file\b/, reader: 'node', says: 'starts node with --env-file' },
  { file: composeFile, content: /^/, reader: 'compose', says: 'is there' },
  { file: /^manage\.py$/, content: /^/, reader: 'django-environ', says: 'is there' },
  { file: /^package\.json$/, content: /^/, reader: 'dotenv', says: 'is there' },
  { file: /^Dockerfile$/, content: /^/, reader: 'docker', says: 'is there' },
];

/** What is looked for next to a .env. */
export const isNeighbour = (file: string): boolean => signs.some((sign) => sign.file.test(file));

/**
 * @param neighbours the files next to it that `isNeighbour` knows, with their content.
 */
export function guessReader(text: string, neighbours: ReadonlyMap<string, string>): ReaderGuess {
  const bySigns = signs.flatMap(({ file, content, reader, says }) => {
    const name = [...neighbours].find(([name, found]) => file.test(name) && content.test(found))?.[0];
    return name === undefined ? [] : [{ reader, why: `${name} next to it ${says}` }];
  });
  const bySpelling: ReaderGuess[] = [
    ...(/^[ \t]*export[ \t]/m.test(text)
      ? [{ reader: 'shell' as const, why: 'its lines begin with export' }]
      : []),
    { reader: 'dotenv', why: 'nothing next to it says more' },
    { reader: 'docker', why: 'nothing next to it says more' },
  ];
  const guesses = [...bySigns, ...bySpelling];
  const hasQuotes = /^[ \t]*(?:export[ \t]+)?[\w.]+=["'`]/m.test(text);
  const flawless = guesses.find(
    ({ reader }) =>
      readEnvText(text, reader).flaw === undefined &&
      // It would hand them to the program, without a complaint.
      !(reader === 'docker' && hasQuotes),
  );
  // With a flaw for everybody, the text has to be corrected, whoever reads it.
  return flawless ?? guesses[0] ?? { reader: 'dotenv', why: 'nothing says more' };
}
