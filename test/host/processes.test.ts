import assert from 'node:assert/strict';
import fs from 'node:fs';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { showsHost } from '../../instrumentation/host/initial-namespace.ts';
import { MOST_PROCESSES, processes } from '../../instrumentation/host/processes.ts';
import { systemClock } from '../../src/clock.ts';
import { openKernelFiles } from '../../src/host.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';

const stat = (pid: number, name: string, state: string) => `${pid} (${name}) ${state} 0 1 1 0 -1 4194560\n`;

const HOST: Readonly<Record<string, string>> = {
  'proc/2/comm': 'kthreadd\n',
  'proc/sys/kernel/pid_max': '32768\n',
  'proc/sys/kernel/threads-max': '192730\n',
  'proc/1/stat': stat(1, 'systemd', 'S'),
  'proc/2/stat': stat(2, 'kthreadd', 'S'),
  'proc/3/stat': stat(3, 'kworker/R-rcu', 'I'),
  'proc/20/stat': stat(20, 'disk) R (wait', 'D'),
  'proc/21/stat': stat(21, 'busy', 'R'),
  'proc/22/stat': stat(22, 'stopped', 'T'),
  'proc/23/stat': stat(23, 'traced', 't'),
  'proc/24/stat': stat(24, 'zombie', 'Z'),
  'proc/25/stat': stat(25, 'dead', 'X'),
  'proc/26/stat': stat(26, 'parked', 'P'),
  'proc/stat': 'cpu  1 2 3 4\n',
  'proc/self/stat': stat(21, 'busy', 'R'),
  'proc/thread-self/stat': stat(21, 'busy', 'R'),
  'proc/driver/': '',
};

const COUNTS = { 'count running': 1, 'count sleeping': 5, 'count stopped': 2, 'count defunct': 2 };

test('each process is counted once, by its state', (t) => {
  const { host, failures } = treeHost(t, HOST);
  assert.deepEqual(emitted(processes, processes.read(host)), { ...COUNTS, limit: 32768 });
  assert.deepEqual(failures(), []);
});

test('the limit is the smaller one; where one is unknown, so is it', (t) => {
  const of = (files: Record<string, string>) => emitted(processes, processes.read(treeHost(t, files).host))['limit'];
  assert.equal(of({ ...HOST, 'proc/sys/kernel/pid_max': '4194304\n' }), 192730);
  const { 'proc/sys/kernel/threads-max': _, ...without } = HOST;
  assert.equal(of(without), undefined);
});

test('in a container there are its processes only: nothing is said of the host', (t) => {
  for (const comm of ['sh\n', 'kthread\n', 'kthreadd', undefined]) {
    const { 'proc/2/comm': _, ...others } = HOST;
    const { host } = treeHost(t, comm === undefined ? others : { ...others, 'proc/2/comm': comm });
    assert.equal(processes.read(host), undefined, comm);
  }
});

test('who may not look at others (hidepid) counts nothing, and that is no failure', (t) => {
  const { host, root, failures } = treeHost(t, HOST);
  const { accessSync, openSync } = fs;
  const forbid = (file: unknown) => {
    const isOther = /\/proc\/(?!21\/)\d+\//.test(String(file));
    if (isOther) throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
  };
  t.mock.method(fs, 'accessSync', (file: string, mode?: number) => {
    forbid(file);
    accessSync(file, mode);
  });
  t.mock.method(fs, 'openSync', (file: string, flags: number) => {
    forbid(file);
    return openSync(file, flags);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.equal(existsSync(path.join(root, 'proc/1')), true);
  assert.equal(processes.read(host), undefined);
  assert.deepEqual(failures(), []);
});

test('a process that ends between the list and the look is left out', (t) => {
  const { host, root, failures } = treeHost(t, HOST);
  const list = (directory: string) => {
    const names = host.list(directory);
    rmSync(path.join(root, 'proc/22'), { recursive: true });
    rmSync(path.join(root, 'proc/23/stat'));
    return names;
  };
  const { counts } = processes.read({ ...host, list }) as { counts: object };
  assert.deepEqual(counts, { running: 1, sleeping: 5, stopped: 0, defunct: 2 });
  assert.deepEqual(failures(), []);
});

test('more than can be gone through at once are not counted, the limit stays', (t) => {
  const { host, failures } = treeHost(t, HOST);
  const list = (others: number) => () => ['1', ...Array.from({ length: others }, (_, n) => String(n + 100))];
  assert.deepEqual(emitted(processes, processes.read({ ...host, list: list(MOST_PROCESSES) })), { limit: 32768 });
  const most = emitted(processes, processes.read({ ...host, list: list(MOST_PROCESSES - 1) }));
  assert.equal(most['count sleeping'], 1);
  assert.deepEqual(failures(), []);
});

test('where one cannot be read or understood, a sum would be too small: it is absent, the limit is not', (t) => {
  const broken = treeHost(t, { ...HOST, 'proc/24/stat': '24 (zombie\n' });
  assert.deepEqual(emitted(processes, processes.read(broken.host)), { limit: 32768 });
  assert.deepEqual(broken.failures(), ['parse']);
  const loop = treeHost(t, HOST);
  rmSync(path.join(loop.root, 'proc/24/stat'));
  symlinkSync('stat', path.join(loop.root, 'proc/24/stat'));
  assert.deepEqual(emitted(processes, processes.read(loop.host)), { limit: 32768 });
  assert.deepEqual(loop.failures(), ['ELOOP']);
});

test('without descriptors there is no count, rather than a zero', (t) => {
  const { host, failures } = treeHost(t, HOST);
  const { openSync } = fs;
  t.mock.method(fs, 'openSync', (file: string, flags: number) => {
    if (/\d\/stat$/.test(file)) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    return openSync(file, flags);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.deepEqual(emitted(processes, processes.read(host)), { limit: 32768 });
  assert.deepEqual(failures(), ['EMFILE']);
});

test('a tree of which no process was captured has no count', (t) => {
  const { host } = treeHost(t, { 'proc/2/comm': 'kthreadd\n' });
  assert.deepEqual(emitted(processes, processes.read(host)), {});
});

test('on this machine we see ourselves run, where we see the host at all', (t) => {
  const kernel = openKernelFiles('/', systemClock);
  t.after(kernel.close);
  const isHost = existsSync('/proc/2/comm') && readFileSync('/proc/2/comm', 'utf8') === 'kthreadd\n';
  assert.equal(showsHost(kernel.host), isHost);
  const found = processes.read(kernel.host);
  if (isHost) assert.ok(emitted(processes, found ?? assert.fail())['count running']! >= 1);
  else assert.equal(found, undefined);
  assert.deepEqual(kernel.takeFailures(), []);
});
