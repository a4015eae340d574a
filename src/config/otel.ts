import { accessSync, constants } from 'node:fs';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { ConfigError, type Environment } from './setting.ts';

// What OpenTelemetry specifies is configured OpenTelemetry's way (its "Environment Variable Specification"). By that
// specification a malformed number or word is passed over with a warning. What would send data to another place than
// the one meant, or over a line less safe than the one meant, stops the start.

export interface OtelConfig {
  /** Milliseconds. */
  readonly exportInterval: number;
  readonly otlp: Omit<ReturnType<typeof convertLegacyHttpOptions>, 'userAgent'>;
  /** OTEL_RESOURCE_ATTRIBUTES with OTEL_SERVICE_NAME. */
  readonly resource: Readonly<Record<string, string>>;
  /** A task of ECS: its containers may share the network of a container that is not theirs. */
  readonly isEcs: boolean;
}

const EXPORT_INTERVAL = 10_000;

export function loadOtel(env: Environment, warnings: string[]): OtelConfig {
  refuseUnsupported(env);
  checkProtocol(env);
  for (const name of signalVariables('ENDPOINT')) checkEndpoint(env, name);
  for (const kind of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) {
    for (const name of signalVariables(kind)) checkReadable(env, name);
  }
  return {
    exportInterval: exportInterval(env, warnings),
    // Reads the standard variables from the environment of the process by itself, and is the only one that does so.
    otlp: withPossibleTimeout(convertLegacyHttpOptions({}, 'METRICS', 'v1/metrics', {})),
    resource: resourceAttributes(env, warnings),
    isEcs: ['ECS_CONTAINER_METADATA_URI_V4', 'ECS_CONTAINER_METADATA_URI'].some((name) => valueOf(env, name)),
  };
}

/** A timer cannot wait longer than 2^31 - 1 ms: with more it would not wait at all. */
function withPossibleTimeout(otlp: OtelConfig['otlp']): OtelConfig['otlp'] {
  return { ...otlp, timeoutMillis: Math.min(otlp.timeoutMillis, 2 ** 31 - 1) };
}

/** The variable for metrics alone, which wins, and the one for all signals. */
function signalVariables(kind: string): readonly [string, string] {
  return [`OTEL_EXPORTER_OTLP_METRICS_${kind}`, `OTEL_EXPORTER_OTLP_${kind}`];
}

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** What would change where data goes, or whether any does, and is not built yet. */
function refuseUnsupported(env: Environment): void {
  const supported: readonly (readonly [string, readonly string[]])[] = [
    ['OTEL_SDK_DISABLED', ['false']],
    ['OTEL_METRICS_EXPORTER', ['otlp']],
    ['OTEL_CONFIG_FILE', []],
  ];
  for (const [name, allowed] of supported) {
    const value = valueOf(env, name);
    if (value === undefined || allowed.includes(value.toLowerCase())) continue;
    throw new ConfigError(
      `${name} (environment): ${JSON.stringify(value)} is not supported yet; allowed is ${allowed[0] ?? 'nothing'}`,
    );
  }
}

function checkProtocol(env: Environment): void {
  const name = signalVariables('PROTOCOL').find((variable) => valueOf(env, variable) !== undefined);
  if (name === undefined || valueOf(env, name) === 'http/json') return;
  throw new ConfigError(
    `${name} (environment): ${JSON.stringify(env[name])} is not supported yet; allowed is http/json`,
  );
}

function checkEndpoint(env: Environment, name: string): void {
  const text = valueOf(env, name);
  if (text === undefined) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  throw new ConfigError(
    // Not what it says: there may be a password in it.
    `${name} (environment): this is not a URL that can be used; allowed is one such as http://localhost:4318`,
  );
}

function checkReadable(env: Environment, name: string): void {
  const file = valueOf(env, name);
  if (file === undefined) return;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new ConfigError(
      `${name} (environment): cannot read ${JSON.stringify(file)} (${(error as NodeJS.ErrnoException).code}); allowed is a PEM file`,
    );
  }
}

function exportInterval(env: Environment, warnings: string[]): number {
  const name = 'OTEL_METRIC_EXPORT_INTERVAL';
  const text = valueOf(env, name);
  if (text === undefined) return EXPORT_INTERVAL;
  const milliseconds = Number(text);
  if (/^\d+$/.test(text) && milliseconds >= 100 && milliseconds <= 86_400_000) return milliseconds;
  warnings.push(
    `${name} (environment): ${JSON.stringify(text)} is not allowed, ${EXPORT_INTERVAL} is used; allowed are milliseconds from 100 to 86400000`,
  );
  return EXPORT_INTERVAL;
}

/** Pair by pair: one that is malformed is named and skipped, the others count. */
function resourceAttributes(env: Environment, warnings: string[]): Readonly<Record<string, string>> {
  const name = 'OTEL_RESOURCE_ATTRIBUTES';
  const attributes: Record<string, string> = {};
  for (const pair of (valueOf(env, name) ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals)).trim();
    const value = equals < 0 ? undefined : decode(pair.slice(equals + 1).trim());
    if (key !== '' && value !== undefined) attributes[key] = value;
    else
      warnings.push(
        `${name} (environment): ${JSON.stringify(pair)} is skipped; allowed are key=value pairs, percent-encoded`,
      );
  }
  const service = valueOf(env, 'OTEL_SERVICE_NAME');
  return service === undefined ? attributes : { ...attributes, 'service.name': service };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
