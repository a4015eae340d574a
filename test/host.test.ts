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
  const read = () => kernel.host.derive('/proc/self/cgroup', 'a test', derive);
  assert.equal(read(), 1);
  assert.equal(read(), 1);
  writeFileSync(path.join(kernel.root, 'proc/self/cgroup'), 'b\n');
  assert.equal(read(), 2);
  kernel.clock.stall(60_000);
  kernel.endTick();
  assert.equal(read(), 3);
  assert.deepEqual(seen, ['a\n', 'b\n', 'b\n']);
});

test('two things that are derived from one file are two', (t) => {
  const kernel = open(t, { 'proc/a': '5\n' });
  for (let n = 0; n < 2; n++) {
    assert.equal(kernel.host.derive('/proc/a', 'number', parseNumber), 5);
    assert.equal(kernel.host.derive('/proc/a', 'text', text), '5\n');
  }
});

test('a file that was not there is read when it comes, and absent again when it goes', (t) => {
  const kernel = open(t, { 'proc/': '' });
  const read = () => kernel.host.read('/proc/late', parseNumber);
  assert.deepEqual([read(), read()], [undefined, undefined]);
  writeFileSync(path.join(kernel.root, 'proc/late'), '6\n');
  assert.equal(read(), 6);
  kernel.clock.stall(61_000);
  kernel.endTick();
  kernel.clock.stall(61_000);
  kernel.endTick();
  rmSync(path.join(kernel.root, 'proc/late'));
  assert.deepEqual([read(), read()], [undefined, undefined]);
  assert.deepEqual(failureTypes(kernel), []);
});

test('a parser that reads another file while it derives does not spoil its own bytes', (t) => {
  const kernel = open(t, { 'proc/a': 'first\n', 'proc/b': 'other\n' });
  const derived = kernel.host.derive('/proc/a', 'a test', (bytes) => [kernel.host.read('/proc/b', text), text(bytes)]);
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

test('a directory is its names, sorted; what is no directory is a failure, what is not there is none', (t) => {
  const kernel = open(t, {
    'sys/class/net/wlan0': '',
    'sys/class/net/eth0': '',
    'sys/class/net/lo/': '',
    'sys/empty/': '',
  });
  assert.deepEqual(kernel.host.list('/sys/class/net'), ['eth0', 'lo', 'wlan0']);
  assert.deepEqual(kernel.host.list('/sys/empty'), []);
  assert.equal(kernel.host.list('/sys/class/nothing'), undefined);
  assert.deepEqual(failureTypes(kernel), []);
  symlinkSync('loop', path.join(kernel.root, 'sys/loop'));
  assert.equal(kernel.host.list('/sys/loop'), undefined);
  assert.deepEqual(failureTypes(kernel), ['ELOOP']);
});

test('a link is what it says, whether that exists or not', (t) => {
  const kernel = open(t, { 'proc/file': '' });
  symlinkSync('net:[4026531833]', path.join(kernel.root, 'proc/net'));
  assert.equal(kernel.host.link('/proc/net'), 'net:[4026531833]');
  assert.equal(kernel.host.link('/proc/file'), undefined);
  assert.equal(kernel.host.link('/proc/nothing'), undefined);
  assert.deepEqual(failureTypes(kernel), []);
});

test('a file system has the sizes that df(1) tells', (t) => {
  const kernel = openKernelFiles('/', systemClock);
  t.after(() => kernel.close());
  const df = () =>
    execFileSync('df', ['-B1', '--output=size,used,avail,itotal,iused', '/'], { encoding: 'utf8' })
      .split('\n')[1]!
      .trim()
      .split(/\s+/)
      .map(Number);
  const before = df();
  const { total, free, available, files = 0, freeFiles = 0 } = kernel.host.statfs('/') ?? assert.fail();
  const after = df();
  assert.equal(total, before[0]);
  assert.equal(files, before[3]);
  const between = (value: number, at: number, slack: number) =>
    assert.ok(
      value >= Math.min(before[at]!, after[at]!) - slack && value <= Math.max(before[at]!, after[at]!) + slack,
      `${value}, ${before[at]} before, ${after[at]} after`,
    );
  // Other programs write and delete meanwhile.
  between(total - free, 1, 64 * 1024 * 1024);
  between(available, 2, 64 * 1024 * 1024);
  between(files - freeFiles, 4, 20_000);
});

test('the sizes of what is not there are absent', (t) => {
  const kernel = open(t, {});
  assert.equal(kernel.host.statfs('/nothing'), undefined);
  assert.deepEqual(failureTypes(kernel), []);
});

test('a peak that nobody can reset is absent, each time, and no failure', (t) => {
  const kernel = open(t, { 'sys/fs/cgroup/memory.peak': '4096\n', 'sys/fs/cgroup/directory/': '' });
  for (const file of ['memory.peak', 'directory', 'nothing']) {
    for (let tick = 0; tick < 3; tick++) assert.equal(kernel.host.readPeak(`/sys/fs/cgroup/${file}`), undefined);
  }
  assert.equal(
    kernel.host.read('/sys/fs/cgroup/memory.peak', text),
    '4096\n',
    'nothing is written to a file of no cgroup',
  );
  assert.deepEqual(failureTypes(kernel), []);
});

test('what is asked of another process is asked below the root, and told as seen from there', (t) => {
  const tree = createTree({});
  const asked: unknown[] = [];
  const kernel = openKernelFiles(tree.root, systemClock, {
    statfsElsewhere(places) {
      asked.push(places);
      return new Map([[places[1]!.path, { total: 3, free: 2, available: 1 }]]);
    },
  });
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  const answers = kernel.host.statfsElsewhere([
    { path: '/mnt/a', identity: '1' },
    { path: '/mnt/b', identity: '2' },
  ]);
  assert.deepEqual([...answers], [['/mnt/b', { total: 3, free: 2, available: 1 }]]);
  assert.deepEqual(asked, [
    [
      { path: `${tree.root}/mnt/a`, identity: '1' },
      { path: `${tree.root}/mnt/b`, identity: '2' },
    ],
  ]);
});

test('what a service answers is parsed; what cannot be is a failure of the source that asked', (t) => {
  const answers: (Uint8Array | undefined)[] = [undefined, Buffer.from('7\n'), Buffer.from('seven')];
  const kernel = openKernelFiles('/', systemClock, {
    ask(url, period, fail) {
      assert.deepEqual([url, period], ['http://169.254.170.2/task', 60_000]);
      const answer = answers.shift();
      if (answer === undefined) fail(new Error('refused'));
      return answer;
    },
  });
  t.after(() => kernel.close());
  const ask = () => kernel.host.ask('http://169.254.170.2/task', 60_000, parseNumber);
  assert.equal(ask(), undefined);
  assert.deepEqual(failureTypes(kernel), ['ask']);
  assert.equal(ask(), 7);
  assert.deepEqual(failureTypes(kernel), []);
  assert.equal(ask(), undefined);
  assert.deepEqual(failureTypes(kernel), ['parse']);
});
