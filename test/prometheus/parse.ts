import assert from 'node:assert/strict';
import type { Format } from '../../src/prometheus/exposition.ts';

// A reader of pages that refuses whatever any of the known ones refuses: Prometheus's two parsers, expfmt (promtool),
// and the one of Python's client, which holds OpenMetrics to the letter.

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string | undefined;
  readonly unit: string | undefined;
  readonly samples: readonly ParsedSample[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  histogram: ['_bucket', '_sum', '_count'],
  info: ['_info'],
};

/** What OpenMetrics has a family occupy beside its own name, whether or not it is used. */
const CLAIMS: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  info: ['_info'],
};

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/u;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(,|$)/uy;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]\d+)?$/;

/** The families of a page, in order; throws on anything that is amiss. */
export function parsePage(page: string, format: Format): readonly ParsedFamily[] {
  assert.ok(page.isWellFormed());
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(page, /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
  const lines = page.split('\n');
  assert.equal(lines.pop(), '');
  if (format === 'openmetrics') assert.equal(lines.pop(), '# EOF');
  const families: ParsedFamily[] = [];
  while (lines.length > 0) families.push(parseFamily(lines, format));
  const claimed = families.flatMap(({ name, type }) => [
    name,
    ...(format === 'openmetrics' ? (CLAIMS[type] ?? []) : type === 'counter' ? [] : (SUFFIXES[type] ?? [])).map(
      (suffix) => name + suffix,
    ),
  ]);
  assert.deepEqual(claimed, [...new Set(claimed)], 'names clash');
  return families;
}

/** Takes the lines of the first family away. */
function parseFamily(lines: string[], format: Format): ParsedFamily {
  const metadata = new Map<string, string>();
  const samples: ParsedSample[] = [];
  let name: string | undefined;
  for (let line = lines[0]; line?.startsWith('#') === true; line = lines[0]) {
    const [, keyword, of, text] = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/u.exec(line) ?? [];
    assert.ok(keyword !== undefined && of !== undefined && text !== undefined, line);
    if (of !== (name ??= of)) break;
    assert.ok(!metadata.has(keyword), line);
    metadata.set(keyword, text);
    lines.shift();
  }
  const type = metadata.get('TYPE');
  assert.ok(name !== undefined && type !== undefined, `no type: ${lines[0]}`);
  const suffixes = format === 'text' && type !== 'histogram' ? [''] : (SUFFIXES[type] ?? ['']);
  while (lines.length > 0 && !lines[0]!.startsWith('#')) {
    const sample = parseSample(lines.shift()!);
    assert.ok(suffixes.includes(sample.name.slice(name.length)) && sample.name.startsWith(name), sample.name);
    if (type === 'counter') assert.ok(sample.value >= 0);
    samples.push(sample);
  }
  assert.ok(samples.length > 0, `no samples: ${name}`);
  const series = samples.map((sample) => `${sample.name} ${labelsKey(sample)}`);
  assert.equal(new Set(series).size, series.length, `a series twice: ${name}`);
  if (type === 'histogram') checkHistogram(name, samples, format);
  checkType(name, type, format);
  const unit = metadata.get('UNIT');
  if (unit !== undefined) assert.ok(format === 'openmetrics' && name.endsWith(`_${unit}`) && type !== 'info', unit);
  return { name, type, help: unescape(metadata.get('HELP'), format === 'openmetrics'), unit, samples };
}

function checkType(name: string, type: string, format: Format): void {
  const types =
    format === 'text'
      ? ['counter', 'gauge', 'histogram', 'untyped']
      : ['counter', 'gauge', 'histogram', 'info', 'unknown'];
  assert.ok(types.includes(type), type);
  if (type === 'gauge') assert.doesNotMatch(name, /_(count|sum|bucket|total)$/);
  if (type === 'counter' && format === 'text') assert.ok(name.endsWith('_total'));
}

function parseSample(line: string): ParsedSample {
  const [, name, inside = '', number] = SAMPLE.exec(line) ?? [];
  assert.ok(name !== undefined && number !== undefined && NUMBER.test(number), line);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inside.length) {
    const [, label, value, end] = LABEL.exec(inside) ?? [];
    assert.ok(label !== undefined && value !== undefined && !label.startsWith('__'), line);
    assert.ok(!Object.hasOwn(labels, label) && value !== '', line);
    assert.equal(end === ',', LABEL.lastIndex < inside.length, line);
    labels[label] = unescape(value, true);
  }
  return { name, labels, value: Number(number) };
}

function unescape<T extends string | undefined>(text: T, isQuoted: boolean): T {
  return text?.replace(isQuoted ? /\\([\\"n])/g : /\\([\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char)) as T;
}

/** Samples of one point stand together: buckets in order, the sum, the count. */
function checkHistogram(name: string, samples: readonly ParsedSample[], format: Format): void {
  const seen = new Set<string>();
  for (let rest = samples; rest.length > 0;) {
    const group = pointOf(rest[0]!);
    assert.ok(!seen.has(group), 'the samples of a point stand apart');
    seen.add(group);
    const end = rest.findIndex((sample) => pointOf(sample) !== group);
    checkPoint(name, end === -1 ? rest : rest.slice(0, end), format);
    rest = end === -1 ? [] : rest.slice(end);
  }
}

function pointOf({ labels, ...sample }: ParsedSample): string {
  return labelsKey({ ...sample, labels: { ...labels, le: '' } });
}

/** The same for the same labels, whatever their order. */
export function labelsKey({ labels }: ParsedSample): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function checkPoint(name: string, samples: readonly ParsedSample[], format: Format): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const sum = samples.find((sample) => sample.name === `${name}_sum`);
  const count = samples.find((sample) => sample.name === `${name}_count`);
  assert.deepEqual(
    samples,
    [...buckets, sum, count].filter((sample) => sample !== undefined),
  );
  const bounds = buckets.map(({ labels }) => labels['le']!);
  assert.equal(bounds.at(-1), '+Inf');
  for (const [index, le] of bounds.slice(0, -1).entries()) {
    assert.match(le, format === 'text' ? NUMBER : /^-?\d+(\.\d+$|(\.\d+)?e[+-]\d\d+$)/);
    const next = bounds[index + 1];
    assert.ok(Number(le) < (next === '+Inf' ? Infinity : Number(next)), `${name}: ${le} before ${next}`);
    assert.ok(buckets[index]!.value <= buckets[index + 1]!.value);
  }
  for (const { value } of samples.filter((sample) => sample !== sum)) assert.ok(Number.isInteger(value) && value >= 0);
  assert.equal(count?.value ?? buckets.at(-1)!.value, buckets.at(-1)!.value);
  if (format === 'text') assert.ok(count !== undefined);
  else assert.equal(count === undefined, sum === undefined);
  if (sum !== undefined) assert.ok((sum.value >= 0 && Number(bounds[0]) >= 0) || bounds.length === 1);
}
