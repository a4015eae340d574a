import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { containerUptime } from '../../instrumentation/host/container-uptime.ts';
import { systemClock } from '../../src/clock.ts';
import { openKernelFiles } from '../../src/host.ts';
import { createTree } from '../support/tree.ts';

const CONTAINER: Readonly<Record<string, string>> = {
  'proc/1/stat': '1 (sleep) S 0 1 1 0 -1 4194560 5 6 7 8 9 10 11 12 20 0 1 0 8640012 5 6\n',
  'proc/uptime': '90000.52 1.00\n',
  'proc/self/mountinfo': '70 69 0:42 / /proc rw - proc proc rw\n',
};

function read(t: TestContext, files: Readonly<Record<string, string>>): readonly [number | undefined, string[]] {
  const tree = createTree(files);
  const kernel = openKernelFiles(tree.root, systemClock);
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  return [containerUptime.read(kernel.host), kernel.takeFailures().map(({ type }) => type)];
}

test('the time since the first process was started', (t) => {
  const [seconds, failures] = read(t, CONTAINER);
  assert.equal(seconds?.toFixed(2), '3600.40');
  assert.deepEqual(failures, []);
});

test('the second process may be anything but a kernel thread', (t) => {
  assert.notEqual(read(t, { ...CONTAINER, 'proc/2/comm': 'sh\n' })[0], undefined);
});

test('who may not look at the first process (hidepid) is told nothing, and that is no failure', (t) => {
  const tree = createTree(CONTAINER);
  const kernel = openKernelFiles(tree.root, systemClock);
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  const { host } = kernel;
  const isOther = (file: string) => file.startsWith('/proc/1/');
  const seen = containerUptime.read({
    ...host,
    isReadable: (file) => !isOther(file) && host.isReadable(file),
    readOnce(file, parse) {
      assert.ok(!isOther(file), `${file} was read`);
      return host.readOnce(file, parse);
    },
  });
  assert.equal(seen, undefined);
});

suite('nothing', () => {
  const rows: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'where the processes are the host’s': { 'proc/2/comm': 'kthreadd\n' },
    'where lxcfs counts from another moment': {
      'proc/self/mountinfo': `${CONTAINER['proc/self/mountinfo']}80 70 0:50 /proc/uptime /proc/uptime rw - fuse.lxcfs lxcfs rw\n`,
    },
    'where the process seems to start later': { 'proc/uptime': '80000.00 1.00\n' },
  };
  for (const [name, files] of Object.entries(rows)) {
    test(name, (t) => assert.deepEqual(read(t, { ...CONTAINER, ...files }), [undefined, []]));
  }
  for (const file of Object.keys(CONTAINER)) {
    test(`without ${file}`, (t) => {
      const { [file]: _, ...rest } = CONTAINER;
      assert.deepEqual(read(t, rest), [undefined, []]);
    });
  }
});
