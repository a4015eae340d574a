import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memory } from '../../instrumentation/host/memory.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';

test('slab, shared memory and huge pages come from the one reading of meminfo', (t) => {
  const { host, failures } = treeHost(t, {
    'proc/meminfo': `\
MemTotal:           1000 kB
MemFree:             100 kB
MemAvailable:        700 kB
Buffers:              10 kB
Cached:              200 kB
Shmem:                20 kB
Slab:                 50 kB
SReclaimable:         30 kB
SUnreclaim:           20 kB
HugePages_Total:       9
HugePages_Free:        7
HugePages_Rsvd:        3
HugePages_Surp:        1
Hugepagesize:         64 kB
`,
  });
  assert.deepEqual(emitted(memory, memory.read(host)), {
    'usage used': 660 * 1024,
    'usage free': 100 * 1024,
    'usage buffers': 10 * 1024,
    'usage cached': 230 * 1024,
    available: 700 * 1024,
    limit: 1000 * 1024,
    'slab reclaimable': 30 * 1024,
    'slab unreclaimable': 20 * 1024,
    shared: 20 * 1024,
    hugepagesLimit: 9,
    hugepagesSize: 64 * 1024,
    hugepagesReserved: 3,
    hugepagesSurplus: 1,
    'hugepagesUsage free': 7,
    'hugepagesUsage used': 2,
  });
  assert.deepEqual(failures(), []);
});

test('a kernel without huge pages says nothing of them', (t) => {
  const { host } = treeHost(t, { 'proc/meminfo': 'MemTotal: 1000 kB\nSUnreclaim: 20 kB\n' });
  assert.deepEqual(emitted(memory, memory.read(host)), { limit: 1024_000, 'slab unreclaimable': 20 * 1024 });
});

test('huge pages that were freed while the file was made: the used ones are absent, not negative', (t) => {
  const { host } = treeHost(t, { 'proc/meminfo': 'HugePages_Total: 1\nHugePages_Free: 2\n' });
  assert.deepEqual(emitted(memory, memory.read(host)), { hugepagesLimit: 1, 'hugepagesUsage free': 2 });
});
