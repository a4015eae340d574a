import type { InstrumentationScope } from '@opentelemetry/core';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { type Bucket, explicitBuckets } from './buckets.ts';
import { labelsOf, labelsText, scopeLabels } from './labels.ts';
import { metricName, type MetricKind } from './names.ts';

/** A number, or the classic form of a histogram. */
export type Value = number | { readonly buckets: readonly Bucket[]; readonly sum: number | undefined };

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  /** Without the suffix that the type gives its samples: OpenMetrics's name of the family. */
  readonly base: string;
  readonly help: string;
  readonly unit: string;
  /** By their labels as text: no series twice. In the order given. */
  readonly points: Map<string, Value>;
}

export interface Options {
  /** Whether every sample names its instrumentation scope. */
  readonly scopeInfo: boolean;
  /** Whether the resource's attributes are on the page, as target_info. */
  readonly targetInfo: boolean;
  /** Takes a line about each thing that is not on the page. The same ones with every page. */
  warn(line: string): void;
}

/** What the samples of a family, or such as OpenMetrics lets it have, may be called. */
const SUFFIXES: Readonly<Record<Family['type'], readonly string[]>> = {
  counter: ['', '_total', '_created'],
  gauge: [''],
  histogram: ['', '_bucket', '_count', '_sum', '_created'],
  info: ['', '_info'],
};

/**
 * The families of a page, such that every parser takes it. Whatever cannot be there is left out and told, and it is
 * the later of two that cannot both be. The choice is the same for either format: how a page was asked for must not
 * decide over what is in it.
 */
export function collectFamilies({ resource, scopeMetrics }: ResourceMetrics, options: Options): readonly Family[] {
  const families = new Map<string, Family>();
  const owners = new Map<string, Family>();

  /** The family that has this name already, or the new one; undefined where names would clash. */
  function place(family: Family): Family | undefined {
    const same = families.get(family.base);
    if (same !== undefined) return same.type === family.type ? same : undefined;
    const names = SUFFIXES[family.type].map((suffix) => family.base + suffix);
    if (names.some((name) => owners.has(name))) return undefined;
    for (const name of names) owners.set(name, family);
    families.set(family.base, family);
    return family;
  }

  function add(metric: MetricData, scope: InstrumentationScope): void {
    const { name } = metric.descriptor;
    const warn = (why: string) => options.warn(`${name} is not on the Prometheus page: ${why}`);
    const family = familyOf(metric, warn);
    if (family === undefined) return;
    for (const { attributes, value } of readPoints(metric, warn)) {
      const target = place(family);
      if (target === undefined) return warn(`${family.base} or a name made of it is another metric's`);
      const labels = labelsText(new Map([...labelsOf(attributes), ...(options.scopeInfo ? scopeLabels(scope) : [])]));
      if (target.points.has(labels)) warn(`a second value for {${labels}}`);
      else target.points.set(labels, value);
    }
  }

  const target = options.targetInfo ? labelsText(labelsOf(resource.attributes)) : '';
  if (target !== '') {
    place({ type: 'info', base: 'target', help: 'Target metadata', unit: '', points: new Map([[target, 1]]) });
  }
  for (const { scope, metrics } of scopeMetrics) for (const metric of metrics) add(metric, scope);
  return [...families.values()];
}

/** The family that a metric belongs to, still empty. */
function familyOf(metric: MetricData, warn: (why: string) => void): Family | undefined {
  const kind = kindOf(metric);
  const named = metricName(metric.descriptor.name, metric.descriptor.unit, kind);
  if (named === undefined) {
    warn('nothing of the name is left');
    return undefined;
  }
  if (kind !== 'gauge' && metric.aggregationTemporality === AggregationTemporality.DELTA) {
    warn('it has deltas, and the page is of totals');
    return undefined;
  }
  return {
    type: kind === 'updowncounter' ? 'gauge' : kind,
    base: kind === 'counter' ? named.name.slice(0, -'_total'.length) : named.name,
    help: metric.descriptor.description.trim(),
    unit: named.unit,
    points: new Map(),
  };
}

function kindOf(metric: MetricData): MetricKind {
  if (metric.dataPointType === DataPointType.GAUGE) return 'gauge';
  if (metric.dataPointType !== DataPointType.SUM) return 'histogram';
  return metric.isMonotonic ? 'counter' : 'updowncounter';
}

function readPoints(
  metric: MetricData,
  warn: (why: string) => void,
): readonly Omit<DataPoint<Value>, 'startTime' | 'endTime'>[] {
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      return metric.dataPoints.map(({ attributes, value }) => {
        return { attributes, value: classic(value, explicitBuckets(value)) };
      });
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      // Its own bounds change with what it sees: a rate over such buckets would be wrong.
      warn('its buckets have no fixed bounds');
      return [];
    default:
      return metric.dataPoints.filter(({ value }) => {
        const isValid = Number.isFinite(value) && !(kindOf(metric) === 'counter' && value < 0);
        if (!isValid) warn(`${value} is no value of its kind`);
        return isValid;
      });
  }
}

/** The sum counts as a counter: where there are values below zero, or a bound says that there could be, it is none. */
function classic({ sum, min = 0 }: Histogram, buckets: readonly Bucket[]): Value {
  const isCounter = sum !== undefined && Number.isFinite(sum) && sum >= 0 && min >= 0 && buckets[0]!.bound >= 0;
  return { buckets, sum: isCounter ? sum : undefined };
}
