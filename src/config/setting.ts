import { printable } from './printable.ts';

/** Something that a user did that cannot be: each problem says where, what, and what is allowed. Exit status 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  /** One line each. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const lines = problems.map(printable);
    super(lines.join('\n'));
    this.problems = lines;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting, declared by the module that uses it. Its path gives the names under which it is set: see {@link namesOf}. */
export interface Setting<T> {
  readonly doc: string;
  /** What may be given, for a person. */
  readonly allowed: string;
  readonly default: T;
  /**
   * The value that a text stands for; undefined where it is not allowed. May throw an Error that says more than that.
   * `name` is the variable, flag or key that held the text; `warn` takes what was passed over.
   */
  parse(text: string, name: string, warn: (line: string) => void): T | undefined;
  /** The value as a person would write it, without secrets; String() without it. */
  show?(value: T): string;
  /** What stands for the value in the help; without one it is a switch: its flag alone means "true". */
  readonly placeholder?: string;
  /** What is given may hold a secret: it is never repeated, and there is no flag, which other users could see. */
  readonly isSecret?: true;
  /** The names that OpenTelemetry gives it. */
  readonly otel?: OtelNames | undefined;
}

interface OtelNames {
  /** The first that is set counts. */
  readonly variables: readonly string[];
  /** Keys of the declarative file, "[]" for an item of a list; several are put one behind the other. */
  readonly keys?: readonly string[];
  /** A malformed variable is passed over with a warning, as the specification has it. */
  readonly isLenient?: true;
  /** A flag all the same. */
  readonly flag?: string;
}

/** A text that was given for a setting, and where. */
export interface Given {
  readonly text: string;
  /** The flag, the variable or the key. */
  readonly name: string;
  /** "command line", "environment", or the file and the line. */
  readonly place: string;
  /** Passed over with a warning where it is malformed. */
  readonly isLenient?: boolean | undefined;
}

/** Settings by their path. Those below "otel." have OpenTelemetry's names alone, the others also jobmeter's own. */
export type Schema = Readonly<Record<string, Setting<unknown>>>;

export type Values<S extends Schema> = { readonly [P in keyof S]: S[P]['default'] };

export interface Names {
  readonly flag: string | undefined;
  /** jobmeter's own variable. */
  readonly variable: string | undefined;
  readonly otelVariables: readonly string[];
  /** Keys in the file. */
  readonly keys: readonly string[];
}

/** "root.path" is --root-path, JOBMETER_ROOT_PATH, and distribution.jobmeter.root.path in the file. */
export function namesOf(path: string, { otel, isSecret }: Setting<unknown>): Names {
  const otelVariables = otel?.variables ?? [];
  const otelKeys = otel?.keys ?? [];
  if (path.startsWith('otel.')) return { flag: otel?.flag, variable: undefined, otelVariables, keys: otelKeys };
  return {
    flag: isSecret ? undefined : `--${path.replaceAll(/[._]/g, '-')}`,
    variable: `JOBMETER_${path.replaceAll('.', '_').toUpperCase()}`,
    otelVariables,
    keys: [...otelKeys, `distribution.jobmeter.${path}`],
  };
}

export function show<T>(setting: Setting<T>, value: T): string {
  if (setting.show !== undefined) return setting.show(value);
  return setting.isSecret && value !== undefined ? '***' : String(value ?? '');
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds from "500ms", "1s", "5m", "1h"; a bare number is in seconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] ?? 's']!;
}

export function durationSetting(spec: {
  doc: string;
  default: number;
  least: number;
  most: number;
  allowed: string;
}): Setting<number> {
  return {
    ...spec,
    placeholder: 'TIME',
    show: (value) => (value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`),
    parse(text) {
      const value = parseDuration(text);
      return value !== undefined && value >= spec.least && value <= spec.most ? value : undefined;
    },
  };
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

export function switchSetting(doc: string, otel?: OtelNames): Setting<boolean> {
  const parse = (text: string) => SWITCH.get(text.trim().toLowerCase());
  return { doc, allowed: 'true or false', default: false, parse, ...(otel && { otel }) };
}

/** One of these words, in any case. */
export function choiceSetting<const W extends string>(spec: {
  doc: string;
  words: readonly W[];
  default: NoInfer<W>;
  otel?: OtelNames;
}): Setting<W> {
  const { doc, words, otel } = spec;
  return {
    doc,
    allowed: words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    default: spec.default,
    placeholder: 'WORD',
    parse: (text) => words.find((word) => word === text.trim().toLowerCase()),
    ...(otel && { otel }),
  };
}

/** Texts separated by commas. */
export function listSetting(spec: {
  doc: string;
  allowed: string;
  default: readonly string[];
  placeholder: string;
}): Setting<readonly string[]> {
  return {
    ...spec,
    show: (value) => value.join(','),
    parse(text) {
      const items = text.split(',').map((item) => item.trim());
      return items.includes('') ? undefined : items;
    },
  };
}
