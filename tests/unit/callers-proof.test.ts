/** Whether anybody but the recovery calls the metric function, by what CloudWatch counts. */
import fc from 'fast-check';
import { judgeCallers } from '../../workflow/callers-proof.ts';
import { runs } from '../support/properties.ts';

const minuteMs = 60_000;
const startMs = Date.parse('2026-01-01T12:00:00Z');
/** Twenty seconds into its minute. */
const own = { ownSinceMs: startMs + 20_000, ownCount: 2, withinSeconds: 900 };
const at = (minute: number, value: number) => ({ timestampMs: startMs + minute * minuteMs, value });
const judge = (...minutes: Parameters<typeof at>[]) =>
  judgeCallers(
    minutes.map(([minute, value]) => at(minute, value)),
    'metric',
    own,
  ).outcome;

describe('the callers of the metric function', () => {
  it('are seen before the recovery calls it', () => {
    expect(judge([-1, 1])).toBe('Called');
    expect(judge([-14, 1], [0, 1], [1, 1])).toBe('Called');
  });

  it('are seen beside the recovery, where there are more calls than its own', () => {
    expect(judge([0, 2], [1, 1])).toBe('Called');
  });

  it('are none where only its own calls are shown, in its own minute too', () => {
    expect(judge([0, 1])).toBe('NotCalled');
    expect(judge([-1, 0], [0, 1], [1, 1])).toBe('NotCalled');
  });

  it('are not known while CloudWatch shows not even its own calls', () => {
    expect(judge()).toBe('Unknown');
  });

  it('are never none if one call more is counted than the recovery made', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -15, max: 5 }), fc.integer({ min: 0, max: 3 })), {
          maxLength: 9,
        }),
        (minutes) => {
          const all = minutes.reduce((sum, [, value]) => sum + value, 0);
          fc.pre(all > own.ownCount);
          expect(judge(...minutes)).toBe('Called');
        },
      ),
      runs(),
    );
  });
});
