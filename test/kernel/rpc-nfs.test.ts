import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nfs4Names } from '../../instrumentation/kernel/nfs-names.ts';
import { parseRpcNfs } from '../../instrumentation/kernel/rpc-nfs.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseRpcNfs, {
  'all there is': [
    'net 70 1 69 45\nrpc 1218785755 374636 1218815394\nproc2 3 1 2 3\nproc3 2 4 5\nproc4 1 6\n',
    {
      udp: 1,
      tcp: 69,
      accepted: 45,
      calls: 1_218_785_755,
      retransmits: 374_636,
      authRefreshes: 1_218_815_394,
      v2: [1, 2, 3],
      v3: [4, 5],
      v4: [6],
    },
  ],
  'a kernel without NFS 2': ['rpc 1 2 3\nproc3 1 9\n', { calls: 1, retransmits: 2, authRefreshes: 3, v3: [9] }],
  'lines of later kernels': ['rpc 1 2 3\nproc5 1 9\nwdeleg 7\n', { calls: 1, retransmits: 2, authRefreshes: 3 }],
});

refuses(parseRpcNfs, {
  'fewer procedures than it says': 'proc3 22 0 1 2\n',
  'more procedures than it says': 'proc3 1 0 1\n',
  'a procedure line without a count': 'proc3\n',
  'fewer numbers of calls': 'rpc 1 2\n',
  'more numbers of packets': 'net 1 2 3 4 5\n',
  'what is no number': 'rpc 1 two 3\n',
  'a line without its end': 'rpc 1 2 3',
});

test('operations of NFS 4 have the names of the kernel that counted them, or none', () => {
  // As many as Linux 5.9 to 6.13 have, and as Linux with ZERO_RANGE and OFFLOAD_STATUS has.
  assert.equal(nfs4Names(69)[57], 'LAYOUTSTATS');
  assert.equal(nfs4Names(69)[68], 'READ_PLUS');
  assert.equal(nfs4Names(71)[57], 'ZERO_RANGE');
  assert.equal(nfs4Names(71)[58], 'LAYOUTSTATS');
  assert.equal(nfs4Names(71)[70], 'OFFLOAD_STATUS');
  for (const count of [70, 72, 99]) {
    assert.equal(nfs4Names(count)[56], 'DEALLOCATE');
    assert.equal(nfs4Names(count)[57], undefined, `${count} operations: either list`);
  }
});
