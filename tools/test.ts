// npm test: what a change must pass. `--check` alone leaves out the tests themselves.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const checks: readonly (readonly [string, ...string[]])[] = [
  ['tsc', '--project', '.'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['node', 'tools/layers.ts'],
  ['oxfmt', '--check'],
  ['knip'],
];
// Many tests wait, for a timeout or for another process: more than one for each CPU go at once.
const concurrency = `--test-concurrency=${Math.max(4, availableParallelism())}`;
const tests: readonly [string, ...string[]] = [
  'node',
  '--test',
  concurrency,
  '--test-reporter=spec',
  'test/**/*.test.ts',
];

for (const [program, ...args] of process.argv.includes('--check') ? checks : [...checks, tests]) {
  const name = [program, ...args.filter((arg) => arg.endsWith('.ts'))].join(' ');
  const started = performance.now();
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  console.log(
    `${name} ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  if (status !== 0) process.exit(status ?? 1);
}
