import { type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type AggregationTemporalitySelector,
  type DataPoint,
  DataPointType,
  InstrumentType,
  type MetricData,
  type MetricProducer,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { emptyResource } from '@opentelemetry/resources';
import type { Attributes, Metric, MetricSet, Since } from '../../instrumentation/source.ts';

// Readings become data points here, through a MetricProducer and not through observable instruments of the SDK: those
// keep reporting what has vanished, freeze gauges while the machine's clock is behind, let one NaN poison a counter, and
// cannot say since when a counter counts. docs/architecture.md has the measurements.

/** One table of metrics with the data to fill it, as of one moment. */
export interface Observation {
  readonly set: MetricSet;
  readonly data: unknown;
  /** Milliseconds since 1970 at which the data was true. */
  readonly time: number;
}

/** When the things that count began to count, in milliseconds since 1970. */
export interface Beginnings {
  readonly agent: number;
  /** Undefined where the machine does not say. */
  readonly boot: number | undefined;
}

/** What is exported at all. */
export interface PointFilter {
  hasMetric(metric: Metric): boolean;
  hasPoint(metric: Metric, attributes: Attributes): boolean;
}

interface Stream {
  readonly value: number;
  /** When `value` was true. */
  readonly time: number;
  readonly start: number;
}

/**
 * A producer for one reader: it remembers each counter's last value, to know since when it counts and, where the
 * reader wants deltas, how much it grew. What is not observed any more is forgotten with the next collection.
 */
export function createProducer(options: {
  readonly version: string;
  readonly schemaUrl: string;
  observe(): readonly Observation[];
  beginnings(): Beginnings;
  readonly temporality: AggregationTemporalitySelector;
  readonly selection: PointFilter;
}): MetricProducer {
  const counterTemporality = options.temporality(InstrumentType.OBSERVABLE_COUNTER);
  const isDelta = counterTemporality === AggregationTemporality.DELTA;
  /** Of the last collection, and of this one. */
  let streams: ReadonlyMap<string, Stream> = new Map();
  let observed = new Map<string, Stream>();
  /** The series of this collection. One that comes twice is one: of two values in turn, each would be growth. */
  const taken = new Set<string>();
  /** When each set was observed, by its name and whose numbers they were; of the last collection, and of this one. */
  let lastTimes: ReadonlyMap<string, number> = new Map();
  let times = new Map<string, number>();

  /** The point of a counter that now stands at `value`; none where a delta has nothing to start from. */
  function count(
    key: string,
    since: Since,
    value: number,
    time: number,
    zeroAt: number | undefined,
  ): Pick<DataPoint<number>, 'startTime' | 'value'> | undefined {
    const beginnings = options.beginnings();
    let last = streams.get(key);
    // One that went back is another counter from now on: from where it came, and since when it counts, nobody says.
    const isOther = last !== undefined && value < last.value;
    if (isOther) last = undefined;
    if (last === undefined && !isOther && zeroAt !== undefined) last = { value: 0, time: zeroAt, start: zeroAt };
    if (last === undefined && since === 'agent') last = { value: 0, time: beginnings.agent, start: beginnings.agent };
    const began = since === 'unknown' || isOther ? undefined : beginnings[since];
    // A counter of unknown age starts at its first point, by the data model's rule for unknown start times. No point is
    // older than its start, also when the machine's clock was set back.
    const start = Math.min(last?.start ?? began ?? time, time);
    observed.set(key, { value, time, start });
    if (!isDelta) return { startTime: toHrTime(start), value };
    return last && { startTime: toHrTime(Math.min(last.time, time)), value: value - last.value };
  }

  function scopeMetrics({ set, data, time }: Observation): ScopeMetrics {
    const points = new Map<Metric, DataPoint<number>[]>();
    const endTime = toHrTime(time);
    const whose = set.identity?.(data) ?? '';
    const owner = `${set.name}\0${whose}`;
    times.set(owner, time);
    set.observe(data, (key, number, attributes = {}) => {
      if (number === undefined || !Number.isFinite(number)) return;
      const metric = set.metrics[key]!;
      if (!options.selection.hasMetric(metric) || !options.selection.hasPoint(metric, attributes)) return;
      const series = seriesKey(owner, metric, attributes);
      if (taken.has(series)) return;
      taken.add(series);
      const value = metric.value === 'int' ? Math.round(number) : number;
      const point =
        metric.kind === 'counter'
          ? count(series, set.since, value, time, metric.isZeroIfAbsent && lastTimes.get(owner))
          : { startTime: endTime, value };
      if (point === undefined) return;
      const list = points.get(metric) ?? [];
      points.set(metric, list);
      list.push({ ...point, endTime, attributes: { ...attributes } });
    });
    return {
      scope: { name: `jobmeter/${set.name}`, version: options.version, schemaUrl: options.schemaUrl },
      metrics: [...points].map(([metric, dataPoints]) => metricData(metric, dataPoints)),
    };
  }

  function metricData(metric: Metric, dataPoints: DataPoint<number>[]): MetricData {
    const { name, description, unit } = metric;
    const descriptor = {
      name,
      description,
      unit,
      valueType: metric.value === 'int' ? ValueType.INT : ValueType.DOUBLE,
    };
    if (metric.kind === 'gauge') {
      return {
        descriptor,
        dataPointType: DataPointType.GAUGE,
        aggregationTemporality: AggregationTemporality.CUMULATIVE,
        dataPoints,
      };
    }
    const isMonotonic = metric.kind === 'counter';
    const aggregationTemporality = isMonotonic ? counterTemporality : AggregationTemporality.CUMULATIVE;
    return { descriptor, dataPointType: DataPointType.SUM, isMonotonic, aggregationTemporality, dataPoints };
  }

  return {
    async collect() {
      observed = new Map();
      times = new Map();
      taken.clear();
      const errors: unknown[] = [];
      const scopes: ScopeMetrics[] = [];
      for (const observation of options.observe()) {
        try {
          scopes.push(scopeMetrics(observation));
        } catch (error) {
          errors.push(error);
        }
      }
      streams = observed;
      lastTimes = times;
      return {
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: scopes.filter(({ metrics }) => metrics.length > 0),
        },
        errors,
      };
    },
  };
}

/** Names a series among all others: whose it is, its metric, and its attributes. */
function seriesKey(owner: string, { name }: Metric, attributes: Attributes): string {
  let key = `${owner}\0${name}`;
  for (const attribute in attributes) key += `\0${attribute}\0${attributes[attribute]}`;
  return key;
}

/** Milliseconds as OpenTelemetry's pair of seconds and nanoseconds. */
function toHrTime(milliseconds: number): HrTime {
  const whole = Math.floor(milliseconds);
  return [Math.floor(whole / 1000), (whole % 1000) * 1_000_000];
}
