/** For how long nothing starts by itself after what has happened. */
import fc from 'fast-check';
import { type Ending, findPause } from '../../workflow/pauses.ts';
import { minute, pauses } from '../support/ledger.ts';
import { runs } from '../support/properties.ts';

const hour = 60 * minute;
const nowMs = Date.parse('2026-01-01T12:00:00Z');

const ending = (outcome: Ending['outcome'], minutesAgo: number, part: Partial<Ending> = {}): Ending => ({
  arn: `arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-app:${outcome}-${minutesAgo}`,
  redriveCount: 0,
  outcome,
  endedAt: new Date(nowMs - minutesAgo * minute).toISOString(),
  counts: true,
  told: true,
  ...part,
});
const pause = (...endings: [Ending['outcome'], number][]) =>
  findPause(
    endings.map(([outcome, minutesAgo]) => ending(outcome, minutesAgo)),
    pauses,
    nowMs,
  );

describe('the pause', () => {
  it('is ten minutes after a recovery, and can be passed by force', () => {
    expect(pause(['Recovered', 9])).toMatchObject({
      outcome: 'CoolingDown',
      owner: expect.stringContaining('Recovered-9'),
      until: '2026-01-01T12:01:00.000Z',
      message: expect.stringContaining('{"force": true}'),
    });
    expect(pause(['Recovered', 10])).toBeUndefined();
  });

  it('doubles with each recovery in the window, and forgets those that have left it', () => {
    expect(pause(['Recovered', 60], ['Recovered', 25])).toBeUndefined();
    expect(pause(['Recovered', 60], ['Recovered', 19])).toMatchObject({ outcome: 'CoolingDown' });
    expect(pause(['Recovered', 90], ['Recovered', 60], ['Recovered', 39])).toMatchObject({
      until: '2026-01-01T12:01:00.000Z',
    });
    expect(pause(['Recovered', 400], ['Recovered', 390], ['Recovered', 11])).toBeUndefined();
  });

  it('follows a plan that was not approved as well, and nothing that does not count', () => {
    expect(pause(['NotApproved', 9])).toMatchObject({ outcome: 'CoolingDown' });
    expect(findPause([ending('Failed', 1, { counts: false })], pauses, nowMs)).toBeUndefined();
    expect(findPause([ending('Healthy', 1, { counts: false })], pauses, nowMs)).toBeUndefined();
    expect(findPause([], pauses, nowMs)).toBeUndefined();
  });

  it('doubles up to the window and no further, whatever the target asks for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 * 60 }),
        fc.integer({ min: 1, max: 7 * 24 }),
        fc.integer({ min: 1, max: 30 }),
        (cooldownMinutes, windowHours, times) => {
          const windowMs = windowHours * hour;
          // All within the window, the last one right now.
          const endings = Array.from({ length: times }, (_, index) =>
            ending('Recovered', ((times - 1 - index) * (windowMs / minute)) / (times + 1)),
          );
          const found = findPause(endings, { cooldownMinutes, windowHours, maxFailures: 3 }, nowMs);
          const pauseMs = Math.min(cooldownMinutes * minute * 2 ** (times - 1), windowMs);
          expect(found).toMatchObject({
            outcome: 'CoolingDown',
            until: new Date(nowMs + pauseMs).toISOString(),
          });
        },
      ),
      runs(),
    );
  });

  it('is never over before now, and never lasts longer than the window', () => {
    const outcome = fc.constantFrom('Recovered' as const, 'Failed' as const, 'NotApproved' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(outcome, fc.nat(1000)), { minLength: 1, maxLength: 20 }), (some) => {
        const found = pause(...some.toSorted(([, one], [, other]) => other - one));
        if (!found) return;
        const untilMs = Date.parse(found.until);
        expect(untilMs).toBeGreaterThan(nowMs);
        expect(untilMs).toBeLessThanOrEqual(nowMs + pauses.windowHours * hour);
      }),
      runs(),
    );
  });
});

describe('the circuit breaker', () => {
  it('opens after three failures, until the first of them has left the window', () => {
    expect(pause(['Failed', 200], ['Failed', 150])).toBeUndefined();
    expect(pause(['Failed', 200], ['Failed', 150], ['Failed', 100])).toMatchObject({
      outcome: 'CircuitOpen',
      until: '2026-01-01T14:40:00.000Z',
      message: expect.stringContaining('3 recoveries failed within 6 hours'),
    });
  });

  it('counts failures since the last success only', () => {
    expect(pause(['Failed', 300], ['Failed', 290], ['Recovered', 280], ['Failed', 200])).toBeUndefined();
  });

  it('is closed by a run that found nothing to repair, and not by a plan that nobody approved', () => {
    const failures = [ending('Failed', 200), ending('Failed', 150), ending('Failed', 100)];
    const healthy = ending('Healthy', 90, { counts: false });
    expect(findPause([...failures, healthy], pauses, nowMs)?.outcome).not.toBe('CircuitOpen');
    const refused = ending('NotApproved', 90);
    expect(findPause([...failures, refused], pauses, nowMs)).toMatchObject({ outcome: 'CircuitOpen' });
  });

  it('is open exactly while so many have failed since the last success, and closes at the time it says', () => {
    const outcome = fc.constantFrom('Recovered' as const, 'Failed' as const, 'Healthy' as const);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(outcome, fc.nat(500)), { maxLength: 20 }),
        fc.integer({ min: 1, max: 10 }),
        (some, maxFailures) => {
          const settings = { ...pauses, maxFailures };
          const endings = some
            .toSorted(([, one], [, other]) => other - one)
            .map(([name, minutesAgo]) => ending(name, minutesAgo, { counts: name !== 'Healthy' }));
          const inWindow = endings.filter(({ endedAt }) => nowMs - Date.parse(endedAt) < 6 * hour);
          let failures = 0;
          for (const one of inWindow) failures = one.outcome === 'Failed' ? failures + 1 : 0;
          const found = findPause(endings, settings, nowMs);
          expect(found?.outcome === 'CircuitOpen').toBe(failures >= maxFailures);
          if (found?.outcome !== 'CircuitOpen') return;
          expect(findPause(endings, settings, Date.parse(found.until) - 1)?.outcome).toBe('CircuitOpen');
          expect(findPause(endings, settings, Date.parse(found.until))?.outcome).not.toBe('CircuitOpen');
        },
      ),
      runs(),
    );
  });
});
