// Metrics as the SDK hands them over, made by hand.

import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { expose, type Format } from '../../src/prometheus/exposition.ts';

type Points<T> = readonly (readonly [value: T, attributes?: Attributes])[];

interface Rest {
  readonly unit?: string;
  readonly description?: string;
  readonly isDelta?: boolean;
}

const time: HrTime = [1_700_000_000, 0];

function common<T>(name: string, points: Points<T>, { unit = '', description = '', isDelta = false }: Rest) {
  return {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    dataPoints: points.map(([value, attributes = {}]) => ({ startTime: time, endTime: time, attributes, value })),
  };
}

export function gauge(name: string, points: Points<number>, rest: Rest = {}): MetricData {
  return { ...common(name, points, rest), dataPointType: DataPointType.GAUGE };
}

export function counter(name: string, points: Points<number>, rest: Rest = {}): MetricData {
  return { ...common(name, points, rest), dataPointType: DataPointType.SUM, isMonotonic: true };
}

export function updowncounter(name: string, points: Points<number>, rest: Rest = {}): MetricData {
  return { ...common(name, points, rest), dataPointType: DataPointType.SUM, isMonotonic: false };
}

export function histogram(name: string, points: Points<Histogram>, rest: Rest = {}): MetricData {
  return { ...common(name, points, rest), dataPointType: DataPointType.HISTOGRAM };
}

export function exponential(name: string, points: Points<ExponentialHistogram>, rest: Rest = {}): MetricData {
  return { ...common(name, points, rest), dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM };
}

/** A histogram's value with these values in it, counted one by one. */
export function classicOf(boundaries: readonly number[], values: readonly number[]): Histogram {
  const counts = [...boundaries, Infinity].map(
    (bound, index) => values.filter((value) => value <= bound && value > (boundaries[index - 1] ?? -Infinity)).length,
  );
  return {
    buckets: { boundaries: [...boundaries], counts },
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    ...(values.length > 0 && { min: Math.min(...values), max: Math.max(...values) }),
  };
}

export function scope(name: string, metrics: readonly MetricData[], version = '', schemaUrl = ''): ScopeMetrics {
  return { scope: { name, version, schemaUrl }, metrics: [...metrics] };
}

export function resourceMetrics(scopeMetrics: readonly ScopeMetrics[], resource: Attributes = {}): ResourceMetrics {
  return { resource: resourceFromAttributes(resource), scopeMetrics: [...scopeMetrics] };
}

/** The page of these metrics, and the lines of warning. */
export function exposed(
  metrics: ResourceMetrics | readonly MetricData[],
  format: Format = 'text',
  { scopeInfo = false, targetInfo = false }: { scopeInfo?: boolean; targetInfo?: boolean } = {},
): { readonly page: string; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const whole = 'resource' in metrics ? metrics : resourceMetrics([scope('test', metrics)]);
  const page = expose(whole, format, { scopeInfo, targetInfo, warn: (line) => warnings.push(line) });
  return { page, warnings };
}

/** The page's lines but for metadata. */
export function lines(metrics: readonly MetricData[] | ResourceMetrics, format: Format = 'text'): readonly string[] {
  return exposed(metrics, format)
    .page.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}
