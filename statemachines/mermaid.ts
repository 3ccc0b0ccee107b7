/** Draws the state machine as a Mermaid diagram. */
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
  if (operator === 'IsPresent') return value ? 'is present' : 'is absent';
  return operator.endsWith('Equals') ? `is ${value}` : `${operator} ${value}`;
}
