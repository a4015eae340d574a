import { type Attributes, diag, DiagLogLevel, type Histogram, type Meter, ValueType } from '@opentelemetry/api';
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

/** Milliseconds that a collection may take; it only copies what was read, so this is never reached. */
const COLLECT_TIMEOUT = 5000;

/**
 * OpenTelemetry's own OTLP exporter, writing JSON requests to the journal: `append` is its whole transport. It sends
 * nothing and so can neither fail nor wait. Temporality comes from the standard variable, by the exporter itself.
 */
export function createJournalExporter(append: (record: Uint8Array) => void): PushMetricExporter {
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

/** Collects and exports when told to, at a tick, so that points are as fresh as the sample and no tick is between two exports. */
export class TickReader extends MetricReader {
  readonly #exporter: PushMetricExporter;

  constructor(exporter: PushMetricExporter, producer: MetricProducer) {
    super({
      aggregationSelector: (type) => exporter.selectAggregation!(type),
      aggregationTemporalitySelector: (type) => exporter.selectAggregationTemporality!(type),
      metricProducers: [producer],
    });
    this.#exporter = exporter;
  }

  /** Rejects where the exporter fails or a part could not be collected; what could be is exported all the same. */
  async export(): Promise<void> {
    const { resourceMetrics, errors } = await this.collect({ timeoutMillis: COLLECT_TIMEOUT });
    const result = await new Promise<ExportResult>((resolve) => this.#exporter.export(resourceMetrics, resolve));
    if (result.code !== ExportResultCode.SUCCESS) throw result.error ?? new Error('the export failed');
    if (errors.length > 0) throw errors[0];
  }

  protected override async onForceFlush(): Promise<void> {
    await this.export();
  }

  protected override async onShutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}

export function createProvider(resource: Resource, reader: TickReader): MeterProvider {
  return new MeterProvider({ resource, readers: [reader] });
}

/** Records into a declared histogram; what is not finite is left out. */
export function createRecorder(
  meter: Meter,
  { name, description, unit, value }: Metric,
): (value: number | undefined, attributes?: Attributes) => void {
  const valueType = value === 'int' ? ValueType.INT : ValueType.DOUBLE;
  const histogram: Histogram = meter.createHistogram(name, { description, unit, valueType });
  return (number, attributes) => {
    if (number !== undefined && Number.isFinite(number)) histogram.record(number, attributes);
  };
}

/** Has OpenTelemetry's packages say their warnings and errors through `warn`: without this they say nothing at all. */
export function listenToOpenTelemetry(warn: (line: string) => void): void {
  const say = (message: string, ...rest: unknown[]) => warn(`OpenTelemetry: ${[message, ...rest].join(' ')}`);
  const ignore = () => {};
  diag.setLogger({ error: say, warn: say, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
