import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Bytes, parseNumber, text } from '../instrumentation/kernel/bytes.ts';
import { systemClock } from '../src/clock.ts';
import { openKernelFiles } from '../src/host.ts';
import { createFakeClock } from './support/clock.ts';
import { createTree } from './support/tree.ts';

function open(t: TestContext, files: Record<string, string>) {
  const tree = createTree(files);
  const clock = createFakeClock();
  const kernel = openKernelFiles(tree.root, clock);
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  return { ...kernel, root: tree.root, clock };
}

const failureTypes = (kernel: { takeFailures(): readonly { type: string }[] }) =>
  kernel.takeFailures().map(({ type }) => type);

test('a file that is not there is silent, one that cannot be understood is a failure', (t) => {
  const kernel = open(t, { 'proc/number': '12\n', 'proc/words': 'twelve\n' });
  assert.equal(kernel.host.read('/proc/number', parseNumber), 12);
  assert.equal(kernel.host.read('/proc/nothing', parseNumber), undefined);
  assert.equal(kernel.host.read('/proc/number/below', parseNumber), undefined);
  assert.deepEqual(failureTypes(kernel), []);
  assert.equal(kernel.host.read('/proc/words', parseNumber), undefined);
  assert.deepEqual(failureTypes(kernel), ['parse']);
  assert.deepEqual(failureTypes(kernel), [], 'taken once');
});

test('a directory, a loop of links and a FIFO give a failure or nothing, and never wait', (t) => {
  const kernel = open(t, { 'proc/directory/file': '' });
  symlinkSync('loop', path.join(kernel.root, 'proc/loop'));
  execFileSync('mkfifo', [path.join(kernel.root, 'proc/fifo')]);
  assert.equal(kernel.host.read('/proc/directory', parseNumber), undefined);
  assert.equal(kernel.host.read('/proc/loop', parseNumber), undefined);
  assert.deepEqual(failureTypes(kernel), ['EISDIR', 'ELOOP']);
  assert.equal(kernel.host.read('/proc/fifo', parseNumber), undefined);
  assert.equal(failureTypes(kernel).length, 1);
});

test('a file larger than the buffer is read whole, an endless one is given up', (t) => {
  const kernel = open(t, { 'proc/large': `${'x'.repeat(300_000)}\n` });
  assert.equal(
    kernel.host.read('/proc/large', (bytes) => bytes.length),
    300_001,
  );
  symlinkSync('/dev/zero', path.join(kernel.root, 'proc/endless'));
  assert.equal(
    kernel.host.read('/proc/endless', (bytes) => bytes.length),
    undefined,
  );
  assert.deepEqual(failureTypes(kernel), ['size']);
});

test('the same descriptor gives the new content, and files that nobody reads are closed', (t) => {
  const kernel = open(t, { 'proc/a': '1\n', 'proc/b': '2\n' });
  const openFiles = () => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  assert.equal(kernel.host.read('/proc/a', parseNumber), 1);
  assert.equal(kernel.host.read('/proc/b', parseNumber), 2);
  assert.equal(openFiles(), before + 2);
  writeFileSync(path.join(kernel.root, 'proc/a'), '3\n');
  for (let tick = 0; tick < 200; tick++) {
    assert.equal(kernel.host.read('/proc/a', parseNumber), 3);
    kernel.endTick();
    kernel.clock.stall(1000);
  }
  assert.equal(openFiles(), before + 1);
  kernel.close();
  assert.equal(openFiles(), before);
});

test('what a descriptor read goes on after the process that it showed has ended: absent, not an error', async (t) => {
  const { spawn } = await import('node:child_process');
  const child = spawn('sleep', ['1000']);
  const kernel = openKernelFiles('/', systemClock);
  t.after(() => kernel.close());
  const file = `/proc/${child.pid}/stat`;
  assert.match(kernel.host.read(file, text) ?? '', /\(sleep\)/);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  assert.equal(kernel.host.read(file, text), undefined);
  assert.deepEqual(failureTypes(kernel), []);
});

test('what is derived is derived again when the bytes change, and once a minute', (t) => {
  const kernel = open(t, { 'proc/self/cgroup': 'a\n' });
  const seen: string[] = [];
  const derive = (bytes: Bytes) => {
    seen.push(text(bytes));
    return seen.length;
  };
  const read = () => kernel.host.derive('/proc/self/cgroup', derive);
  assert.equal(read(), 1);
  assert.equal(read(), 1);
  writeFileSync(path.join(kernel.root, 'proc/self/cgroup'), 'b\n');
  assert.equal(read(), 2);
  kernel.clock.stall(60_000);
  kernel.endTick();
  assert.equal(read(), 3);
  assert.deepEqual(seen, ['a\n', 'b\n', 'b\n']);
});

test('a parser that reads another file while it derives does not spoil its own bytes', (t) => {
  const kernel = open(t, { 'proc/a': 'first\n', 'proc/b': 'other\n' });
  const derived = kernel.host.derive('/proc/a', (bytes) => [kernel.host.read('/proc/b', text), text(bytes)]);
  assert.deepEqual(derived, ['other\n', 'first\n']);
});

test('an emptied root is absence', (t) => {
  const kernel = open(t, { 'proc/a': '1\n' });
  renameSync(path.join(kernel.root, 'proc'), path.join(kernel.root, 'gone'));
  rmSync(path.join(kernel.root, 'gone'), { recursive: true });
  assert.equal(kernel.host.read('/proc/a', parseNumber), undefined);
  assert.equal(kernel.host.exists('/proc/a'), false);
  assert.deepEqual(failureTypes(kernel), []);
});
