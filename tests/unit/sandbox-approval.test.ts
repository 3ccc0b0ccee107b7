/** Who approves a plan in the sandbox. */
import { PassThrough } from 'node:stream';
import { ask } from '../../sandbox/approval.ts';

const screen = (isTTY: boolean) => ({
  input: Object.assign(new PassThrough(), { isTTY }),
  output: Object.assign(new PassThrough().resume(), { isTTY }),
});
const never = new AbortController().signal;

it.each([
  ['y', 'Approved'],
  ['Yes', 'Approved'],
  ['n', 'Rejected'],
  ['', 'Rejected'],
  ['yesterday', 'Rejected'],
])('takes %j of a person at a terminal for %s', async (answer, decision) => {
  const { input, output } = screen(true);
  input.write(`${answer}\n`);
  expect(await ask(() => undefined, never, { input, output })).toBe(decision);
});

it('approves by itself where nobody is at a terminal, and says so', async () => {
  const lines: (string | undefined)[] = [];
  expect(await ask((line) => lines.push(line), never, screen(false))).toBe('Approved');
  expect(lines).toEqual(['Approved by itself, since nobody is at a terminal to be asked']);
});

it('answers nothing when the sandbox is interrupted meanwhile', async () => {
  const interruption = new AbortController();
  const decision = ask(() => undefined, interruption.signal, screen(true));
  interruption.abort();
  expect(await decision).toBeUndefined();
});
