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

it('lets the process clean up after Ctrl+C at the question: on Windows, no signal does', async () => {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  process.once('SIGINT', interrupt);
  try {
    const { input, output } = screen(true);
    const decision = ask(() => undefined, interruption.signal, { input, output });
    input.write('\x03');
    input.end();
    await decision.catch(() => undefined);
    expect(interruption.signal.aborted).toBe(true);
    expect(kill).not.toHaveBeenCalled();
  } finally {
    process.off('SIGINT', interrupt);
    kill.mockRestore();
  }
});
