import { CONSOLE, OTLP_HTTP, PERIODIC } from '../config/otel-file.ts';
import { formatPairs, parsePairs } from '../config/pairs.ts';
import { choiceSetting, type Setting } from '../config/setting.ts';

// What OpenTelemetry's "Environment Variable Specification" says of the SDK and of metrics.

const EXPORTERS = ['otlp', 'prometheus', 'console'] as const;
export type Exporter = (typeof EXPORTERS)[number];

const TEMPORALITIES = ['cumulative', 'delta', 'lowmemory'] as const;
export type TemporalityPreference = (typeof TEMPORALITIES)[number];

const HISTOGRAMS = ['base2_exponential_bucket_histogram', 'explicit_bucket_histogram'] as const;
export type HistogramAggregation = (typeof HISTOGRAMS)[number];

type TelemetrySettings = {
  readonly 'otel.sdk.disabled': Setting<boolean>;
  readonly 'otel.metrics.exporter': Setting<readonly Exporter[]>;
  readonly 'otel.metric.export.interval': Setting<number>;
  readonly 'otel.metric.export.timeout': Setting<number>;
  readonly 'otel.exporter.otlp.temporality': Setting<TemporalityPreference>;
  readonly 'otel.exporter.otlp.histogram': Setting<HistogramAggregation>;
  readonly 'otel.service.name': Setting<string | undefined>;
  readonly 'otel.resource.attributes': Setting<Readonly<Record<string, string>>>;
};

/** One setting for both: what is exported at one time is one record. */
const exporterKeys = (key: string) => [OTLP_HTTP, CONSOLE].map((exporter) => `${exporter}.${key}`);

export const telemetrySettings: TelemetrySettings = {
  'otel.sdk.disabled': {
    doc: 'Export nothing by OpenTelemetry: neither OTLP nor Prometheus nor console.',
    allowed: 'true or false',
    default: false,
    placeholder: 'BOOLEAN',
    parse: (text) => [true, false].find((value) => String(value) === text.trim().toLowerCase()),
    otel: { variables: ['OTEL_SDK_DISABLED'], keys: ['disabled'], isLenient: true },
  },
  'otel.metrics.exporter': {
    doc: 'Ways out, separated by commas: otlp sends, prometheus serves /metrics, console writes to standard error.',
    allowed: 'a list of otlp, prometheus, console; or none',
    default: ['otlp', 'prometheus'],
    placeholder: 'LIST',
    show: (value) => value.join(',') || 'none',
    parse: parseExporters,
    otel: { variables: ['OTEL_METRICS_EXPORTER'] },
  },
  'otel.metric.export.interval': millisecondsSetting({
    doc: 'Milliseconds between two exports, which happen at ticks.',
    default: 10_000,
    least: 100,
    most: 86_400_000,
    variable: 'OTEL_METRIC_EXPORT_INTERVAL',
    key: 'interval',
  }),
  'otel.metric.export.timeout': millisecondsSetting({
    doc: 'Milliseconds in which a record for export must be made, 0 is without end. Sending it has a time of its own.',
    default: 30_000,
    least: 0,
    most: 2 ** 31 - 1,
    variable: 'OTEL_METRIC_EXPORT_TIMEOUT',
    key: 'timeout',
  }),
  'otel.exporter.otlp.temporality': {
    doc: 'Whether counters are sent as totals or as growth since the last export.',
    allowed: 'cumulative, delta or lowmemory (in the file: low_memory)',
    default: 'cumulative',
    placeholder: 'WORD',
    parse: (text) =>
      TEMPORALITIES.find(
        (word) =>
          word ===
          text
            .trim()
            .toLowerCase()
            .replace(/^low_memory$/, 'lowmemory'),
      ),
    otel: {
      variables: ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'],
      keys: exporterKeys('temporality_preference'),
      isLenient: true,
    },
  },
  'otel.exporter.otlp.histogram': choiceSetting({
    doc: 'The buckets of histograms that are sent.',
    words: HISTOGRAMS,
    default: 'base2_exponential_bucket_histogram',
    otel: {
      variables: ['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'],
      keys: exporterKeys('default_histogram_aggregation'),
      isLenient: true,
    },
  }),
  'otel.service.name': {
    doc: 'service.name of the Resource; it wins over the attribute.',
    allowed: 'a text',
    default: undefined,
    placeholder: 'TEXT',
    parse: (text) => text.trim(),
    otel: { variables: ['OTEL_SERVICE_NAME'] },
  },
  'otel.resource.attributes': {
    doc: 'Attributes of the Resource. A malformed pair is named and skipped.',
    allowed: 'key=value pairs separated by commas, percent-encoded',
    default: {},
    placeholder: 'PAIRS',
    show: (attributes) => formatPairs(Object.entries(attributes)),
    parse(text, name, warn) {
      const { pairs, malformed } = parsePairs(text);
      for (const pair of malformed) {
        warn(`${name}: ${JSON.stringify(pair)} is skipped; allowed are key=value pairs, percent-encoded`);
      }
      return pairs;
    },
    otel: { variables: ['OTEL_RESOURCE_ATTRIBUTES'], keys: ['resource.attributes_list', 'resource.attributes'] },
  },
};

function parseExporters(text: string): readonly Exporter[] | undefined {
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  if (words.length === 1 && words[0] === 'none') return [];
  const known = EXPORTERS.filter((exporter) => words.includes(exporter));
  return known.length === words.length ? known : undefined;
}

function millisecondsSetting(spec: {
  doc: string;
  default: number;
  least: number;
  most: number;
  variable: string;
  key: string;
}): Setting<number> {
  const { doc, default: value, least, most, variable, key } = spec;
  return {
    doc,
    allowed: `a whole number from ${least} to ${most}`,
    default: value,
    placeholder: 'NUMBER',
    parse(text) {
      const number = /^\s*\d+\s*$/.test(text) ? Number(text) : NaN;
      return number >= least && number <= most ? number : undefined;
    },
    otel: { variables: [variable], keys: [`${PERIODIC}.${key}`], isLenient: true },
  };
}
