// The lint of the house: imports point down, and some rooms know less of the world than others (docs/architecture.md).

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** From the bottom up. A file may import from rows above its own here, and from its own folder. */
const TIERS: readonly (readonly string[])[] = [
  ['instrumentation/kernel/'],
  ['instrumentation/source.ts'],
  ['instrumentation/pressure.ts'],
  ['instrumentation/host/', 'instrumentation/cgroup/'],
  ['instrumentation/platform/'],
  ['instrumentation/index.ts'],
  ['src/version.ts', 'src/units.ts', 'src/gzip.ts', 'src/output.ts', 'src/clock.ts', 'src/config/'],
  ['src/log.ts', 'src/selection.ts'],
  ['src/peaks.ts'],
  ['src/host.ts', 'src/elsewhere-child.ts'],
  ['src/runner.ts', 'src/ask.ts', 'src/elsewhere.ts'],
  ['src/sampler.ts'],
  ['src/limits.ts'],
  ['src/metered.ts', 'src/journal/', 'src/limit-settings.ts'],
  ['src/telemetry/', 'src/delivery/', 'src/prometheus/', 'src/http/'],
  ['src/catalogue.ts'],
  ['src/settings.ts'],
  ['src/status.ts', 'src/health.ts', 'src/serve.ts', 'src/room.ts'],
  ['src/agent.ts'],
  ['src/commands/'],
  ['src/main.ts'],
];

/** Modules from outside that a place may import; where none matches, all. */
const OUTSIDE: readonly (readonly [place: string, allowed: RegExp])[] = [
  ['instrumentation/', /^$/],
  ['src/journal/', /^$/],
  ['src/telemetry/', /^@opentelemetry\//],
  ['src/prometheus/', /^@opentelemetry\//],
  ['src/config/', /^(node:fs|node:util|yaml)$/],
  ['src/agent.ts', /^(node:|@opentelemetry\/)/],
  ['src/serve.ts', /^@opentelemetry\//],
  ['src/', /^node:/],
];

function placeOf(file: string): [tier: number, entry: string] {
  for (const [tier, entries] of TIERS.entries()) {
    const entry = entries.find((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));
    if (entry !== undefined) return [tier, entry];
  }
  throw new Error(`${file} stands in no tier of tools/layers.ts`);
}

function breach(file: string, specifier: string): string | undefined {
  const [tier, entry] = placeOf(file);
  if (!specifier.startsWith('.')) {
    const [, allowed] = OUTSIDE.find(([place]) => file.startsWith(place)) ?? [];
    return allowed === undefined || allowed.test(specifier) ? undefined : 'may not be imported here';
  }
  const [otherTier, otherEntry] = placeOf(path.join(path.dirname(file), specifier));
  return otherTier < tier || otherEntry === entry ? undefined : 'is not below';
}

let count = 0;
for (const file of globSync('{instrumentation,src}/**/*.ts')) {
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?'([^']+)'/g)) {
    const why = breach(file, specifier!);
    if (why === undefined) continue;
    console.error(`${file}: ${specifier} ${why}`);
    count++;
  }
}
process.exitCode = count === 0 ? 0 : 1;
