/** `recover sandbox`: breaks things in a sandbox that runs on this machine, and waits for what follows. Never in AWS. */
import { Agent, request } from 'node:http';
import * as v from 'valibot';
import { UsageError } from './failure.ts';
import type { Outcome } from './session.ts';
import type { Desk } from './terminal.ts';

const Break = v.object({ name: v.string(), summary: v.string(), next: v.string(), isMendedBy: v.string() });
const Sandbox = v.object({
  program: v.literal('env-recovery sandbox'),
  target: v.string(),
  breaks: v.array(Break),
});
const Refusal = v.object({ why: v.string() });
const Idle = v.object({
  running: v.array(v.string()),
  asking: v.array(v.string()),
  ended: v.array(
    v.object({ name: v.string(), status: v.string(), outcome: v.optional(v.nullable(v.string())) }),
  ),
});

const howToFindIt =
  'Start it with `npm run sandbox`, and paste the lines that it prints, of which one sets AWS_ENDPOINT_URL.';

/** What can be broken. */
export async function listBreaks(endpointUrl: string | undefined, desk: Desk): Promise<Outcome> {
  const { sandbox } = await findSandbox(endpointUrl, desk);
  const width = Math.max(...sandbox.breaks.map(({ name }) => name.length));
  for (const { name, summary, isMendedBy } of sandbox.breaks) {
    desk.terminal.print(`${name.padEnd(width)}  ${summary}`);
    desk.terminal.print(`${' '.repeat(width)}  repaired by ${isMendedBy}`);
  }
  return { ok: true, report: { target: sandbox.target, breaks: sandbox.breaks } };
}

/** @throws UsageError if it can't be broken here. */
export async function breakIt(name: string, endpointUrl: string | undefined, desk: Desk): Promise<Outcome> {
  const { ask } = await findSandbox(endpointUrl, desk);
  const { summary, next } = v.parse(Break, await ask('POST', `/break/${encodeURIComponent(name)}`));
  desk.terminal.print(`Broken: ${summary}. ${next}`);
  return { ok: true, report: { name, summary, next } };
}

/** @throws UsageError if a recovery repairs it. */
export async function mendIt(name: string, endpointUrl: string | undefined, desk: Desk): Promise<Outcome> {
  const { ask } = await findSandbox(endpointUrl, desk);
  await ask('POST', `/mend/${encodeURIComponent(name)}`);
  desk.terminal.print(`${name} is as it was.`);
  return { ok: true, report: { name } };
}

/**
 * Waits until no execution runs, for four minutes at most, and tells how those have ended that it has not told yet.
 *
 * @param approves each plan that waits for an approval; otherwise it waits no longer than until one does.
 */
export async function waitForSandbox(
  endpointUrl: string | undefined,
  approves: boolean,
  desk: Desk,
): Promise<Outcome> {
  const { ask } = await findSandbox(endpointUrl, desk);
  const answer = approves
    ? ask('POST', '/idle/approve', idleMilliseconds)
    : ask('GET', '/idle', idleMilliseconds);
  const { running, asking, ended } = v.parse(Idle, await answer);
  for (const { name, status, outcome } of ended)
    desk.terminal.print(`${name}: ${status}${outcome ? ` (${outcome})` : ''}`);
  for (const name of running) desk.terminal.print(`${name}: still RUNNING`);
  for (const name of asking)
    desk.terminal.print(`${name}: waits for an approval: npx recover approve ${name}`);
  const isIdle = running.length === 0 && asking.length === 0;
  if (isIdle) desk.terminal.print('No execution runs.');
  return { ok: isIdle, report: { running, asking, ended } };
}

const [answerMilliseconds, idleMilliseconds] = [20_000, 300_000];

/**
 * The sandbox at an endpoint of this machine, and of no other: nothing is ever sent to AWS.
 *
 * @throws UsageError if there is none.
 */
async function findSandbox(given: string | undefined, { environment }: Desk) {
  const url = given ?? (environment.AWS_ENDPOINT_URL || undefined);
  if (url === undefined) throw new UsageError(`no sandbox is named. ${howToFindIt}`);
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  if (protocol !== 'http:' || !['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
    throw new UsageError(`${url} is not on this machine, and so it is no sandbox. ${howToFindIt}`);
  const send = async (method: string, path: string, withinMs = answerMilliseconds) => {
    try {
      return await exchange(new URL(`/_sandbox${path}`, url), method, withinMs);
    } catch {
      throw new UsageError(`nothing at ${url} answers as the sandbox. ${howToFindIt}`);
    }
  };
  const { body } = await send('GET', '');
  const sandbox = v.safeParse(Sandbox, body);
  if (!sandbox.success) throw new UsageError(`what answers at ${url} is not the sandbox. ${howToFindIt}`);
  return {
    sandbox: sandbox.output,
    ask: async (method: string, path: string, withinMs?: number): Promise<unknown> => {
      const answer = await send(method, path, withinMs);
      if (answer.status === 200) return answer.body;
      const refusal = v.safeParse(Refusal, answer.body);
      throw new UsageError(refusal.success ? refusal.output.why : `the sandbox answered ${answer.status}`);
    },
  };
}

/** @throws Error if nobody answers in time, or not in JSON. */
function exchange(
  url: URL,
  method: string,
  withinMs: number,
): Promise<{ readonly status: number; readonly body: unknown }> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method,
        // One of its own, which no proxy is set for.
        agent: new Agent(),
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(withinMs),
      },
      async (response) => {
        try {
          const parts: Buffer[] = [];
          for await (const part of response) parts.push(Buffer.from(part));
          const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
          resolve({ status: response.statusCode ?? 0, body });
        } catch (error) {
          reject(error);
        }
      },
    );
    call.on('error', reject);
    call.end();
  });
}
