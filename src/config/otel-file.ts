// What of OpenTelemetry's declarative file (opentelemetry-configuration, schema 1.x) chooses an exporter, and what of it
// is not supported.

const OWN = 'distribution.jobmeter';
export const READER = 'meter_provider.readers[]';
export const PERIODIC: string = `${READER}.periodic`;
export const OTLP_HTTP: string = `${PERIODIC}.exporter.otlp_http`;
export const CONSOLE: string = `${PERIODIC}.exporter.console`;
export const PROMETHEUS: string = `${READER}.pull.exporter.prometheus/development`;

/** Each of these keys chooses an exporter, whatever is below it. */
export const EXPORTER_KEYS: Readonly<Record<string, string>> = {
  [OTLP_HTTP]: 'otlp',
  [CONSOLE]: 'console',
  [PROMETHEUS]: 'prometheus',
};

/** What the specification has and jobmeter does not, with the reason. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  tracer_provider: 'jobmeter sends metrics alone',
  logger_provider: 'jobmeter sends metrics alone',
  propagator: 'jobmeter sends metrics alone',
  attribute_limits: 'attributes are few and short by themselves',
  'instrumentation/development': `what is jobmeter's own stands below ${OWN}`,
  'resource.detection/development': 'jobmeter finds out by itself where it runs; resource.attributes wins over that',
  'resource.schema_url': 'the Resource has the schema of the names that jobmeter uses',
  'meter_provider.views': `a View grows without bound where one of two readers is not asked; ${OWN}.metrics and ${OWN}.exclude.metrics choose metrics`,
  'meter_provider.exemplar_filter': 'there are no traces that an exemplar could point to',
  'meter_provider.meter_configurator/development': `${OWN}.metrics and ${OWN}.exclude.metrics choose metrics`,
  [`${PERIODIC}.max_export_batch_size/development`]: 'requests are split by their size',
  [`${PERIODIC}.cardinality_limits`]: 'series are bounded by the sources',
  [`${PERIODIC}.producers`]: 'jobmeter is the only producer',
  [`${PERIODIC}.exporter.otlp_grpc`]: 'allowed are otlp_http and console',
  [`${PERIODIC}.exporter.otlp_file/development`]: 'allowed are otlp_http and console',
  [`${READER}.pull.cardinality_limits`]: 'series are bounded by the sources',
  [`${READER}.pull.producers`]: 'jobmeter is the only producer',
  [`${PROMETHEUS}.resource_constant_labels`]: 'target_info has the Resource',
  [`${PROMETHEUS}.translation_strategy`]: 'names are translated as underscore_escaping_with_suffixes says',
};

/** Also without a value each of these is an exporter. */
export const isExporter = (key: string): boolean => key.startsWith(`${READER}.`) && /\.exporter\.[^.]+$/.test(key);

/** Values of these that ask for nothing else than what is done. */
export const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  'meter_provider.exemplar_filter': ['trace_based', 'always_off'],
  [`${PROMETHEUS}.translation_strategy`]: ['underscore_escaping_with_suffixes'],
};
