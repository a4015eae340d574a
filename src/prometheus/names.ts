// OpenTelemetry's names as Prometheus's, by the specification "Prometheus and OpenMetrics Compatibility" and as the
// Collector's translator has them (otlptranslator, UnderscoreEscapingWithSuffixes): a series then has the same name
// whether it came by this page or by OTLP through a Collector.

export type MetricKind = 'counter' | 'gauge' | 'updowncounter' | 'histogram';

export interface MetricName {
  /** With the unit and, for a counter, `_total`. */
  readonly name: string;
  /** In words; empty where there is none. It need not be the end of the name. */
  readonly unit: string;
}

const UNITS: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['1', ''],
  ['%', 'percent'],
]);

/** After the slash: here "m" is a minute. */
const PER_UNITS: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

/** The name of a metric's family as of the text format; undefined where nothing of the name is left. */
export function metricName(name: string, unit: string, kind: MetricKind): MetricName | undefined {
  let words = wordsOf(name);
  const unitWords = unitSuffixes(unit);
  for (const suffix of unitWords) if (!words.includes(suffix)) words.push(suffix);
  if (kind === 'counter') words = words.filter((word) => word !== 'total');
  if (words.length === 0) return undefined;
  if (kind === 'counter') words.push('total');
  // Only of gauges: much counts things in the unit "1", and no count of things is a ratio.
  const isRatio = unit === '1' && kind === 'gauge';
  if (isRatio) words = [...words.filter((word) => word !== 'ratio'), 'ratio'];
  return { name: afterDigit(words.join('_')), unit: isRatio ? 'ratio' : unitWords.join('_') };
}

/** The name of an attribute as a label. None begins with `__`, which Prometheus keeps for itself. */
export function labelName(key: string): string {
  return afterDigit(key.replace(/[^a-zA-Z0-9]+/g, '_')) || '_';
}

function wordsOf(name: string): string[] {
  return name.split(/[^a-zA-Z0-9:]+/).filter((word) => word !== '');
}

/** "By/s" is ["bytes", "per_second"]. A part with an annotation, such as "{request}", says nothing. */
function unitSuffixes(unit: string): readonly string[] {
  const slash = unit.indexOf('/');
  const main = slash === -1 ? unit : unit.slice(0, slash);
  const per = unitWord(slash === -1 ? '' : unit.slice(slash + 1), PER_UNITS);
  return [unitWord(main, UNITS), per === '' ? '' : `per_${per}`].filter((suffix) => suffix !== '');
}

function unitWord(unit: string, words: ReadonlyMap<string, string>): string {
  const trimmed = unit.trim();
  return /[{}]/.test(trimmed) ? '' : wordsOf(words.get(trimmed) ?? trimmed).join('_');
}

function afterDigit(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}
