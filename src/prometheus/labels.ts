import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import { labelName } from './names.ts';

export type Labels = ReadonlyMap<string, string>;

/** Labels that the page sets itself. An attribute of that name is renamed as Prometheus does it: `exported_le`. */
const OWN: ReadonlySet<string> = new Set(['le', 'otel_scope_name', 'otel_scope_version', 'otel_scope_schema_url']);

/** Attributes as labels. Where several become one label, their values are joined in the order of their keys. */
export function labelsOf(attributes: Attributes): Labels {
  const labels = new Map<string, string>();
  for (const key of Object.keys(attributes).toSorted()) {
    const name = labelName(key);
    const label = OWN.has(name) ? `exported_${name}` : name;
    const before = labels.get(label);
    const value = valueText(attributes[key]);
    labels.set(label, before === undefined ? value : `${before};${value}`);
  }
  return labels;
}

export function scopeLabels({ name, version = '', schemaUrl = '' }: InstrumentationScope): Labels {
  return new Map([
    ['otel_scope_name', name],
    ['otel_scope_version', version],
    ['otel_scope_schema_url', schemaUrl],
  ]);
}

/** Labels as they stand between the braces, sorted. An empty one is to Prometheus as none at all: it is left out. */
export function labelsText(labels: Labels): string {
  return [...labels]
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escapeQuoted(value)}"`)
    .join(',');
}

/** As of label values in both formats, and of HELP in OpenMetrics. */
export function escapeQuoted(text: string): string {
  return escapeLine(text).replaceAll('"', '\\"');
}

/** As of HELP in the text format. */
export function escapeLine(text: string): string {
  return printable(text).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/**
 * Without what some parser takes for the end of a line or of the text (carriage return, NUL, U+0085, U+2028 …), though
 * both formats allow it, and without lone surrogates, which UTF-8 cannot say: all of them become U+FFFD.
 */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.toWellFormed().replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g, '\uFFFD');
}

/** The API types a value as unknown. What is none (null, a function, a circle of objects) is no label; nothing throws. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
