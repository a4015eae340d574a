// npm test: what a change must pass. `--check` alone leaves out the tests themselves.

import { spawnSync } from 'node:child_process';

const checks: readonly (readonly [string, ...string[]])[] = [
  ['tsc', '--project', '.'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['node', 'tools/layers.ts'],
  ['oxfmt', '--check'],
  ['knip'],
];
const tests: readonly [string, ...string[]] = ['node', '--test', '--test-reporter=spec', 'test/**/*.test.ts'];

for (const [program, ...args] of process.argv.includes('--check') ? checks : [...checks, tests]) {
  const name = [program, ...args.filter((arg) => arg.endsWith('.ts'))].join(' ');
  const started = performance.now();
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  console.log(
    `${name} ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  if (status !== 0) process.exit(status ?? 1);
}
