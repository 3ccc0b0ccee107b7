/** What the ledger keeps of a run that has ended, or that waits for an approval. */
import * as v from 'valibot';
import { emptyLedger, Ledger } from '../../workflow/ledger.ts';
import { failuresInARow } from '../../workflow/pauses.ts';
import {
  failed,
  healthy,
  iso,
  lost,
  minute,
  nobody,
  recovered,
  run,
  start,
  status,
  target,
} from '../support/ledger.ts';

describe('the end of a run', () => {
  it('frees the lease once, and changes nothing when it comes again', () => {
    const { take, end, owner, ledger } = target();
    take(run('run'));
    expect(end(run('run'), failed(false))).toMatchObject({ own: { told: false } });
    expect(owner()).toBeNull();
    expect(end(run('run'), failed(true))).toMatchObject({ own: { told: true } });
    const before = ledger();
    expect(end(run('run'), failed(false))).toMatchObject({ own: { told: true }, all: [run('run')] });
    expect(ledger()).toBe(before);
  });

  it('frees the lease of an earlier run of the same execution, whose end nobody has noticed, and counts', () => {
    const { take, end, owner } = target();
    take(run('run'));
    expect(end(run('run', 1), failed(true))).toMatchObject({ own: { ...run('run', 1), counts: true } });
    expect(owner()).toBeNull();
  });

  it('leaves the lease of another alone, and no pause follows a failure without the lease', () => {
    const { take, end, owner } = target();
    take(run('other'));
    expect(end(run('run'), failed(false))).toMatchObject({ all: [{ ...run('run'), counts: false }] });
    expect(owner()?.arn).toBe(run('other').arn);
    end(run('other'), healthy);
    expect(take(run('next'))).toEqual({ takenAt: iso(start) });
  });

  it('closes the circuit when all was well', () => {
    const { take, end } = target();
    for (const name of ['one', 'two', 'three']) {
      take(run(name), nobody, true);
      end(run(name), failed(true));
    }
    expect(take(run('next'))).toMatchObject({ outcome: 'CircuitOpen' });
    take(run('forced'), nobody, true);
    end(run('forced'), healthy);
    expect(take(run('another'))).toMatchObject({ outcome: 'CoolingDown' });
  });

  it('of a plan is remembered if a person was told of it, and says nothing about a series of failures', () => {
    const { end, ledger, take } = target();
    take(run('failed'));
    end(run('failed'), failed(true));
    const planned = (told: boolean) =>
      ({ outcome: 'Planned', counts: false, told, planHash: 'one' }) as const;
    end(run('known'), planned(true));
    expect(ledger().endings).toHaveLength(1);
    end(run('new'), planned(false));
    end(run('new'), planned(true));
    expect(ledger().endings.slice(1)).toMatchObject([{ ...run('new'), told: true, planHash: 'one' }]);
    expect(failuresInARow(ledger().endings)).toHaveLength(1);
  });

  it('is remembered once, however often an execution was redriven to tell of its success', () => {
    const { take, end } = target();
    take(run('run'));
    end(run('run'), recovered(false));
    const { all } = end(run('run', 1), recovered(true));
    expect(all).toMatchObject([{ ...run('run', 1), told: true }]);
  });

  it('is not forgotten when what is left of an earlier run tells of the same success', () => {
    const { hold, end } = target();
    end(run('run', 1), recovered(true));
    end(run('run'), recovered(true));
    expect(() => hold(run('run', 1), status(run('run', 1), 'RUNNING'))).toThrow(lost());
  });

  it('is remembered of a run that has succeeded without a change, and so without the lease', () => {
    const { take, end } = target();
    end(run('run', 1), recovered(true));
    expect(take(run('next'))).toMatchObject({ outcome: 'CoolingDown' });
  });

  it('is not remembered if there was nothing to repair, unless somebody is told', () => {
    const { take, end, ledger } = target();
    take(run('run'));
    end(run('run'), healthy);
    expect(ledger()).toEqual(emptyLedger);
    take(run('next'));
    end(run('next'), { ...healthy, told: false });
    expect(ledger().endings).toMatchObject([run('next')]);
  });

  it('is remembered with the lost keys that it tells of', () => {
    const { end, ledger } = target();
    const lostSince = { version: 6, modifiedAt: iso(start) };
    end(run('run'), { ...healthy, told: false, lostSince });
    end(run('run'), { ...healthy, lostSince });
    expect(ledger().endings).toMatchObject([{ told: true, lostSince }]);
    expect(v.parse(Ledger, ledger())).toEqual(ledger());
  });

  it('is forgotten after fifty others', () => {
    const { end, ledger } = target();
    for (let index = 0; index < 60; index += 1) end(run(`run-${index}`), failed(true));
    expect(ledger().endings).toHaveLength(50);
    expect(ledger().endings[0]).toMatchObject(run('run-10'));
  });
});

describe('an approval', () => {
  it('is kept for the owner, and gone with its lease', () => {
    const { take, keepApproval, ledger, end } = target();
    take(run('run'));
    keepApproval(run('run'));
    expect(ledger()).toMatchObject({
      owner: run('run'),
      approval: { arn: run('run').arn, taskToken: 'token' },
    });
    const before = ledger();
    keepApproval(run('run'));
    expect(ledger()).toEqual(before);
    end(run('run'), failed(true));
    expect(ledger().approval).toBeNull();
  });

  it('is kept for a redriven run, which takes the lease again', () => {
    const { take, keepApproval, ledger, end } = target();
    take(run('run'));
    end(run('run'), failed(true));
    keepApproval(run('run', 1), status(run('run', 1), 'RUNNING'));
    expect(ledger()).toMatchObject({ owner: run('run', 1), approval: { arn: run('run').arn } });
  });

  it('is kept for nobody who does not hold the lease, and leaves that of the owner alone', () => {
    const { take, keepApproval, ledger } = target();
    expect(() => keepApproval(run('run'))).toThrow(lost());
    take(run('owner'));
    keepApproval(run('owner'));
    expect(() => keepApproval(run('run'))).toThrow(lost());
    expect(ledger().approval?.arn).toBe(run('owner').arn);
  });

  it('is gone when a later run of its execution takes the lease', () => {
    const { take, keepApproval, hold, ledger } = target();
    take(run('run'));
    keepApproval(run('run'));
    hold(run('run', 1), status(run('run', 1), 'RUNNING'));
    expect(ledger().approval).toBeNull();
  });
});

describe('a stored ledger', () => {
  const owner = { ...run('run'), takenAt: iso(start) };
  const stored = { token: 7, owner, endings: [], approval: null };

  it('is read whatever other fields it has', () => {
    expect(v.parse(Ledger, stored)).toEqual({ owner, endings: [], approval: null });
  });

  it('is read without an approval that another version has written', () => {
    expect(v.parse(Ledger, { ...stored, approval: { arn: 'x', plan: 'other' } })).toEqual({
      owner,
      endings: [],
      approval: null,
    });
  });

  it('is refused where its owner or an ending cannot be read', () => {
    expect(v.is(Ledger, { ...stored, owner: { arn: 'x' } })).toBe(false);
    expect(v.is(Ledger, { ...stored, endings: [{ arn: 'x' }] })).toBe(false);
    expect(v.is(Ledger, { owner: 1 })).toBe(false);
  });
});

describe('the memory of endings', () => {
  it('keeps an open circuit whatever else happens: fifty failed plans, mistyped starts, runs without the lease', () => {
    const { take, end, moveOn } = target();
    for (const name of ['one', 'two', 'three']) {
      take(run(name), nobody, true);
      end(run(name), failed(true));
    }
    for (let index = 0; index < 60; index += 1) end(run(`stray-${index}`), failed(true));
    moveOn(minute);
    expect(take(run('next'))).toMatchObject({ outcome: 'CircuitOpen' });
  });

  it('keeps a cooldown in the same way', () => {
    const { take, end } = target();
    take(run('one'));
    end(run('one'), recovered(true));
    for (let index = 0; index < 60; index += 1) end(run(`stray-${index}`), failed(true));
    expect(take(run('next'))).toMatchObject({ outcome: 'CoolingDown' });
  });

  it('keeps a run that has ended from the lease, though many others have ended since', () => {
    const { take, hold, end } = target();
    take(run('one'), nobody, true);
    end(run('one'), failed(true));
    for (let index = 0; index < 60; index += 1) end(run(`stray-${index}`), failed(true));
    expect(() => hold(run('one'))).toThrow(lost());
  });

  it('forgets what is older than the longest window, and does not grow without end', () => {
    const { take, end, ledger, moveOn } = target();
    for (let index = 0; index < 700; index += 1) {
      take(run(`forced-${index}`), nobody, true);
      end(run(`forced-${index}`), failed(true));
    }
    expect(JSON.stringify(ledger()).length).toBeLessThan(300_000);
    moveOn(8 * 24 * 60 * minute);
    take(run('last'), nobody, true);
    end(run('last'), failed(true));
    expect(ledger().endings).toHaveLength(1);
  });

  it('takes an execution whose name is used again for another one: it gets the lease, and its failure is told', () => {
    const { take, end, ledger, moveOn } = target();
    const first = { ...run('nightly'), startedAt: iso(start) };
    take(first);
    end(first, failed(true));
    moveOn(91 * 24 * 60 * minute);
    const again = { ...run('nightly'), startedAt: iso(start + 91 * 24 * 60 * minute) };
    expect(take(again)).toMatchObject({ takenAt: again.startedAt });
    expect(end(again, failed(false)).own).toMatchObject({ told: false, startedAt: again.startedAt });
    expect(ledger().owner).toBeNull();
  });

  it('takes two answers about one start, rounded in two ways, for one execution', () => {
    const { take, end, hold } = target();
    take({ ...run('one'), startedAt: iso(start) });
    end({ ...run('one'), startedAt: iso(start + 999) }, failed(true));
    expect(() => hold({ ...run('one'), startedAt: iso(start) })).toThrow(lost());
  });
});
