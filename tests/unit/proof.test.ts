import { hasDatapointSince } from '../../sandbox/proof.ts';
import { Metrics } from '../../sandbox/services/cloudwatch.ts';

describe('the proof that the sandbox asks for by itself', () => {
  const metric = { Namespace: 'App', MetricName: 'Backlog', Dimensions: [] };
  const startedAtMs = Date.UTC(2026, 0, 1, 18, 0, 0, 400);
  const isSeen = (publishedAtMs: number) => {
    const metrics = new Metrics(
      () => undefined,
      () => publishedAtMs,
    );
    const published = {
      MetricName: 'Backlog',
      Dimensions: [],
      Value: 7,
      StorageResolution: 1,
      Unit: 'Count',
    };
    metrics.put('App', [{ ...published, Timestamp: undefined }]);
    return hasDatapointSince(metrics, metric, startedAtMs, publishedAtMs);
  };

  it('is a number that was published since the start, though in the same second', () => {
    expect(isSeen(startedAtMs + 300)).toBe(true);
    expect(isSeen(startedAtMs + 5000)).toBe(true);
  });

  it('is no number of an earlier second', () => expect(isSeen(startedAtMs - 500)).toBe(false));
});
