/** What the sandbox's alarms and policies look at: metric math, missing datapoints, and the form of the Query protocol. */

import { readForm } from '../../sandbox/query-protocol.ts';
import { type AlarmProperties, type AlarmState, stateAfter } from '../../sandbox/services/alarms.ts';
import { cloudWatchService, Metrics } from '../../sandbox/services/cloudwatch.ts';
import { datapointsOf, type MetricDataQuery, readExpression } from '../../sandbox/services/metric-data.ts';

describe('a metrics expression', () => {
  const values = new Map([
    ['m1', 20],
    ['m2', 4],
  ]);

  it.each([
    ['m1 / m2', 5],
    ['m1/m2', 5],
    ['m1 - m2 - 1', 15],
    ['m1 - m2 * 2', 12],
    ['(m1 - m2) * 2', 32],
    ['-m2 + 0.5', -3.5],
    ['m1 / m2 / 2', 2.5],
    ['IF(m2 > 3, m1 / m2, m1)', 5],
    ['IF (m2 + 1 <= 4, m1, -m1) * 2', -40],
    ['IF(m1 != 20, 1, IF(m2 == 4, 2, 3))', 2],
  ])('%s is %d', (text, expected) => {
    expect(readExpression(text).evaluate(values)).toBe(expected);
  });

  it.each(['', 'm1 +', '(m1', 'm1 m2', 'SUM(METRICS())', 'm1 ^ m2', ')', 'IF', 'IF(m1, m2)', 'm1 > m2'])(
    'is refused as %j',
    (text) => {
      expect(() => readExpression(text)).toThrow('Invalid metrics expression');
    },
  );

  it('has a datapoint where all its metrics have one, and where it is a number', () => {
    const stat = (MetricName: string) => ({
      Metric: { Namespace: 'App', MetricName, Dimensions: [] },
      Period: 60,
      Stat: 'Average',
    });
    const queries: MetricDataQuery[] = [
      { Id: 'm1', MetricStat: stat('backlog'), ReturnData: false },
      { Id: 'm2', MetricStat: stat('workers'), ReturnData: false },
      { Id: 'e1', Expression: 'm1 / m2', ReturnData: false },
      { Id: 'e2', Expression: 'e1 * 2', ReturnData: true },
    ];
    const published: Record<string, Record<number, number>> = {
      backlog: { 1: 20, 2: 20, 3: 20 },
      workers: { 1: 4, 3: 0 },
    };
    const read = ({ Metric }: { Metric: { MetricName: string } }) =>
      Object.entries(published[Metric.MetricName] ?? {}).map(([minute, value]) => ({
        timestampMs: Number(minute) * 60_000,
        value,
      }));
    expect(datapointsOf(queries, read)).toEqual([{ timestampMs: 60_000, value: 10 }]);
  });

  it('ends, with nothing, where it names itself', () => {
    expect(datapointsOf([{ Id: 'e1', Expression: 'e1 + 1', ReturnData: true }], () => [])).toEqual([]);
  });
});

describe('an alarm that leaves missing data missing', () => {
  const properties: AlarmProperties = {
    AlarmName: 'alarm',
    AlarmActions: [],
    Namespace: 'App',
    MetricName: 'Count',
    Dimensions: [],
    Statistic: 'Maximum',
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 1,
    Period: 60,
    EvaluationPeriods: 3,
    TreatMissingData: 'missing',
  };

  // The table "How alarm state is evaluated when data is missing" of the user guide: 0 is fine, X breaches.
  it.each<[string, AlarmState, AlarmState]>([
    ['0 - X - X', 'OK', 'OK'],
    ['0 - - - -', 'OK', 'OK'],
    ['- - - - -', 'OK', 'INSUFFICIENT_DATA'],
    ['- - - - -', 'ALARM', 'INSUFFICIENT_DATA'],
    ['0 X X - X', 'OK', 'ALARM'],
    ['- - X - -', 'OK', 'ALARM'],
    ['- - - - X', 'INSUFFICIENT_DATA', 'INSUFFICIENT_DATA'],
    ['- - - X X', 'OK', 'OK'],
  ])('goes on %s from %s to %s', (drawn, state, expected) => {
    const datapoints = drawn
      .split(' ')
      .flatMap((sign, index) =>
        sign === '-' ? [] : [{ timestampMs: index * 60_000, value: sign === 'X' ? 2 : 0 }],
      );
    expect(stateAfter({ properties, state }, datapoints, 300_000)).toBe(expected);
  });
});

describe('the form of the Query protocol', () => {
  const read = (text: string) => readForm(new URLSearchParams(text));

  it('holds structures and lists, of any depth, in any order', () => {
    expect(
      read(
        'Name=a&Queries.member.2.Id=m2&Queries.member.1.Id=m1&Queries.member.1.Stat.Dimensions.member.1.Name=n',
      ),
    ).toEqual({
      Name: 'a',
      Queries: [{ Id: 'm1', Stat: { Dimensions: [{ Name: 'n' }] } }, { Id: 'm2' }],
    });
  });

  it('orders a list by its numbers', () => {
    const form = Array.from({ length: 11 }, (_, index) => `Names.member.${index + 1}=n${index + 1}`).join(
      '&',
    );
    expect(read(form)).toEqual({ Names: Array.from({ length: 11 }, (_, index) => `n${index + 1}`) });
  });

  it('has no way to what every object has', () => {
    read('__proto__.polluted=yes&constructor.prototype.polluted=yes');
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('a minute that takes a second', () => {
  it('is the period of a metric of one a minute, in GetMetricData as well', async () => {
    const metrics = new Metrics(() => undefined, Date.now, 1);
    const [Namespace, MetricName] = ['App', 'BacklogCount'];
    const secondMs = Math.floor(Date.now() / 1000) * 1000;
    for (const [index, Value] of [5, 6, 7].entries())
      metrics.put(Namespace, [
        { MetricName, Dimensions: [], Value, Timestamp: secondMs + index * 500, StorageResolution: 60 },
      ]);
    const service = cloudWatchService(metrics);
    const read = 'operations' in service ? service.operations.GetMetricData : undefined;
    const answer = await read?.({
      StartTime: secondMs / 1000,
      EndTime: secondMs / 1000 + 60,
      ScanBy: 'TimestampAscending',
      MetricDataQueries: [
        { Id: 'm', MetricStat: { Metric: { Namespace, MetricName }, Period: 60, Stat: 'Maximum' } },
      ],
    });
    expect(answer).toMatchObject({
      MetricDataResults: [{ Timestamps: [new Date(secondMs), new Date(secondMs + 1000)], Values: [6, 7] }],
    });
  });
});
