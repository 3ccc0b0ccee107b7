/** Draws the state machine as a Mermaid diagram; run as a program, it puts the picture into the README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';

const Choice = v.looseObject({ Variable: v.string(), Next: v.string() });
const Machine = v.object({
  StartAt: v.string(),
  States: v.record(
    v.string(),
    v.object({
      Type: v.string(),
      Next: v.optional(v.string()),
      End: v.optional(v.boolean()),
      Choices: v.optional(v.array(Choice), []),
      Catch: v.optional(v.array(v.object({ ErrorEquals: v.array(v.string()), Next: v.string() })), []),
      Default: v.optional(v.string()),
    }),
  ),
});

/** @param definition the text of an ASL file in YAML. */
export function drawStateMachine(definition: string): string {
  const { StartAt, States } = v.parse(Machine, parse(definition));
  const lines = ['stateDiagram-v2'];
  for (const [name, { Type }] of Object.entries(States))
    if (Type === 'Choice') lines.push(`  state ${name} <<choice>>`);
  lines.push(`  [*] --> ${StartAt}`);
  for (const [name, { Type, Next, End, Choices, Default, Catch }] of Object.entries(States)) {
    for (const { Variable, Next: next, ...comparison } of Choices) {
      const [[operator = '', value] = []] = Object.entries(comparison);
      lines.push(`  ${name} --> ${next}: ${nameOf(Variable)} ${describe(operator, value)}`);
    }
    if (Default) lines.push(`  ${name} --> ${Default}: else`);
    if (Next) lines.push(`  ${name} --> ${Next}`);
    for (const { ErrorEquals, Next: next } of Catch)
      lines.push(`  ${name} --> ${next}: ${ErrorEquals.join(', ')}`);
    if (End || Type === 'Succeed') lines.push(`  ${name} --> [*]`);
  }
  return lines.join('\n');
}

const nameOf = (path: string): string => path.replace(/^\$\./, '');

function describe(operator: string, value: unknown): string {
  if (operator === 'IsPresent') return value ? 'is there' : 'is not there';
  if (operator === 'IsNull') return value ? 'is null' : 'is planned';
  if (operator.endsWith('Path')) return `is ${nameOf(String(value))}`;
  return operator.endsWith('Equals') ? `is ${value}` : `${operator} ${value}`;
}

const markers = ['<!-- picture: npm run picture -->', '<!-- end of picture -->'] as const;

/** The README with the picture of the machine as it is now. */
export function withPicture(readme: string, definition: string): string {
  const [start, end] = markers;
  const [before, rest] = readme.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`README.md needs the lines ${start} and ${end}`);
  return `${before}${start}\n\n\`\`\`mermaid\n${drawStateMachine(definition)}\n\`\`\`\n\n${end}${after}`;
}

/** The README and the definition, as they are on disk. */
export function readFiles(): {
  readonly readmePath: string;
  readonly readme: string;
  readonly definition: string;
} {
  const readmePath = join(import.meta.dirname, '..', 'README.md');
  return {
    readmePath,
    readme: readFileSync(readmePath, 'utf8'),
    definition: readFileSync(join(import.meta.dirname, 'recover-env.asl.yml'), 'utf8'),
  };
}

if (process.argv[1] === import.meta.filename) {
  const { readmePath, readme, definition } = readFiles();
  writeFileSync(readmePath, withPicture(readme, definition));
}
