/** The parts of the documentation that are made from the code; run as a program (`npm run docs`), it writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawStateMachine } from '../statemachines/mermaid.ts';
import {
  type BrokenCode,
  brokenCodes,
  brokenFindings,
  codesOf,
  type FindingCode,
  findings,
  isBrokenCode,
  unknownCodes,
} from '../workflow/doctor/catalogue.ts';
import { follows } from '../workflow/doctor/follows.ts';
import { linkNames, links } from '../workflow/doctor/links.ts';
import { catalogue, type ErrorName, errorNames } from '../workflow/errors.ts';

interface Part {
  /** Where it stands, between two comments with its name. */
  readonly file: string;
  readonly name: string;
  readonly write: () => string;
}

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

export const parts: readonly Part[] = [
  {
    file: 'docs/architecture.md',
    name: 'picture',
    write: () => `\`\`\`mermaid\n${drawStateMachine(read('statemachines/recover-env.asl.yml'))}\n\`\`\``,
  },
  { file: 'docs/runbook.md', name: 'errors', write: () => errorNames.map(describeError).join('\n\n') },
  {
    file: 'docs/doctor.md',
    name: 'links',
    write: () =>
      [
        '| Link | What is looked at |',
        '|---|---|',
        ...linkNames.map((name) => `| \`${name}\` | ${links[name]} |`),
      ].join('\n'),
  },
  {
    file: 'docs/doctor.md',
    name: 'findings',
    write: () => [...brokenCodes, ...unknownCodes].map(describeFinding).join('\n\n'),
  },
];

const ways = {
  Redrive: 'a redrive',
  Start: 'a new start',
  StartWithDeploy: 'a new start that deploys',
};

/** A section, so that a message can link to it and a phone can show it. */
function describeError(name: ErrorName): string {
  const { meaning, remedy, retried, next = 'Redrive' } = catalogue[name];
  return [
    `### ${name}`,
    '',
    `${meaning}${retried ? ' It was tried five times.' : ''}`,
    '',
    `**To do:** ${remedy}`,
    '',
    `**Go on with:** ${ways[next]}.`,
  ].join('\n');
}

/** What the doctor says of a finding, with the commands as they are before a target's names are in them. */
function describeFinding(code: FindingCode): string {
  const { meaning, look, lookWithoutFunction, fix, afterwards, note } = findings[code];
  const isBroken = isBrokenCode(code);
  const causes = isBroken ? (follows[code] ?? []) : [];
  return [
    `### ${code}`,
    '',
    `**${isBroken ? `Broken: ${links[brokenFindings[code].link]}` : 'Unknown'}.** ${meaning}${note === undefined ? '' : ` ${note}`}`,
    '',
    '```sh',
    `# see it`,
    look,
    ...(lookWithoutFunction === undefined ? [] : ['# see it without a metric function', lookWithoutFunction]),
    `# put it right`,
    fix,
    ...(afterwards === undefined ? [] : [afterwards]),
    '```',
    ...(causes.length > 0 ? ['', `It may follow from ${describeCauses(causes)}.`] : []),
  ].join('\n');
}

/** Links to causes; all of one link together by its name. */
function describeCauses(causes: readonly BrokenCode[]): string {
  const whole = linkNames.filter((name) => {
    const own = codesOf(name);
    return own.length > 1 && own.every((code) => causes.includes(code));
  });
  const others = causes.filter((code) => !whole.includes(brokenFindings[code].link));
  return [
    ...(whole.length > 0 ? [`whatever is broken at ${whole.map((name) => `\`${name}\``).join(', ')}`] : []),
    ...others.map((code) => `[${code}](#${code.toLowerCase()})`),
  ].join(', or ');
}

/** A document with that part as it is now. */
export function withPart(document: string, { file, name, write }: Part): string {
  const [start, end] = [`<!-- ${name}: npm run docs -->`, `<!-- end of ${name} -->`];
  const [before, rest] = document.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${file} needs the lines ${start} and ${end}`);
  return `${before}${start}\n\n${write()}\n\n${end}${after}`;
}

export const readDocument = ({ file }: Part) => read(file);

if (process.argv[1] === import.meta.filename)
  for (const part of parts) writeFileSync(join(root, part.file), withPart(readDocument(part), part));
