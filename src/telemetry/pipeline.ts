import { type Attributes, diag, DiagLogLevel, ValueType } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import { createOtlpNetworkExportDelegate } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExporterMetrics } from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonMetricsSerializer, MetricsExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import {
  type AggregationOption,
  AggregationType,
  InstrumentType,
  MeterProvider,
  type MetricProducer,
  MetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { Metric } from '../../instrumentation/source.ts';
import { type Beginnings, createProducer, type Observation } from './points.ts';
import { SCHEMA_URL } from './resource.ts';

/** Milliseconds that a collection may take; it only copies what was read, so this is never reached. */
const COLLECT_TIMEOUT = 5000;

/**
 * OpenTelemetry's own OTLP exporter, writing JSON requests to the journal: `append` is its whole transport. It sends
 * nothing and so can neither fail nor wait. Temporality comes from the standard variable, by the exporter itself.
 */
function createJournalExporter(append: (record: Uint8Array) => void): PushMetricExporter {
  const delegate = createOtlpNetworkExportDelegate(
    { timeoutMillis: COLLECT_TIMEOUT, concurrencyLimit: 30, compression: 'none' },
    JsonMetricsSerializer,
    createOtlpHttpExporterMetrics('otlp_http_json_metric_exporter', MetricsExporterMetricsHelper, undefined, undefined),
    {
      async send(record) {
        append(record);
        return { status: 'success' };
      },
      shutdown() {},
    },
  );
  return new OTLPMetricExporterBase(delegate, { aggregationPreference: aggregationOf });
}

function aggregationOf(type: InstrumentType): AggregationOption {
  return type === InstrumentType.HISTOGRAM
    ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { recordMinMax: true } }
    : { type: AggregationType.DEFAULT };
}

/** Collects and exports when told to, and not by a timer of its own. */
class TickReader extends MetricReader {
  readonly #exporter: PushMetricExporter;

  constructor(exporter: PushMetricExporter, producer: MetricProducer) {
    super({
      aggregationSelector: (type) => exporter.selectAggregation!(type),
      aggregationTemporalitySelector: (type) => exporter.selectAggregationTemporality!(type),
      metricProducers: [producer],
    });
    this.#exporter = exporter;
  }

  async export(): Promise<readonly unknown[]> {
    const { resourceMetrics, errors } = await this.collect({ timeoutMillis: COLLECT_TIMEOUT });
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

export type Recorder = (value: number | undefined, attributes?: Attributes) => void;

export interface Pipeline {
  /**
   * Makes a record of what is observed now and of what was recorded, and appends it. Resolves with the errors of the
   * parts that had to be left out; rejects where there is no record.
   */
  export(): Promise<readonly unknown[]>;
  /** What records into a declared histogram of that scope; what is not finite is left out. */
  recorder(scope: string, metric: Metric): Recorder;
  shutdown(): Promise<void>;
}

/** From observations to records, by way of OpenTelemetry's SDK: one reader, one provider, one exporter. */
export function createPipeline(options: {
  readonly resource: Resource;
  readonly version: string;
  append(record: Uint8Array): void;
  observe(): readonly Observation[];
  beginnings(): Beginnings;
}): Pipeline {
  const { resource, version } = options;
  const exporter = createJournalExporter((record) => options.append(record));
  const producer = createProducer({
    version,
    schemaUrl: SCHEMA_URL,
    temporality: (type) => exporter.selectAggregationTemporality!(type),
    beginnings: () => options.beginnings(),
    observe: () => options.observe(),
  });
  const reader = new TickReader(exporter, producer);
  const provider = new MeterProvider({ resource, readers: [reader] });
  return {
    export: () => reader.export(),
    recorder(scope, { name, description, unit, value: type }) {
      const meter = provider.getMeter(`jobmeter/${scope}`, version, { schemaUrl: SCHEMA_URL });
      const valueType = type === 'int' ? ValueType.INT : ValueType.DOUBLE;
      const histogram = meter.createHistogram(name, { description, unit, valueType });
      return (value, attributes) => {
        if (value !== undefined && Number.isFinite(value)) histogram.record(value, attributes);
      };
    },
    shutdown: () => provider.shutdown(),
  };
}

/** Has OpenTelemetry's packages say their warnings and errors through `warn`: without this they say nothing at all. */
export function listenToOpenTelemetry(warn: (line: string) => void): void {
  const say = (message: string, ...rest: unknown[]) => warn(`OpenTelemetry: ${[message, ...rest].join(' ')}`);
  const ignore = () => {};
  diag.setLogger({ error: say, warn: say, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
