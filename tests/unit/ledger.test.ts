/** Who gets the lease and who may go on with it, by the rules alone. */

import { executionsToAsk } from '../../workflow/ledger.ts';
import { failed, iso, lost, minute, nobody, run, start, status, target } from '../support/ledger.ts';

describe('the lease', () => {
  it('goes to the first, and the second hears whose it is', () => {
    const { take, owner } = target();
    expect(take(run('first'))).toEqual({ takenAt: iso(start) });
    expect(take(run('second'), status(run('first'), 'RUNNING'))).toMatchObject({
      outcome: 'AlreadyRunning',
      owner: run('first').arn,
      until: null,
      message: expect.stringContaining('execution first recovers this target since 2026-01-01T12:00'),
    });
    expect(owner()).toEqual({ ...run('first'), takenAt: iso(start) });
  });

  it('is the same when it is taken twice by one run', () => {
    const { take, ledger, moveOn } = target();
    const first = take(run('run'));
    const before = ledger();
    moveOn(minute);
    expect(take(run('run'))).toEqual(first);
    expect(ledger()).toBe(before);
  });

  it('is not given away while its owner runs, not even by force', () => {
    const { take, moveOn } = target();
    take(run('first'));
    moveOn(10 * 60 * minute);
    for (const name of ['RUNNING', 'PENDING_REDRIVE', 'a status that AWS adds one day'])
      expect(take(run('second'), status(run('first'), name), true)).toMatchObject({
        outcome: 'AlreadyRunning',
      });
  });

  it('is not given away where nobody has asked after its owner', () => {
    const { take, moveOn } = target();
    take(run('first'));
    moveOn(10 * 60 * minute);
    expect(take(run('second'), nobody, true)).toMatchObject({ outcome: 'AlreadyRunning' });
  });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
    'is free when its owner has ended as %s, which counts as a failure',
    (name) => {
      const { take, ledger, moveOn } = target();
      take(run('first'));
      moveOn(5 * minute);
      const statuses = status(run('first'), name, start + minute);
      expect(take(run('second'), statuses)).toMatchObject({
        outcome: 'CoolingDown',
        owner: run('first').arn,
        until: iso(start + 11 * minute),
      });
      expect(take(run('second'), nobody, true)).toEqual({ takenAt: iso(start + 5 * minute) });
      expect(ledger().endings).toEqual([{ ...run('first'), ...failed(false), endedAt: iso(start + minute) }]);
    },
  );

  it.each(['SUCCEEDED', 'DELETED'])(
    'is free when its owner is %s, of which nothing is remembered',
    (name) => {
      const { take, ledger, moveOn } = target();
      take(run('first'));
      moveOn(2 * minute);
      expect(take(run('second'), status(run('first'), name))).toEqual({ takenAt: iso(start + 2 * minute) });
      expect(ledger().endings).toEqual([]);
    },
  );

  it('counts the pause from the end of an owner that is gone, not from each start', () => {
    const { take, ledger, moveOn } = target();
    take(run('first'));
    const statuses = status(run('first'), 'ABORTED', start);
    for (const minutes of [1, 4, 4]) {
      moveOn(minutes * minute);
      expect(take(run(`after ${minutes}`), statuses)).toMatchObject({
        outcome: 'CoolingDown',
        owner: run('first').arn,
        until: iso(start + 10 * minute),
      });
    }
    moveOn(minute);
    expect(take(run('last'))).toEqual({ takenAt: iso(start + 10 * minute) });
    expect(ledger().endings).toHaveLength(1);
  });

  it('takes no end of an owner for later than now, whatever the clock of AWS says', () => {
    const { take, ledger } = target();
    take(run('first'));
    take(run('second'), status(run('first'), 'ABORTED', start + minute));
    expect(ledger().endings).toMatchObject([{ endedAt: iso(start) }]);
  });

  it('is not taken by what is left of a run that has ended', () => {
    const { take, end, owner } = target();
    end(run('run'), failed(true));
    expect(() => take(run('run'))).toThrow(lost());
    expect(() => take(run('run'), nobody, true)).toThrow(lost());
    expect(owner()).toBeNull();
  });

  it('stays with an owner of whom Step Functions knows nothing yet, for a minute', () => {
    const { take, moveOn } = target();
    const redriven = run('first', 1);
    take(redriven, status(run('first'), 'FAILED'));
    // An answer of the time before it was started, or redriven.
    for (const old of [status(run('first'), 'DELETED'), status(run('first'), 'FAILED')]) {
      expect(take(run('second'), old)).toMatchObject({ outcome: 'AlreadyRunning' });
    }
    moveOn(minute);
    expect(take(run('second'), status(run('first'), 'FAILED'), true)).toMatchObject({
      takenAt: iso(start + minute),
    });
  });

  it('asks after the owner where somebody else has it, and after the run itself where it was redriven', () => {
    const { take, end, ledger } = target();
    expect(executionsToAsk(ledger(), run('first'))).toEqual([]);
    take(run('first'));
    expect(executionsToAsk(ledger(), run('first'))).toEqual([]);
    expect(executionsToAsk(ledger(), run('first', 1))).toEqual([run('first').arn]);
    expect(executionsToAsk(ledger(), run('second'))).toEqual([run('first').arn]);
    expect(executionsToAsk(ledger(), run('second', 2))).toEqual([run('first').arn, run('second').arn]);
    end(run('first'), failed(true));
    expect(executionsToAsk(ledger(), run('first'))).toEqual([]);
  });

  it('lets a redriven TakeLease pass the pauses, and none that was stopped', () => {
    const { take, end } = target();
    take(run('run'));
    end(run('run'), failed(true));
    expect(take(run('other'))).toMatchObject({ outcome: 'CoolingDown' });
    expect(() => take(run('run', 1), status(run('run', 1), 'ABORTED'))).toThrow(lost());
    expect(take(run('run', 1), status(run('run', 1), 'RUNNING'))).toEqual({ takenAt: iso(start) });
  });
});

describe('the fence', () => {
  it('lets the owner pass, and nobody else', () => {
    const { take, hold } = target();
    expect(() => hold(run('first'))).toThrow(lost(/execution first does not .* \(it was freed\)/));
    take(run('first'));
    hold(run('first'));
    expect(() => hold(run('second'))).toThrow(lost(/execution second does not .* \(execution first does\)/));
    // Not even where the owner is gone: whoever was started takes the lease at TakeLease.
    expect(() => hold(run('second'), status(run('first'), 'ABORTED'))).toThrow(lost());
  });

  it('does not let a call pass that goes on after the end of its run', () => {
    const { take, hold, end } = target();
    take(run('run'));
    end(run('run'), failed(false));
    expect(() => hold(run('run'))).toThrow(lost());
  });

  it('takes the lease again for a redriven run, and stops what is left of the run before it', () => {
    const { take, hold, end, owner } = target();
    take(run('run'));
    end(run('run'), failed(false));
    hold(run('run', 1), status(run('run', 1), 'RUNNING'));
    expect(owner()).toEqual({ ...run('run', 1), takenAt: iso(start) });
    expect(() => hold(run('run'))).toThrow(lost());
  });

  it('takes it over for a redriven run that is faster than the clean-up', () => {
    const { take, hold, end, owner } = target();
    take(run('run'));
    hold(run('run', 1), status(run('run', 1), 'RUNNING'));
    // The clean-up of the first run comes late.
    end(run('run'), failed(false));
    hold(run('run', 1));
    expect(owner()).toMatchObject(run('run', 1));
  });

  it('does not take it for a redriven run while another execution has it', () => {
    const { take, hold, owner } = target();
    take(run('other'));
    const statuses = new Map([...status(run('other'), 'RUNNING'), ...status(run('run', 1), 'RUNNING')]);
    expect(() => hold(run('run', 1), statuses)).toThrow(lost(/execution other does/));
    expect(owner()?.arn).toBe(run('other').arn);
  });

  it('remembers the failure of an owner that is gone when a redriven run takes the lease from it', () => {
    const { take, hold, ledger } = target();
    take(run('other'));
    const statuses = new Map([
      ...status(run('other'), 'ABORTED', start),
      ...status(run('run', 1), 'RUNNING'),
    ]);
    hold(run('run', 1), statuses);
    expect(ledger()).toMatchObject({
      owner: run('run', 1),
      endings: [{ ...run('other'), ...failed(false) }],
    });
  });

  it('does not give it to what is left of a redrive that was stopped before it had the lease', () => {
    const { take, hold, end, owner } = target();
    take(run('run'));
    end(run('run'), failed(true));
    // Closed, though it had nothing to give back.
    end(run('run', 1), failed(true));
    expect(() => hold(run('run', 1), status(run('run', 1), 'RUNNING'))).toThrow(lost());
    expect(owner()).toBeNull();
  });

  it('does not give it to a redrive that Step Functions shows as stopped, or as followed by another', () => {
    const { hold } = target();
    const redriven = run('run', 1);
    expect(() => hold(redriven, status(redriven, 'ABORTED'))).toThrow(lost());
    expect(() => hold(redriven, status(run('run', 2), 'RUNNING'))).toThrow(lost());
    // Nobody has asked.
    expect(() => hold(redriven)).toThrow(lost());
    hold(run('run', 2), status(run('run', 2), 'RUNNING'));
  });

  it('believes a redrive of whom Step Functions shows the run before it yet', () => {
    const { hold, owner } = target();
    hold(run('run', 1), status(run('run'), 'FAILED'));
    expect(owner()).toMatchObject(run('run', 1));
  });

  it('does not take it again for a redriven run that has ended', () => {
    const { hold, end } = target();
    const redriven = run('run', 1);
    hold(redriven, status(redriven, 'RUNNING'));
    end(redriven, failed(false));
    expect(() => hold(redriven, status(redriven, 'RUNNING'))).toThrow(lost());
  });
});
