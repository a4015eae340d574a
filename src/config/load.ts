import type { CommandLine } from './command-line.ts';
import { readWhole } from './files.ts';
import { otelVariableProblem } from './otel.ts';
import { printable } from './printable.ts';
import {
  ConfigError,
  type Environment,
  type Given,
  type Names,
  namesOf,
  type Schema,
  type Setting,
  type Values,
} from './setting.ts';
import { suggest } from './suggest.ts';

export const fileSettings: { readonly 'otel.config': Setting<string | undefined> } = {
  'otel.config': {
    doc: "OpenTelemetry's declarative file; other OTEL_ variables count only as ${NAME} in it then.",
    allowed: 'a YAML file that can be read',
    default: undefined,
    placeholder: 'FILE',
    // It is read below, once: it may be a pipe.
    parse: (text) => text,
    otel: { variables: ['OTEL_CONFIG_FILE'], flag: '--config' },
  },
};

export interface Config<S extends Schema> {
  readonly values: Values<S>;
  /** What each setting that is not at its default was given by. */
  readonly origins: ReadonlyMap<string, Given>;
  /** What was passed over, for a person. */
  readonly warnings: readonly string[];
  /** The variables by which the platform tells of itself, where they say anything. */
  readonly platform: ReadonlyMap<string, string>;
}

/** Variables that ECS, Fargate and Slurm set for what runs in them. */
const PLATFORM = /^(?:ECS_CONTAINER_METADATA_URI(?:_V4)?|AWS_EXECUTION_ENV|SLURM_\w+)$/;

/** Says what in the whole cannot be, each in one line. */
export type Check<S extends Schema> = (config: Config<S>) => readonly string[];

/**
 * What was asked for: default < file < environment < flag. What OpenTelemetry specifies comes from the file alone where
 * there is one, as its specification has it. Throws {@link ConfigError} with everything that cannot be.
 */
export async function load<S extends Schema>(
  schema: S,
  checks: readonly Check<S>[],
  { flags, ...commandLine }: CommandLine,
  env: Environment,
): Promise<Config<S>> {
  const problems = [...commandLine.problems];
  const warnings: string[] = [];
  const file = givenFor('otel.config', fileSettings['otel.config'], flags, env)[0];
  const content = file && (await readFile(schema, file, env, problems, warnings));
  if (file === undefined) problems.push(...otelProblems(schema, env));
  problems.push(...unknownVariables(schema, env));

  const values: Record<string, unknown> = {};
  const origins = new Map<string, Given>();
  for (const [path, setting] of Object.entries(schema)) {
    values[path] = setting.default;
    const texts = givenFor(path, setting, flags, env, content);
    for (const given of texts) {
      const result = parse(setting, given, warnings);
      if ('value' in result) {
        values[path] = result.value;
        origins.set(path, given);
        break;
      }
      (given.isLenient ? warnings : problems).push(result.problem);
      if (!given.isLenient) break;
    }
  }
  const platform = new Map(
    Object.entries(env).filter((entry): entry is [string, string] => PLATFORM.test(entry[0]) && Boolean(entry[1])),
  );
  const config = { values: values as Values<S>, origins, warnings: warnings.map(printable), platform };
  if (problems.length === 0) problems.push(...checks.flatMap((check) => check(config)));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

async function readFile(
  schema: Schema,
  file: Given,
  env: Environment,
  problems: string[],
  warnings: string[],
): Promise<ReadonlyMap<string, Given>> {
  let text: string;
  try {
    text = readWhole(file.text).toString();
  } catch (error) {
    const { allowed } = fileSettings['otel.config'];
    problems.push(`${file.name} (${file.place}): ${(error as Error).message}; allowed is ${allowed}`);
    return new Map();
  }
  warnings.push(...withoutEffect(schema, env, file.text, text));
  // Only with a file is a parser of YAML worth its memory.
  const { readConfigFile } = await import('./file.ts');
  const content = readConfigFile(file.text, text, schema, env);
  problems.push(...content.problems);
  if (content.problems.length === 0 && content.given.get('otel.metrics.exporter')?.text === 'none') {
    warnings.push(`${file.text}: without a reader in meter_provider.readers nothing is exported`);
  }
  return content.given;
}

/** Everything that was given for a setting, what counts first. `content`: of the file, where there is one. */
function givenFor(
  path: string,
  setting: Setting<unknown>,
  flags: ReadonlyMap<string, string>,
  env: Environment,
  content?: ReadonlyMap<string, Given>,
): readonly Given[] {
  const { flag, variable, otelVariables }: Names = namesOf(path, setting);
  const texts: (Given | undefined)[] = [];
  const flagText = flag && flags.get(flag);
  if (flag !== undefined && flagText !== undefined) texts.push({ text: flagText, name: flag, place: 'command line' });
  if (variable !== undefined) texts.push(fromEnvironment(env, variable));
  if (content === undefined) {
    texts.push(...otelVariables.map((name) => fromEnvironment(env, name, setting.otel?.isLenient)));
  }
  texts.push(content?.get(path));
  return texts.filter((given) => given !== undefined);
}

/** Empty is not set. Nor is what Kubernetes sets for a Service whose name makes a variable of ours. */
function fromEnvironment(env: Environment, name: string, isLenient?: boolean): Given | undefined {
  const text = env[name] ?? '';
  const isLink = name.startsWith('JOBMETER_') && LINK.test(text);
  return text.trim() === '' || isLink ? undefined : { text, name, place: 'environment', isLenient };
}

function parse(
  setting: Setting<unknown>,
  { text, name, place, isLenient }: Given,
  warnings: string[],
): { value: unknown } | { problem: string } {
  const where = `${name} (${place})`;
  const passedOver: string[] = [];
  let what = setting.isSecret ? 'this is not allowed' : `${JSON.stringify(text)} is not allowed`;
  try {
    const value = setting.parse(text, name, (line) => passedOver.push(line.replace(name, () => where)));
    // In a file nothing is passed over.
    if (passedOver[0] !== undefined && place !== 'environment') return { problem: passedOver[0] };
    warnings.push(...passedOver);
    if (value !== undefined && place === 'environment' && /^\s*(["']).*\1\s*$/s.test(text)) {
      warnings.push(
        `${where}: its quotation marks are taken as a part of it; a file of variables needs none, as a rule`,
      );
    }
    if (value !== undefined) return { value };
  } catch (error) {
    what = (error as Error).message;
  }
  const quotes = /^\s*["']/.test(text) ? ' (it begins with a quotation mark)' : '';
  return { problem: `${where}: ${what}${quotes}${isLenient ? ' and passed over' : ''}; allowed is ${setting.allowed}` };
}

const LINK = /^(tcp|udp|sctp):\/\/\S+:\d+$/;

/** Kubernetes puts these into every pod beside a Service that is called jobmeter. */
const SERVICE_LINK =
  /^JOBMETER_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

function unknownVariables(schema: Schema, env: Environment): readonly string[] {
  const known = Object.entries(schema).flatMap(([path, setting]) => namesOf(path, setting).variable ?? []);
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith('JOB') || known.includes(name)) return [];
    const similar = suggest(name, known);
    // What is no more than similar to a name of ours is somebody else's.
    if (!name.startsWith('JOBMETER_') && similar === '') return [];
    const isPort = /(?<!_SERVICE|_TCP|_UDP|_SCTP)_PORT$/.test(name);
    if (SERVICE_LINK.test(name) && (!isPort || LINK.test(env[name] ?? ''))) return [];
    return [`${name} (environment): unknown setting${similar}; see jobmeter --help`];
  });
}

function otelProblems(schema: Schema, env: Environment): readonly string[] {
  const known = Object.values(schema).flatMap(({ otel }) => otel?.variables ?? []);
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (!name.startsWith('OT') || known.includes(name) || value.trim() === '') return [];
    const problem = otelVariableProblem(name, value, known);
    return problem === undefined ? [] : [`${name} (environment): ${problem}`];
  });
}

/** Where there is a file, variables that are set and do not count are named: those that it does not mention. */
function withoutEffect(schema: Schema, env: Environment, file: string, content: string): readonly string[] {
  const names = Object.values(schema)
    .flatMap(({ otel }) => otel?.variables ?? [])
    .filter((name) => name !== 'OTEL_CONFIG_FILE' && (env[name] ?? '').trim() !== '')
    .filter((name) => !new RegExp(`\\$\\{(env:)?${name}\\b`).test(content));
  if (names.length === 0) return [];
  return [
    `${names.join(', ')} (environment): without effect, since ${file} is the configuration; in it, \${${names[0]}} stands for the value`,
  ];
}
