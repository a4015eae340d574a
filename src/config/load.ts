import { parseArgs } from 'node:util';
import { loadOtel, type OtelConfig } from './otel.ts';
import {
  ConfigError,
  type Environment,
  flagOf,
  type Schema,
  type Setting,
  type Values,
  variableOf,
} from './setting.ts';

export interface Config<S extends Schema> {
  readonly values: Values<S>;
  readonly otel: OtelConfig;
  /** What was passed over, for a person. */
  readonly warnings: readonly string[];
}

export type Command<S extends Schema> =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'run'; readonly config: Config<S> };

/** What the command line and the environment ask for: default < environment < flag. Throws {@link ConfigError}. */
export function load<S extends Schema>(schema: S, env: Environment, argv: readonly string[]): Command<S> {
  const flags = readFlags(schema, argv);
  if (flags.has('--help')) return { kind: 'help' };
  if (flags.has('--version')) return { kind: 'version' };
  refuseUnknownVariables(schema, env);
  const values = Object.fromEntries(
    Object.entries(schema).map(([path, setting]) => [path, valueOf(path, setting, env, flags)]),
  ) as Values<S>;
  const warnings: string[] = [];
  return { kind: 'run', config: { values, otel: loadOtel(env, warnings), warnings } };
}

function readFlags(schema: Schema, argv: readonly string[]): ReadonlyMap<string, string> {
  const isSwitch = new Map<string, boolean>([
    ['--help', true],
    ['--version', true],
  ]);
  for (const [path, { placeholder }] of Object.entries(schema)) isSwitch.set(flagOf(path), placeholder === undefined);
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(
        [...isSwitch].map(([flag, alone]) => [flag.slice(2), { type: alone ? 'boolean' : 'string' }]),
      ),
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'V' },
    },
    strict: false,
    tokens: true,
  });
  const flags = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new ConfigError(`${token.value} (command line): unexpected argument; see jobmeter --help`);
    if (token.kind !== 'option') continue;
    const flag = `--${token.name}`;
    const problem = flagProblem(isSwitch, token, flags.has(flag));
    if (problem !== undefined)
      throw new ConfigError(`${token.rawName} (command line): ${problem}; see jobmeter --help`);
    flags.set(flag, token.value ?? 'true');
  }
  return flags;
}

interface Option {
  readonly name: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function flagProblem(
  isSwitch: ReadonlyMap<string, boolean>,
  { name, value, inlineValue }: Option,
  isRepeated: boolean,
): string | undefined {
  const flag = `--${name}`;
  const alone = isSwitch.get(flag);
  if (alone === undefined) return `unknown option${suggest(flag, isSwitch.keys())}`;
  if (isRepeated) return 'given twice';
  const isMissing = value === undefined || (value.startsWith('-') && inlineValue !== true);
  return !alone && isMissing ? 'needs a value' : undefined;
}

function valueOf<T>(path: string, setting: Setting<T>, env: Environment, flags: ReadonlyMap<string, string>): T {
  const flag = flagOf(path);
  const variable = variableOf(path);
  const fromFlag = flags.get(flag);
  const fromEnv = env[variable] === '' ? undefined : env[variable];
  const text = fromFlag ?? fromEnv;
  if (text === undefined) return setting.default;
  const value = setting.parse(text);
  if (value !== undefined) return value;
  const source = fromFlag === undefined ? `${variable} (environment)` : `${flag} (command line)`;
  throw new ConfigError(`${source}: ${JSON.stringify(text)} is not allowed; allowed is ${setting.allowed}`);
}

/** Kubernetes puts these into every pod beside a Service that is called jobmeter. */
const SERVICE_LINK =
  /^JOBMETER_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

function refuseUnknownVariables(schema: Schema, env: Environment): void {
  const known = Object.keys(schema).map(variableOf);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('JOBMETER_') || known.includes(name) || SERVICE_LINK.test(name)) continue;
    throw new ConfigError(`${name} (environment): unknown setting${suggest(name, known)}; see jobmeter --help`);
  }
}

/** The known name that differs in at most two letters, if there is one. */
function suggest(name: string, known: Iterable<string>): string {
  for (const candidate of known) if (distance(name, candidate) <= 2) return `, did you mean ${candidate}?`;
  return '';
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
