// Variables that no setting has: what is a mistake, and what is somebody else's business.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptAll } from './attempt.ts';

const mistakes: readonly (readonly [name: string, problem: string])[] = [
  ['JOBMETER_INTRVAL', 'unknown setting, did you mean JOBMETER_INTERVAL?; see jobmeter --help'],
  ['JOBMETR_INTERVAL', 'unknown setting, did you mean JOBMETER_INTERVAL?; see jobmeter --help'],
  ['JOBMETER_HTTP_POT', 'unknown setting, did you mean JOBMETER_HTTP_PORT?; see jobmeter --help'],
  ['JOBMETER_NONSENSE', 'unknown setting; see jobmeter --help'],
  ['JOBMETER_', 'unknown setting; see jobmeter --help'],
  ['JOBMETER_CONSTRUCTOR', 'unknown setting; see jobmeter --help'],
  // Not what Kubernetes makes of a Service, which would be tcp://…
  ['JOBMETER_PORT', 'unknown setting; see jobmeter --help'],
  ['OTEL_EXPORTER_OTLP_ENDPONT', 'unknown variable, did you mean OTEL_EXPORTER_OTLP_ENDPOINT?'],
  ['OTEL_EXPORTER_OTLP_METRICS_ENDPONT', 'unknown variable, did you mean OTEL_EXPORTER_OTLP_METRICS_ENDPOINT?'],
  ['OTEL_METRIC_EXPORT_INTERVALL', 'unknown variable, did you mean OTEL_METRIC_EXPORT_INTERVAL?'],
  ['OTEL_METRICS_EXPORT_INTERVAL', 'unknown variable, did you mean OTEL_METRIC_EXPORT_INTERVAL?'],
  ['OTEL_METRIC_EXPORTER', 'unknown variable, did you mean OTEL_METRICS_EXPORTER?'],
  ['OTEL_RESOURCE_ATTRIBUTE', 'unknown variable, did you mean OTEL_RESOURCE_ATTRIBUTES?'],
  ['OTLE_SERVICE_NAME', 'unknown variable, did you mean OTEL_SERVICE_NAME?'],
  ['OTEL_EXPORTER_PROMETHEUS_PROT', 'unknown variable, did you mean OTEL_EXPORTER_PROMETHEUS_PORT?'],
  ['OTEL_EXPORTER_OTLP_METRICS_FOO', 'not supported; see jobmeter --help for the ones that are'],
  ['OTEL_EXPORTER_PROMETHEUS_FOO', 'not supported; see jobmeter --help for the ones that are'],
  ['OTEL_METRIC_FOO', 'not supported; see jobmeter --help for the ones that are'],
];

for (const [name, expected] of mistakes) {
  test(`refused: ${name}`, async () => {
    const { problems } = await attemptAll({ env: { [name]: '1' } });
    assert.deepEqual(problems, [`${name} (environment): ${expected}`]);
  });
}

test('what the specification has and has no effect here is refused, unless it asks for nothing else', async () => {
  for (const [name, harmless, harmful] of [
    ['OTEL_METRICS_EXEMPLAR_FILTER', ['trace_based', 'always_off', ' TRACE_BASED ', ''], ['always_on', 'nonsense']],
    ['OTEL_EXPORTER_OTLP_INSECURE', ['false', 'False', ''], ['true', '1']],
    ['OTEL_EXPORTER_OTLP_METRICS_INSECURE', ['false', ''], ['true']],
    ['OTEL_EXPERIMENTAL_CONFIG_FILE', [''], ['/etc/otel.yaml']],
  ] as const) {
    for (const value of harmless) assert.deepEqual((await attemptAll({ env: { [name]: value } })).problems, [], name);
    for (const value of harmful) {
      const { problems } = await attemptAll({ env: { [name]: value } });
      assert.equal(problems.length, 1, name);
      assert.match(problems[0]!, new RegExp(`^${name} \\(environment\\): ".*" is not supported: \\S`));
    }
  }
});

/** What the "Environment Variable Specification" and the exporter's know of other signals; a few of other languages. */
const foreign = [
  'OTEL_PROPAGATORS',
  ...['SAMPLER', 'SAMPLER_ARG', 'EXPORTER'].map((name) => `OTEL_TRACES_${name}`),
  'OTEL_LOGS_EXPORTER',
  ...['BSP', 'BLRP'].flatMap((processor) =>
    ['SCHEDULE_DELAY', 'EXPORT_TIMEOUT', 'MAX_QUEUE_SIZE', 'MAX_EXPORT_BATCH_SIZE'].map(
      (name) => `OTEL_${processor}_${name}`,
    ),
  ),
  ...['ATTRIBUTE', 'SPAN_ATTRIBUTE', 'LOGRECORD_ATTRIBUTE'].flatMap((what) => [
    `OTEL_${what}_VALUE_LENGTH_LIMIT`,
    `OTEL_${what}_COUNT_LIMIT`,
  ]),
  ...['SPAN_EVENT', 'SPAN_LINK', 'EVENT_ATTRIBUTE', 'LINK_ATTRIBUTE'].map((what) => `OTEL_${what}_COUNT_LIMIT`),
  ...['ENDPOINT', 'TIMEOUT', 'PROTOCOL'].map((name) => `OTEL_EXPORTER_ZIPKIN_${name}`),
  ...['ENDPOINT', 'AGENT_HOST', 'AGENT_PORT', 'TIMEOUT', 'USER', 'PASSWORD'].map(
    (name) => `OTEL_EXPORTER_JAEGER_${name}`,
  ),
  ...['TRACES', 'LOGS', 'PROFILES'].flatMap((signal) =>
    [
      'ENDPOINT',
      'PROTOCOL',
      'HEADERS',
      'COMPRESSION',
      'TIMEOUT',
      'INSECURE',
      'CERTIFICATE',
      'CLIENT_KEY',
      'CLIENT_CERTIFICATE',
    ].map((name) => `OTEL_EXPORTER_OTLP_${signal}_${name}`),
  ),
  // The specification: an old name, for traces.
  'OTEL_EXPORTER_OTLP_SPAN_INSECURE',
  'OTEL_SEMCONV_STABILITY_OPT_IN',
  'OTEL_ENTITIES',
  'OTEL_NODE_RESOURCE_DETECTORS',
  'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS',
  'OTEL_NODE_EXPERIMENTAL_SDK_METRICS',
  'OTEL_PYTHON_LOG_LEVEL',
  'OTEL_PYTHON_METER_PROVIDER',
  'OTEL_PYTHON_EXPORTER_OTLP_METRICS_CREDENTIAL_PROVIDER',
  'OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED',
  'OTEL_EXPERIMENTAL_RESOURCE_DETECTORS',
  'OTEL_EXPERIMENTAL_METRICS_CARDINALITY_LIMIT',
  'OTEL_JAVAAGENT_ENABLED',
  'OTEL_JAVA_METRICS_CARDINALITY_LIMIT',
  'OTEL_JAVA_EXPORTER_OTLP_RETRY_DISABLED',
  'OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED',
  'OTEL_DOTNET_AUTO_HOME',
  'OTEL_DOTNET_AUTO_METRICS_ENABLED_INSTRUMENTATIONS',
  'OTEL_PHP_AUTOLOAD_ENABLED',
  'OTEL_RUBY_INSTRUMENTATION_NET_HTTP_ENABLED',
  'OTEL_RUBY_EXPORTER_OTLP_SSL_VERIFY_NONE',
  'OTEL_GO_X_EXEMPLAR',
  'OTEL_EBPF_OPEN_PORT',
  'OTEL_RESOURCE_ATTRIBUTES_POD_NAME',
  'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME',
  'OTEL_INJECTOR_CONFIG_FILE',
  // Go's autoexport: the job's, also where it is about metrics.
  'OTEL_METRICS_PRODUCERS',
];

for (const name of foreign) {
  test(`not ours: ${name}`, async () => {
    const { problems, warnings } = await attemptAll({ env: { [name]: 'whatever' } });
    assert.deepEqual([problems, warnings], [[], []]);
  });
}

test('what is like no name of ours is not ours', async () => {
  const env = {
    JOB_NAME: 'x',
    JOBS: '1',
    JOBMETERS: 'x',
    OTHER: 'x',
    OTP: 'x',
    JOB_COMPLETION_INDEX: '0',
    otel_x: 'x',
  };
  assert.deepEqual((await attemptAll({ env })).problems, []);
});

test('what Kubernetes sets for Services called jobmeter and jobmeter-… is nobody’s setting', async () => {
  const link = (name: string, port: string) => ({
    [`${name}_SERVICE_HOST`]: '10.0.0.1',
    [`${name}_SERVICE_PORT`]: port,
    [`${name}_SERVICE_PORT_HTTP_METRICS`]: port,
    [`${name}_PORT`]: `tcp://10.0.0.1:${port}`,
    [`${name}_PORT_${port}_TCP`]: `tcp://10.0.0.1:${port}`,
    [`${name}_PORT_${port}_TCP_PROTO`]: 'tcp',
    [`${name}_PORT_${port}_TCP_PORT`]: port,
    [`${name}_PORT_${port}_TCP_ADDR`]: '10.0.0.1',
    [`${name}_PORT_53_UDP`]: 'udp://10.0.0.1:53',
  });
  for (const name of ['JOBMETER', 'JOBMETER_METRICS', 'JOBMETER_HTTP']) {
    const { problems, warnings, values } = await attemptAll({ env: link(name, '80') });
    assert.deepEqual([problems, warnings], [[], []], name);
    assert.equal(values?.['http.port'], 9464);
  }
  const { values } = await attemptAll({ env: { JOBMETER_HTTP_PORT: 'tcp://[fd00::1]:80' } });
  assert.equal(values?.['http.port'], 9464);
});

test('all mistakes are told at once', async () => {
  const env = { JOBMETER_INTRVAL: '1', OTEL_METRICS_EXPORTER: 'zipkin', OTEL_METRIC_FOO: '1' };
  const { problems } = await attemptAll({ env, argv: ['--nonsense', '--interval=never'] });
  const names = problems.map((line) => line.split(' ')[0]!).toSorted();
  assert.deepEqual(names, ['--interval', '--nonsense', 'JOBMETER_INTRVAL', 'OTEL_METRICS_EXPORTER', 'OTEL_METRIC_FOO']);
});
