/** What `recover sandbox` asks of a sandbox that stays up, beside the calls of AWS. */
import { approvePlan, isAsking } from './approval.ts';
import { breakOf, breaks } from './breaks.ts';
import { ownPath, type RawAnswer, type RawRequest } from './endpoint.ts';
import type { Sandbox } from './sandbox.ts';

/** By which a sandbox is told from anything else that listens on this machine. */
export const programName = 'env-recovery sandbox';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const found = (body: unknown): Answer => ({ status: 200, body });
const refused = (status: number, why: string): Answer => ({ status, body: { why } });

/** Answers the paths of the sandbox itself. */
export function controlOf(sandbox: Sandbox): (request: RawRequest) => Promise<RawAnswer> {
  const idle = idleOf(sandbox);
  const answer = async ({ method, path, headers }: RawRequest): Promise<Answer> => {
    const [what = '', name = ''] = path.slice(ownPath.length + 1).split('/');
    if (method === 'GET' && what === '')
      return found({
        program: programName,
        target: sandbox.target.name,
        breaks: Object.keys(breaks).map(describe),
      });
    if (method === 'GET' && what === 'idle') return found(await idle(false));
    // A page in a browser can't send this type to another place than its own.
    if (method !== 'POST' || headers['content-type'] !== 'application/json')
      return refused(405, 'expected POST with application/json');
    if (what === 'idle' && name === 'approve') return found(await idle(true));
    const one = breakOf(name);
    if (!one) return refused(404, `there is no ${name}; there are: ${Object.keys(breaks).join(', ')}`);
    if (what === 'mend') {
      if (!one.mend) return refused(409, `a recovery repairs ${name}`);
      await one.mend(sandbox);
      return found({ name });
    }
    if (what !== 'break') return refused(404, `there is nothing at ${path}`);
    const reason = one.reasonAgainst?.(sandbox);
    if (reason !== undefined) return refused(409, `${name} can't be broken here: ${reason}`);
    await one.apply(sandbox);
    return found(describe(name));
  };
  return async (request) => {
    const { status, body } = await answer(request);
    return {
      status,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    };
  };
}

function describe(name: string) {
  const one = breakOf(name);
  return {
    name,
    summary: one?.summary,
    next: one?.next,
    isMendedBy: one?.mend ? `npx recover sandbox mend ${name}` : 'a recovery',
  };
}

const [pollMilliseconds, quietMilliseconds, mostMilliseconds] = [100, 1000, 240_000];

/**
 * Waits until nothing has run for a moment, since one execution may start another by what it writes; or until all that
 * runs waits for an approval, unless each plan is to be approved.
 *
 * @returns what has ended since it was asked last, what waits for an approval, and what still runs after four minutes.
 */
function idleOf(sandbox: Sandbox) {
  const { machines, functions } = sandbox;
  const told = new Set<string>();
  return async (approves: boolean) => {
    const startedAt = performance.now();
    const running = () => machines.executions.filter(({ status }) => status === 'RUNNING');
    let quietSince = performance.now();
    while (performance.now() - quietSince < quietMilliseconds) {
      if (performance.now() - startedAt > mostMilliseconds) break;
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
      if (running().length > 0) quietSince = performance.now();
      const asking = running().filter(isAsking);
      if (asking.length === 0) continue;
      if (approves) await approvePlan(sandbox);
      else if (asking.length === running().length) break;
    }
    // The clean-up after a failure follows an event.
    await functions.idle();
    const ended = machines.executions.filter(
      ({ executionArn, status, redriveCount }) =>
        status !== 'RUNNING' && !told.has(`${executionArn} ${redriveCount}`),
    );
    for (const { executionArn, redriveCount } of ended) told.add(`${executionArn} ${redriveCount}`);
    return {
      running: running().flatMap((one) => (isAsking(one) ? [] : [one.name])),
      asking: running().flatMap((one) => (isAsking(one) ? [one.name] : [])),
      ended: ended.map(({ name, status, error, output }) => ({
        name,
        status,
        outcome: error ?? outcomeOf(output),
      })),
    };
  };
}

function outcomeOf(output: string | undefined): string | undefined {
  const parsed: unknown = JSON.parse(output ?? 'null');
  if (typeof parsed !== 'object' || parsed === null || !('outcome' in parsed)) return undefined;
  return String(parsed.outcome);
}
