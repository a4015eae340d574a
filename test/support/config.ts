import { readCommandLine } from '../../src/config/command-line.ts';
import { load } from '../../src/config/load.ts';
import type { Environment } from '../../src/config/setting.ts';
import { type AgentConfig, checks, schema } from '../../src/settings.ts';

/** The configuration that this environment and this command line make. */
export function configOf(env: Environment, ...argv: readonly string[]): Promise<AgentConfig> {
  return load(schema, checks, readCommandLine(schema, argv), env);
}
