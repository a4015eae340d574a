import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { containerPids } from '../../instrumentation/cgroup/pids.ts';
import { failuresOf, type Files, identityOf, numbersOf, open, openLevels, V2_MOUNT, within } from './trees.ts';

const OWN: Files = { 'pids.current': '12\n', 'pids.max': '100\n', 'pids.events': 'max 3\n' };
const NUMBERS: Readonly<Record<string, number>> = { count: 12, limit: 100, events: 3 };
const OTHER: Files = { 'pids.current': '9\n', 'pids.max': 'max\n', 'pids.events': 'max 9\n' };

suite('threads of the own cgroup', () => {
  for (const version of [1, 2] as const) {
    test(`v${version}`, (t) => {
      const kernel = openLevels(t, version, [OWN, OTHER, OTHER]);
      assert.deepEqual(numbersOf(containerPids, kernel), NUMBERS);
      assert.deepEqual(failuresOf(kernel), []);
    });
    for (const [file, number] of [
      ['pids.max', 'limit'],
      ['pids.events', 'events'],
    ] as const) {
      test(`v${version}: without ${file}`, (t) => {
        const { [number]: _, ...rest } = NUMBERS;
        const kernel = openLevels(t, version, [OWN, OTHER, OTHER]);
        rmSync(path.join(kernel.host.root, 'sys/fs/cgroup/a/b/c', file));
        assert.deepEqual(numbersOf(containerPids, kernel), rest);
      });
    }
    const limits: Readonly<Record<string, readonly [levels: readonly string[], limit?: number]>> = {
      'the own': [['100', '200', 'max'], 100],
      'the parent’s': [['max', '200', '300'], 200],
      'the grandparent’s': [['max', '400', '300'], 300],
      none: [['max', 'max', 'max']],
    };
    for (const [name, [levels, limit]] of Object.entries(limits)) {
      test(`v${version}: the tightest limit is ${name}`, (t) => {
        const kernel = openLevels(
          t,
          version,
          levels.map((value) => ({ ...OWN, 'pids.max': `${value}\n` })),
        );
        assert.equal(numbersOf(containerPids, kernel)['limit'], limit);
      });
    }
    test(`v${version}: without pids.current, where the controller is not enabled, those of the nearest ancestor`, (t) => {
      const kernel = openLevels(t, version, [{}, OWN, OTHER]);
      assert.deepEqual(numbersOf(containerPids, kernel), NUMBERS);
      assert.equal(identityOf(containerPids, kernel), '/a/b');
    });
  }
});

test('a number that cannot be understood is absent, the others are there', (t) => {
  const kernel = openLevels(t, 2, [{ ...OWN, 'pids.current': '-1\n' }]);
  assert.deepEqual(numbersOf(containerPids, kernel), { limit: 100, events: 3 });
  assert.deepEqual(failuresOf(kernel), ['pids.current parse']);
});

test('the host’s root is no container', (t) => {
  const v2 = open(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': V2_MOUNT,
    ...within('sys/fs/cgroup', OWN),
  });
  assert.equal(containerPids.read(v2.host), undefined);
});

test('a process that was moved has the counters of another cgroup', (t) => {
  const kernel = openLevels(t, 1, [OWN, OWN]);
  assert.equal(identityOf(containerPids, kernel), '/a/b/c');
  writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '1:pids:/a/b\n');
  assert.equal(identityOf(containerPids, kernel), '/a/b');
});
