import { type Attributes, diag, DiagLogLevel, ValueType } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { AggregationTemporalityPreference, OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import { createOtlpNetworkExportDelegate } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExporterMetrics } from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonMetricsSerializer, MetricsExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  type CollectionResult,
  InstrumentType,
  MeterProvider,
  type MetricProducer,
  MetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { Metric } from '../../instrumentation/source.ts';
import type { Log } from '../log.ts';
import { type Beginnings, createProducer, type Observation, type PointFilter } from './points.ts';
import { SCHEMA_URL } from './resource.ts';
import type { HistogramAggregation, TemporalityPreference } from './settings.ts';

const TEMPORALITIES: Readonly<Record<TemporalityPreference, AggregationTemporalityPreference>> = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
};

/**
 * OpenTelemetry's own OTLP exporter, writing JSON requests to the journal: `append` is its whole transport. It sends
 * nothing and so can neither fail nor wait.
 */
function createJournalExporter(push: Push): PushMetricExporter {
  const delegate = createOtlpNetworkExportDelegate(
    { timeoutMillis: push.timeout, concurrencyLimit: 30, compression: 'none' },
    JsonMetricsSerializer,
    createOtlpHttpExporterMetrics('otlp_http_json_metric_exporter', MetricsExporterMetricsHelper, undefined, undefined),
    {
      async send(record) {
        push.append(record);
        return { status: 'success' };
      },
      shutdown() {},
    },
  );
  return new OTLPMetricExporterBase(delegate, {
    temporalityPreference: TEMPORALITIES[push.temporality],
    aggregationPreference: (type) => aggregationOf(type, push.histogram),
  });
}

function aggregationOf(type: InstrumentType, histogram: HistogramAggregation): AggregationOption {
  return type === InstrumentType.HISTOGRAM && histogram === 'base2_exponential_bucket_histogram'
    ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { recordMinMax: true } }
    : // With the boundaries that the metric declares.
      { type: AggregationType.DEFAULT };
}

/** Collects and exports when told to, and not by a timer of its own. */
class TickReader extends MetricReader {
  readonly #exporter: PushMetricExporter;
  readonly #timeout: number;

  constructor(exporter: PushMetricExporter, producer: MetricProducer, timeout: number) {
    super({
      aggregationSelector: (type) => exporter.selectAggregation!(type),
      aggregationTemporalitySelector: (type) => exporter.selectAggregationTemporality!(type),
      metricProducers: [producer],
    });
    this.#exporter = exporter;
    this.#timeout = timeout;
  }

  async export(): Promise<readonly unknown[]> {
    const { resourceMetrics, errors } = await this.collect({ timeoutMillis: this.#timeout });
    const result = await new Promise<ExportResult>((resolve) => this.#exporter.export(resourceMetrics, resolve));
    if (result.code !== ExportResultCode.SUCCESS) throw result.error ?? new Error('the export failed');
    return errors;
  }

  protected override async onForceFlush(): Promise<void> {
    await this.export();
  }

  protected override async onShutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}

/** Collects when somebody asks: totals, and histograms in the buckets that their metrics declare. */
class PullReader extends MetricReader {
  constructor(producer: MetricProducer) {
    super({
      aggregationSelector: () => ({ type: AggregationType.DEFAULT }),
      aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE,
      metricProducers: [producer],
    });
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

export type Recorder = (value: number | undefined, attributes?: Attributes) => void;

/** Exports that are pushed, through the journal. */
export interface Push {
  append(record: Uint8Array): void;
  observe(): readonly Observation[];
  /** Milliseconds that making a record may take. */
  readonly timeout: number;
  readonly temporality: TemporalityPreference;
  readonly histogram: HistogramAggregation;
}

export interface Pipeline {
  /**
   * Makes a record of what is observed now and of what was recorded, and appends it. Resolves with the errors of the
   * parts that had to be left out; rejects where there is no record.
   */
  export(): Promise<readonly unknown[]>;
  /** All totals as they stand now, for a page. Rejects where there is nothing to show. */
  collect(): Promise<CollectionResult>;
  /** What records into a declared histogram of that scope; what is not finite is left out. */
  recorder(scope: string, metric: Metric): Recorder;
  shutdown(): Promise<void>;
}

/** Milliseconds that a page may take to collect; it only copies what was read, so this is never reached. */
const PULL_TIMEOUT = 5000;

/** From observations to records and pages, by way of OpenTelemetry's SDK: one provider, a reader for each of the two. */
export function createPipeline(options: {
  readonly resource: Resource;
  readonly version: string;
  readonly selection: PointFilter;
  readonly push: Push | undefined;
  readonly pull: { observe(): readonly Observation[] } | undefined;
  beginnings(): Beginnings;
}): Pipeline {
  const { resource, version, selection, push, pull } = options;
  const shared = { version, schemaUrl: SCHEMA_URL, selection, beginnings: () => options.beginnings() };
  const exporter = push && createJournalExporter(push);
  const tickReader =
    push &&
    exporter &&
    new TickReader(
      exporter,
      createProducer({
        ...shared,
        temporality: (type) => exporter.selectAggregationTemporality!(type),
        observe: () => push.observe(),
      }),
      push.timeout,
    );
  const pullReader =
    pull &&
    new PullReader(
      createProducer({
        ...shared,
        temporality: () => AggregationTemporality.CUMULATIVE,
        observe: () => pull.observe(),
      }),
    );
  const readers = [tickReader, pullReader].filter((reader) => reader !== undefined);
  const provider = new MeterProvider({ resource, readers });
  return {
    export: async () => (await tickReader?.export()) ?? [],
    async collect() {
      if (pullReader === undefined) throw new Error('there is no reader for it');
      return pullReader.collect({ timeoutMillis: PULL_TIMEOUT });
    },
    recorder(scope, metric) {
      if (!selection.hasMetric(metric)) return () => {};
      const { name, description, unit, value: type, boundaries } = metric;
      const meter = provider.getMeter(`jobmeter/${scope}`, version, { schemaUrl: SCHEMA_URL });
      const valueType = type === 'int' ? ValueType.INT : ValueType.DOUBLE;
      const advice = boundaries && { explicitBucketBoundaries: [...boundaries] };
      const histogram = meter.createHistogram(name, { description, unit, valueType, ...(advice && { advice }) });
      return (value, attributes) => {
        if (value !== undefined && Number.isFinite(value)) histogram.record(value, attributes);
      };
    },
    shutdown: () => provider.shutdown(),
  };
}

/** Has OpenTelemetry's packages say their warnings and errors through `log`: without this they say nothing at all. */
export function listenToOpenTelemetry(log: Pick<Log, 'warn'>): void {
  const say = (message: string, ...rest: unknown[]) => log.warn(`OpenTelemetry: ${[message, ...rest].join(' ')}`);
  const ignore = () => {};
  diag.setLogger({ error: say, warn: say, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
