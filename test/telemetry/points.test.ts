import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CumulativeTemporalitySelector, DeltaTemporalitySelector } from '@opentelemetry/exporter-metrics-otlp-http';
import type { AggregationTemporalitySelector, MetricProducer } from '@opentelemetry/sdk-metrics';
import { defineMetrics, type MetricSet, type Since } from '../../instrumentation/source.ts';
import { createProducer, type Observation } from '../../src/telemetry/points.ts';

type Values = Readonly<Record<string, number>>;

function metricSet(since: Since): MetricSet<Values> {
  const common = { unit: '1', description: 'x', from: 'x', attributes: { k: 'string' } } as const;
  return defineMetrics({
    name: since,
    since,
    metrics: {
      counter: { name: 'counter', kind: 'counter', value: 'double', ...common },
      listed: { name: 'listed', kind: 'counter', value: 'double', isZeroIfAbsent: true, ...common },
      level: { name: 'level', kind: 'updowncounter', value: 'int', ...common },
      gauge: { name: 'gauge', kind: 'gauge', value: 'double', ...common },
    },
    observe(values: Values, emit) {
      for (const [key, value] of Object.entries(values)) {
        const [metric, k = ''] = key.split(' ');
        emit(metric as 'counter', value, { k });
      }
    },
  });
}

/** Collects what is emitted, in this order, as of each call: "name attributes value" of all points. */
function createLister(temporality: AggregationTemporalitySelector) {
  type Emitted = readonly (readonly [metric: string, value: number, attributes: Readonly<Record<string, string>>])[];
  const set = {
    ...metricSet('unknown'),
    observe(list: Emitted, emit: Parameters<MetricSet<Values>['observe']>[1]) {
      for (const [metric, value, attributes] of list) emit(metric, value, attributes);
    },
  };
  let time = 0;
  let lists: readonly Emitted[] = [];
  const producer = createProducer({
    version: '0',
    schemaUrl: '',
    temporality,
    selection: { hasMetric: () => true, hasPoint: () => true },
    beginnings: () => ({ agent: 0, boot: 0 }),
    observe: () => lists.map((data, index) => ({ set: { ...set, name: `set${index}` }, data, time: (time += 1000) })),
  });
  return async (...of: readonly Emitted[]): Promise<readonly string[]> => {
    lists = of;
    const { resourceMetrics } = await producer.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(
          ({ attributes, value }) => `${descriptor.name} ${JSON.stringify(attributes)} ${value as number}`,
        ),
      ),
    );
  };
}

/** Collects `values` as of second `time`; points as "name{k} value [start,end]", in seconds. */
function createCollector(since: Since, temporality: AggregationTemporalitySelector = CumulativeTemporalitySelector) {
  let whose = '';
  const set = { ...metricSet(since), identity: () => whose };
  let observation: Observation = { set, data: {}, time: 0 };
  const producer: MetricProducer = createProducer({
    version: '0',
    schemaUrl: '',
    temporality,
    selection: { hasMetric: () => true, hasPoint: () => true },
    beginnings: () => ({ agent: 100_000, boot: 5_000 }),
    observe: () => [observation],
  });
  return async (time: number, values: Values, owner = ''): Promise<readonly string[]> => {
    whose = owner;
    observation = { set, data: values, time: time * 1000 };
    const { resourceMetrics, errors } = await producer.collect();
    assert.deepEqual(errors, []);
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value, startTime, endTime }) => {
          const k = attributes['k'] === '' ? '' : `{${String(attributes['k'])}}`;
          return `${descriptor.name}${k} ${value as number} [${startTime[0]},${endTime[0]}]`;
        }),
      ),
    );
  };
}

test('a counter begins when what it counts began, or at its first point where nobody knows', async () => {
  for (const [since, start] of [
    ['boot', 5],
    ['agent', 100],
    ['unknown', 110],
  ] as const) {
    const collect = createCollector(since);
    assert.deepEqual(await collect(110, { counter: 7 }), [`counter 7 [${start},110]`]);
    assert.deepEqual(await collect(120, { counter: 9 }), [`counter 9 [${start},120]`]);
  }
});

test('a counter that went back is another one, of unknown age: none of its value is growth', async () => {
  const collect = createCollector('boot');
  await collect(110, { counter: 7 });
  assert.deepEqual(await collect(120, { counter: 2 }), ['counter 2 [120,120]']);
  assert.deepEqual(await collect(130, { counter: 3 }), ['counter 3 [120,130]']);
});

test('what is listed once it counts has grown from zero, where the list was there before and was the same one’s', async () => {
  for (const [temporality, first, grown] of [
    [CumulativeTemporalitySelector, ['listed{a} 5 [110,110]'], 'listed{b} 3 [110,120]'],
    [DeltaTemporalitySelector, [], 'listed{b} 3 [110,120]'],
  ] as const) {
    const collect = createCollector('unknown', temporality);
    assert.deepEqual(await collect(110, { 'listed a': 5 }), first);
    assert.equal((await collect(120, { 'listed a': 5, 'listed b': 3 })).at(-1), grown);
    const later = await collect(130, { 'listed a': 5, 'listed b': 4 });
    assert.equal(
      later.at(-1),
      temporality === CumulativeTemporalitySelector ? 'listed{b} 4 [110,130]' : 'listed{b} 1 [120,130]',
    );
  }
  const moved = createCollector('unknown');
  await moved(110, {}, '/a');
  assert.deepEqual(await moved(120, { 'listed a': 5 }, '/b'), ['listed{a} 5 [120,120]'], 'another cgroup’s list');
  const back = createCollector('unknown');
  await back(110, { 'listed a': 5 });
  assert.deepEqual(await back(120, { 'listed a': 2 }), ['listed{a} 2 [120,120]'], 'one that went back');
});

test('the counters of another one are other counters, whatever they say', async () => {
  const collect = createCollector('unknown');
  await collect(110, { counter: 7 }, '/a');
  assert.deepEqual(await collect(120, { counter: 9 }, '/b'), ['counter 9 [120,120]']);
  assert.deepEqual(await collect(130, { counter: 10 }, '/b'), ['counter 10 [120,130]']);
});

test('no point is older than its start, though the machine’s clock was set back', async () => {
  assert.deepEqual(await createCollector('agent')(40, { counter: 1 }), ['counter 1 [40,40]']);
});

test('deltas: nothing out of nothing, the growth after that, nothing from one that went back', async () => {
  const collect = createCollector('boot', DeltaTemporalitySelector);
  assert.deepEqual(await collect(110, { counter: 7, level: 5 }), ['level 5 [110,110]']);
  assert.deepEqual(await collect(120, { counter: 9, level: 4 }), ['counter 2 [110,120]', 'level 4 [120,120]']);
  assert.deepEqual(await collect(130, { counter: 4 }), []);
  assert.deepEqual(await collect(140, { counter: 5 }), ['counter 1 [130,140]']);
});

test('a series that comes twice is taken once, the first: two constants in turn are no growth', async () => {
  const twice = [
    ['counter', 1000, { k: 'a' }],
    ['counter', 70, { k: 'a' }],
    ['counter', 1000, { k: 'a' }],
  ] as const;
  const deltas = createLister(DeltaTemporalitySelector);
  assert.deepEqual(await deltas(twice), []);
  assert.deepEqual(await deltas(twice), ['counter {"k":"a"} 0']);
  assert.deepEqual(await deltas(twice), ['counter {"k":"a"} 0']);
  const collect = createLister(CumulativeTemporalitySelector);
  const first = ['counter {"k":"a"} 1000'];
  assert.deepEqual([await collect(twice), await collect(twice)], [first, first]);
});

test('what comes once is taken: of another kind of number, another attribute, another set; unknown ones do not count', async () => {
  const collect = createLister(CumulativeTemporalitySelector);
  for (const metric of ['counter', 'level', 'gauge']) {
    const list = [
      [metric, Number.NaN, { k: 'a' }],
      [metric, 1, { k: 'a' }],
      [metric, 2, { k: 'b' }],
      [metric, 3, { j: 'a' }],
      [metric, 4, { k: 'a', j: 'b' }],
      [metric, 5, {}],
      [metric, 6, { k: 'b' }],
      [metric, 7, {}],
    ] as const;
    const points = ['{"k":"a"} 1', '{"k":"b"} 2', '{"j":"a"} 3', '{"k":"a","j":"b"} 4', '{} 5'];
    const expected = points.map((point) => `${metric} ${point}`);
    assert.deepEqual(await collect(list, list), [...expected, ...expected]);
  }
});

test('deltas of what began with the agent count from there', async () => {
  const collect = createCollector('agent', DeltaTemporalitySelector);
  assert.deepEqual(await collect(110, { counter: 7 }), ['counter 7 [100,110]']);
});

test('what vanishes is gone with the next collection, and begins anew when it is back', async () => {
  const collect = createCollector('unknown');
  await collect(110, { 'counter a': 1, 'counter b': 1, 'gauge a': 1 });
  assert.deepEqual(await collect(120, { 'counter a': 2 }), ['counter{a} 2 [110,120]']);
  assert.deepEqual(await collect(130, { 'counter a': 3, 'counter b': 5 }), [
    'counter{a} 3 [110,130]',
    'counter{b} 5 [130,130]',
  ]);
});

test('what is not finite is left out and spoils nothing after it', async () => {
  const collect = createCollector('unknown');
  await collect(110, { counter: 1, gauge: 1, level: 1 });
  assert.deepEqual(await collect(120, { counter: Number.NaN, gauge: Infinity, level: -Infinity }), []);
  assert.deepEqual(await collect(130, { counter: 3, gauge: 3, level: 3 }), [
    'counter 3 [130,130]',
    'gauge 3 [130,130]',
    'level 3 [130,130]',
  ]);
});

test('gauges follow while the machine’s clock is set back', async () => {
  const collect = createCollector('unknown');
  assert.deepEqual(await collect(5000, { gauge: 1 }), ['gauge 1 [5000,5000]']);
  assert.deepEqual(await collect(1400, { gauge: 2 }), ['gauge 2 [1400,1400]']);
});

test('whole numbers stay whole', async () => {
  const collect = createCollector('unknown');
  assert.deepEqual(await collect(110, { level: 2.5000001, gauge: 2.5 }), ['level 3 [110,110]', 'gauge 2.5 [110,110]']);
});

test('a set that throws costs only its own points', async () => {
  const broken = {
    ...metricSet('boot'),
    observe: () => {
      throw new Error('broken');
    },
  };
  const producer = createProducer({
    version: '0',
    schemaUrl: '',
    temporality: CumulativeTemporalitySelector,
    selection: { hasMetric: () => true, hasPoint: () => true },
    beginnings: () => ({ agent: 0, boot: 0 }),
    observe: () => [
      { set: broken, data: {}, time: 0 },
      { set: metricSet('unknown'), data: { gauge: 1 }, time: 0 },
    ],
  });
  const { resourceMetrics, errors } = await producer.collect();
  assert.match(String(errors), /broken/);
  assert.deepEqual(
    resourceMetrics.scopeMetrics.map(({ scope }) => scope.name),
    ['jobmeter/unknown'],
  );
});
