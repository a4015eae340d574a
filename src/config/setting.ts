/** Something that a user did that cannot be: the message says where, what, and what is allowed. Exit status 2. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting, declared by the module that uses it. Its path gives the flag and the environment variable. */
export interface Setting<T> {
  readonly doc: string;
  /** What may be given, for a person. */
  readonly allowed: string;
  readonly default: T;
  /** The value that a text stands for; undefined where it is not allowed. */
  parse(text: string): T | undefined;
  /** What stands for the value in the help; without one it is a switch: its flag alone means "true". */
  readonly placeholder?: string;
}

/** Settings by their path: "root.path" is --root-path and JOBMETER_ROOT_PATH. */
export type Schema = Readonly<Record<string, Setting<unknown>>>;

export type Values<S extends Schema> = { readonly [P in keyof S]: S[P]['default'] };

export function flagOf(path: string): string {
  return `--${path.replaceAll('.', '-')}`;
}

export function variableOf(path: string): string {
  return `JOBMETER_${path.replaceAll('.', '_').toUpperCase()}`;
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
    parse(text) {
      const value = parseDuration(text);
      return value !== undefined && value >= spec.least && value <= spec.most ? value : undefined;
    },
  };
}

export function switchSetting(doc: string): Setting<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };
  return { doc, allowed: 'true or false', default: false, parse: (text) => values[text.trim().toLowerCase()] };
}
