import type { Format } from './exposition.ts';

const VERSIONS: Readonly<Record<Format, readonly string[]>> = {
  text: ['0.0.4'],
  openmetrics: ['1.0.0', '1.0'],
};

const TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain',
  openmetrics: 'application/openmetrics-text',
};

/** An element of Accept or Accept-Encoding (RFC 9110, 12.4.2). */
interface Weighted {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

/**
 * The format for a request's Accept header. OpenMetrics must be asked for by its name and wanted at least as much as
 * the text format, which is also the answer to no header, to nonsense, and to those who take neither.
 */
export function negotiate(accept: string | undefined): Format {
  const ranges = parseWeighted(accept);
  const openmetrics = weightOf(ranges, 'openmetrics', []) ?? 0;
  const text = weightOf(ranges, 'text', ['text/*', '*/*']) ?? 0;
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

/** The Content-Type of a page. */
export function contentType(format: Format): string {
  return `${TYPES[format]}; version=${VERSIONS[format][0]}; charset=utf-8`;
}

/** How much a format is wanted: the most specific range that it falls into says so, and of several such the heaviest. */
function weightOf(ranges: readonly Weighted[], format: Format, wildcards: readonly string[]): number | undefined {
  const exact = ranges.filter(({ value }) => value === TYPES[format]);
  const versioned = exact.filter(({ parameters }) => VERSIONS[format].includes(parameters.get('version') ?? ''));
  const unversioned = exact.filter(({ parameters }) => !parameters.has('version'));
  const wild = wildcards.map((wildcard) => ranges.filter(({ value }) => value === wildcard));
  return [versioned, unversioned, ...wild].map(heaviest).find((weight) => weight !== undefined);
}

function heaviest(ranges: readonly Weighted[]): number | undefined {
  return ranges.length === 0 ? undefined : Math.max(...ranges.map(({ weight }) => weight));
}

/** The elements of such a header, without those whose weight is none. */
function parseWeighted(header = ''): readonly Weighted[] {
  return splitUnquoted(header, ',').flatMap((element) => {
    const [value = '', ...rest] = splitUnquoted(element, ';').map((part) => part.trim());
    const parameters = new Map(rest.map(parseParameter));
    const q = parameters.get('q') ?? '1';
    return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q)
      ? [{ value: value.toLowerCase(), parameters, weight: Number(q) }]
      : [];
  });
}

function parseParameter(text: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
}

function splitUnquoted(text: string, separator: ',' | ';'): readonly string[] {
  const part = separator === ',' ? /(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g : /(?:[^;"]|"(?:\\.|[^"\\])*"?)+/g;
  return text.match(part) ?? [];
}
