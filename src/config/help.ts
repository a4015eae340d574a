import { flagOf, type Schema, variableOf } from './setting.ts';

export function helpText(schema: Schema, version: string): string {
  const options = Object.entries(schema).map(([path, setting]) => {
    const option = [flagOf(path), setting.placeholder].filter((word) => word !== undefined).join(' ');
    return [option, `${setting.doc} (${variableOf(path)})`] as const;
  });
  const lines = [...options, ['--help, -h', 'Say this.'], ['--version, -V', 'Say the version.']] as const;
  return `jobmeter ${version} meters this container and this host and sends what it measures as OpenTelemetry metrics.

Usage: jobmeter [OPTION...]

${lines.map(([option, doc]) => `  ${option.padEnd(18)} ${doc}`).join('\n')}

Where and how it sends is set by OpenTelemetry's own variables, among them:
  OTEL_EXPORTER_OTLP_ENDPOINT   http://localhost:4318 if not set
  OTEL_EXPORTER_OTLP_HEADERS    key=value,key=value
  OTEL_METRIC_EXPORT_INTERVAL   milliseconds between two exports, 10000 if not set
  OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES

Exit status: 0 after a signal to end; 1 if --once could not deliver; 2 for usage and configuration errors.
`;
}
