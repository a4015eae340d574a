import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { collectFamilies, type Family, type Options, type Value } from './families.ts';
import { escapeLine, escapeQuoted } from './labels.ts';

/** Prometheus's text format 0.0.4, or OpenMetrics 1.0.0. */
export type Format = 'text' | 'openmetrics';

/** Ends of names by which a reader tells a part of a histogram or of a counter; promtool refuses such gauges. */
const MISLEADING: Readonly<Record<Format, RegExp>> = {
  text: /_(count|sum|bucket|total)$/,
  openmetrics: /_(count|sum|bucket|total|gcount|gsum|created|info)$/,
};

/**
 * The page with these metrics. Samples have no timestamps: the scraper's own time is theirs. There are no `_created`
 * lines: Prometheus 2 makes a series of each, and every counter would be two.
 */
export function expose(metrics: ResourceMetrics, format: Format, options: Options): string {
  const families = collectFamilies(metrics, options).toSorted(byName(format));
  const page = families.map((family) => familyText(family, format)).join('');
  return format === 'openmetrics' ? `${page}# EOF\n` : page;
}

/** The target comes first, as OpenMetrics recommends. */
function byName(format: Format): (a: Family, b: Family) => number {
  const key = (family: Family) => (family.type === 'info' ? '' : familyName(family, format));
  return (a, b) => (key(a) < key(b) ? -1 : 1);
}

function familyName({ base, type }: Family, format: Format): string {
  return format === 'text' ? base + sampleSuffix(type) : base;
}

function sampleSuffix(type: Family['type']): string {
  return type === 'counter' ? '_total' : type === 'info' ? '_info' : '';
}

function familyText(family: Family, format: Format): string {
  const name = familyName(family, format);
  const sampleName = family.base + sampleSuffix(family.type);
  return [
    ...metadata(family, name, format),
    ...[...family.points].flatMap(([labels, value]) => samples(sampleName, labels, value, format)),
    '',
  ].join('\n');
}

function metadata(family: Family, name: string, format: Format): readonly string[] {
  const help = format === 'text' ? escapeLine(family.help) : escapeQuoted(family.help);
  const type = `# TYPE ${name} ${typeText(family, name, format)}`;
  const helpLines = help === '' ? [] : [`# HELP ${name} ${help}`];
  if (format === 'text') return [...helpLines, type];
  const hasUnit = family.unit !== '' && name.endsWith(`_${family.unit}`);
  return [type, ...(hasUnit ? [`# UNIT ${name} ${family.unit}`] : []), ...helpLines];
}

function typeText({ type }: Family, name: string, format: Format): string {
  // The name stays as the Collector makes it, so that series match; without a type nobody refuses it.
  if (type === 'gauge' && MISLEADING[format].test(name)) return format === 'text' ? 'untyped' : 'unknown';
  return type === 'info' && format === 'text' ? 'gauge' : type;
}

function samples(name: string, labels: string, value: Value, format: Format): readonly string[] {
  if (typeof value === 'number') return [sample(name, labels, value)];
  const lines = value.buckets.map(({ bound, count }) => {
    const le = `le="${boundText(bound, format)}"`;
    return sample(`${name}_bucket`, labels === '' ? le : `${labels},${le}`, count);
  });
  const count = sample(`${name}_count`, labels, value.buckets.at(-1)!.count);
  if (value.sum !== undefined) return [...lines, sample(`${name}_sum`, labels, value.sum), count];
  // OpenMetrics has a count if and only if it has a sum.
  return format === 'openmetrics' ? lines : [...lines, count];
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}`;
}

/** As Go writes a float, which is how Prometheus's own clients and OpenMetrics's canonical numbers look. */
function boundText(bound: number, format: Format): string {
  if (bound === Infinity) return '+Inf';
  const [mantissa, exponent] = bound.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
