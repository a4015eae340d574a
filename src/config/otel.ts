// The rest of OpenTelemetry's variables: what is not supported is refused by name, never ignored. What concerns other
// signals or other languages is the job's own business.

import { suggest } from './suggest.ts';

/** Variables that have no effect here, with the values that say so. */
const WITHOUT_EFFECT: Readonly<Record<string, { readonly harmless: RegExp; readonly why: string }>> = {
  OTEL_METRICS_EXEMPLAR_FILTER: {
    harmless: /^(trace_based|always_off)$/i,
    why: 'there are no traces that an exemplar could point to; allowed is trace_based or always_off',
  },
  OTEL_EXPORTER_OTLP_INSECURE: {
    harmless: /^false$/i,
    why: 'it counts for gRPC alone, which is not supported; http:// in the endpoint says the same',
  },
  OTEL_EXPORTER_OTLP_METRICS_INSECURE: {
    harmless: /^false$/i,
    why: 'it counts for gRPC alone, which is not supported; http:// in the endpoint says the same',
  },
  OTEL_EXPERIMENTAL_CONFIG_FILE: { harmless: /^$/, why: 'it is called OTEL_CONFIG_FILE now' },
};

/** Those that would be about us if they existed. */
const OURS = /^OTEL_(EXPORTER_OTLP_(?!(TRACES|LOGS|PROFILES|SPAN)_)|EXPORTER_PROMETHEUS_|METRIC(?!S_PRODUCERS$))/;

/** What is wrong with the variable `name`, which no setting has declared; undefined where nothing is. */
export function otelVariableProblem(name: string, value: string, known: readonly string[]): string | undefined {
  const special = WITHOUT_EFFECT[name];
  if (special !== undefined) {
    return special.harmless.test(value.trim())
      ? undefined
      : `${JSON.stringify(value)} is not supported: ${special.why}`;
  }
  const similar = suggest(name, known);
  if (similar !== '') return `unknown variable${similar}`;
  return OURS.test(name) ? 'not supported; see jobmeter --help for the ones that are' : undefined;
}
