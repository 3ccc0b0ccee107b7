/** The lease over any order of things that several executions do, some of them long after their run has ended. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type ExecutionStatus,
  emptyLedger,
  end,
  executionsToAsk,
  hold,
  type Ledger,
  type Ruling,
  type Statuses,
  take,
} from '../../workflow/ledger.ts';
import type { Run } from '../../workflow/pauses.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { pauses } from '../support/ledger.ts';
import { runs } from '../support/properties.ts';

const names = ['a', 'b', 'c'];
/** Step Functions shows what it showed before a change for less time than that. */
const lagMs = 50_000;

interface Execution extends ExecutionStatus {
  readonly arn: string;
  /** What it was before the last change, and when that was. */
  readonly before: ExecutionStatus;
  readonly changedAtMs: number;
}

/** Something that happens; `back` says how many redrives ago the run was started that does it. */
type Step =
  | {
      readonly do: 'take' | 'hold' | 'recover';
      readonly name: string;
      readonly back: number;
      readonly isLate: boolean;
    }
  | { readonly do: 'stop' | 'close' | 'redrive'; readonly name: string }
  | { readonly do: 'wait'; readonly ms: number };

const name = fc.constantFrom(...names);
const back = fc.constantFrom(0, 0, 0, 1, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('take', 'hold', 'recover'),
      name,
      back,
      isLate: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('stop', 'close', 'redrive'), name }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 1000, 30_000, 20 * 60_000) }),
  },
);

/** Step Functions, and a ledger whose rules are held against what really runs. */
class World {
  ledger: Ledger = emptyLedger;
  #nowMs = Date.parse('2026-01-01T12:00:00Z');
  readonly #executions = new Map<string, Execution>();
  /** The runs that may change things, since they were let through and have not ended. */
  readonly #letThrough = new Set<string>();
  /** The runs of which the ledger knows that they are over. */
  readonly #over = new Set<string>();

  act(one: Step): void {
    if (one.do === 'wait') this.#nowMs += one.ms;
    else if (one.do === 'take' || one.do === 'hold' || one.do === 'recover') this.#call(one);
    else this.#change(one.do, this.#execution(one.name));
    this.#check();
  }

  #call({ do: what, name, back, isLate }: Extract<Step, { readonly back: number }>): void {
    const execution = this.#execution(name);
    const run = { arn: execution.arn, redriveCount: Math.max(0, execution.redriveCount - back) };
    // A state reports a success only of a run that holds the lease, and then the execution succeeds.
    if (what === 'recover') {
      if (this.#letThrough.has(keyOf(run)) && this.#runs(run)) this.#end(run, 'Recovered');
      return;
    }
    const statuses = this.#ask(executionsToAsk(this.ledger, run), isLate);
    const decide = () =>
      what === 'take'
        ? take(this.ledger, run, statuses, { pauses, force: true }, this.#nowMs)
        : hold(this.ledger, run, statuses, this.#nowMs);
    const before = this.ledger;
    const isIn = this.#apply(decide);
    assert.equal(this.#apply(decide), isIn);
    if (!isIn) return;
    assert(!this.#over.has(keyOf(run)));
    assert(this.#isOwner(run));
    if (this.ledger === before) return;
    // Whoever gets it by a redrive really runs, unless Step Functions was late.
    if (run.redriveCount > 0 && !isLate) assert(this.#runs(run));
    for (let count = 0; count < run.redriveCount; count += 1)
      this.#over.add(keyOf({ arn: run.arn, redriveCount: count }));
    if (this.#runs(run)) this.#letThrough.add(keyOf(run));
  }

  /** Decides and keeps the ledger; a lease that isn't given is `false`. */
  #apply(decide: () => Ruling<object>): boolean {
    try {
      const { next = this.ledger, answer } = decide();
      this.ledger = next;
      return 'takenAt' in answer;
    } catch (error) {
      assert(error instanceof RecoveryError && error.name === 'LeaseLost');
      return false;
    }
  }

  #change(what: 'stop' | 'close' | 'redrive', execution: Execution): void {
    const isRunning = execution.status === 'RUNNING';
    if (what === 'stop' && isRunning) this.#put(execution, { status: 'ABORTED', stoppedAtMs: this.#nowMs });
    if (what === 'redrive' && execution.status === 'ABORTED')
      this.#put(execution, {
        status: 'RUNNING',
        stoppedAtMs: undefined,
        redriveCount: execution.redriveCount + 1,
      });
    if (what === 'close' && !isRunning) this.#end(execution, 'Failed');
  }

  #end({ arn, redriveCount }: Run, outcome: 'Recovered' | 'Failed'): void {
    const run = { arn, redriveCount };
    const ending = { outcome, counts: true, told: true };
    const others = this.ledger.owner?.arn === arn ? null : this.ledger.owner;
    this.ledger = end(this.ledger, run, ending, this.#nowMs).next ?? this.ledger;
    const ended = this.ledger;
    this.ledger = end(this.ledger, run, { ...ending, told: false }, this.#nowMs + 1).next ?? this.ledger;
    assert.deepEqual(this.ledger, ended);
    if (others) assert.deepEqual(this.ledger.owner, others);
    for (let count = 0; count <= redriveCount; count += 1)
      this.#over.add(keyOf({ arn, redriveCount: count }));
    const execution = this.#executions.get(arn);
    if (outcome === 'Recovered' && execution)
      this.#put(execution, { status: 'SUCCEEDED', stoppedAtMs: this.#nowMs });
  }

  /** A run that was let through holds the lease until it ends; so there is one at a time. */
  #check(): void {
    const running = [...this.#executions.values()].filter(
      (execution) => this.#letThrough.has(keyOf(execution)) && this.#runs(execution),
    );
    for (const run of running) assert(this.#isOwner(run));
    assert(running.length <= 1);
  }

  #isOwner({ arn, redriveCount }: Run): boolean {
    return this.ledger.owner?.arn === arn && this.ledger.owner.redriveCount === redriveCount;
  }

  #runs({ arn, redriveCount }: Run): boolean {
    const execution = this.#executions.get(arn);
    return execution?.status === 'RUNNING' && execution.redriveCount === redriveCount;
  }

  #ask(arns: readonly string[], isLate: boolean): Statuses {
    return new Map(
      arns.flatMap((arn): [string, ExecutionStatus][] => {
        const execution = this.#executions.get(arn);
        if (!execution) return [];
        const isLagging = isLate && this.#nowMs - execution.changedAtMs < lagMs;
        return [[arn, isLagging ? execution.before : execution]];
      }),
    );
  }

  /** Starts it, if it hasn't been. */
  #execution(name: string): Execution {
    const arn = `arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-app:${name}`;
    const before = { status: 'DELETED', redriveCount: 0, stoppedAtMs: undefined };
    return (
      this.#executions.get(arn) ??
      this.#put({ ...before, arn, before, changedAtMs: this.#nowMs }, { status: 'RUNNING' })
    );
  }

  #put(before: Execution, change: Partial<ExecutionStatus>): Execution {
    const { status, redriveCount, stoppedAtMs } = before;
    const now = {
      ...before,
      ...change,
      before: { status, redriveCount, stoppedAtMs },
      changedAtMs: this.#nowMs,
    };
    this.#executions.set(before.arn, now);
    return now;
  }
}

const keyOf = ({ arn, redriveCount }: Run) => `${arn} ${redriveCount}`;

describe('the ledger, whatever happens in whatever order', () => {
  it('lets one run at a time through, and none that has ended or was overtaken by a redrive', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
        const world = new World();
        for (const one of steps) world.act(one);
      }),
      runs(10_000),
    );
  });
});
