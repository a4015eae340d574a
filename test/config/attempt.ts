// One loading of the configuration, with what came of it as values that a test can compare.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { readCommandLine } from '../../src/config/command-line.ts';
import { type Check, load } from '../../src/config/load.ts';
import { ConfigError, type Environment, type Given } from '../../src/config/setting.ts';
import { checks as allChecks, schema } from '../../src/settings.ts';
import { createTree } from '../support/tree.ts';

export interface Outcome {
  /** undefined where the start was refused. */
  readonly values: Readonly<Record<string, unknown>> | undefined;
  readonly origins: ReadonlyMap<string, Given>;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

interface Input {
  readonly env?: Environment;
  readonly argv?: readonly string[];
  /** The content of a file that --config names. */
  readonly yaml?: string | undefined;
  readonly checks?: readonly Check<typeof schema>[];
}

const tree = createTree({});
after(() => tree.remove());
/** Where the content of the file stands. */
export const FILE: string = path.join(tree.root, 'otel.yaml');

/** Loads, without a look at what contradicts what unless `checks` are given. */
export async function attempt({ env = {}, argv = [], yaml, checks = [] }: Input): Promise<Outcome> {
  if (yaml !== undefined) writeFileSync(FILE, yaml);
  const line = readCommandLine(schema, [...argv, ...(yaml === undefined ? [] : ['--config', FILE])]);
  try {
    const config = await load(schema, checks, line, env);
    // Most files here are about another thing.
    const warnings = config.warnings.filter((warning) => !warning.includes('nothing is exported'));
    return { ...config, warnings, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { values: undefined, origins: new Map(), problems: error.problems, warnings: [] };
  }
}

/** With everything that contradicts itself, as the agent does it. */
export function attemptAll(input: Omit<Input, 'checks'>): Promise<Outcome> {
  return attempt({ ...input, checks: allChecks });
}

/** What a file with this content is refused for, the path of the file as FILE. */
export async function problemsOf(yaml: string, env: Environment = {}): Promise<readonly string[]> {
  const { problems } = await attemptAll({ yaml, env });
  return problems.map((problem) => problem.replaceAll(FILE, 'FILE'));
}

const EXPORTERS: ReadonlyMap<string, object> = new Map([
  ['periodic', { console: null }],
  ['pull', { 'prometheus/development': null }],
]);

/** A reader has an exporter. */
const withExporter = (step: string, below: unknown) =>
  !EXPORTERS.has(step) || 'exporter' in (below as object)
    ? below
    : { ...(below as object), exporter: EXPORTERS.get(step) };

/** The file that has `value` at `key`, which is written as the schema has it: "[]" for the item of a list. */
export function yamlOf(key: string, value: unknown): string {
  const inner = key.split('.').reduceRight((below: unknown, step) => {
    return step.endsWith('[]') ? { [step.slice(0, -2)]: [below] } : { [step]: withExporter(step, below) };
  }, value);
  return JSON.stringify({ file_format: '1.0', ...(inner as object) }, undefined, 1);
}
