import { parseMeminfo } from '../../instrumentation/kernel/meminfo.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseMeminfo, {
  'Linux 6': [
    `\
MemTotal:       24684092 kB
MemFree:        23062316 kB
MemAvailable:   24192600 kB
Buffers:            9560 kB
Cached:          1123696 kB
SwapCached:            0 kB
Active(anon):       1536 kB
Shmem:              8872 kB
Slab:             346868 kB
SReclaimable:     308416 kB
SUnreclaim:        38452 kB
ShmemHugePages:        0 kB
HugePages_Total:       9
HugePages_Free:        7
HugePages_Rsvd:        3
HugePages_Surp:        1
Hugepagesize:       2048 kB
Hugetlb:           18432 kB
`,
    {
      MemTotal: 25276510208,
      MemFree: 23615811584,
      MemAvailable: 24773222400,
      Buffers: 9789440,
      Cached: 1150664704,
      Shmem: 9084928,
      SReclaimable: 315817984,
      SUnreclaim: 39374848,
      HugePages_Total: 9,
      HugePages_Free: 7,
      HugePages_Rsvd: 3,
      HugePages_Surp: 1,
      Hugepagesize: 2097152,
    },
  ],
  'Linux 2.6.18: neither MemAvailable nor SReclaimable': [
    'MemTotal:      2074912 kB\nMemFree:         34656 kB\nBuffers:        149412 kB\nCached:        1488828 kB\nSwapCached:          0 kB\nSlab:           148916 kB\n',
    { MemTotal: 2124709888, MemFree: 35487744, Buffers: 152997888, Cached: 1524559872 },
  ],
  'Linux 2.4, with a table on top': [
    '        total:    used:    free:  shared: buffers:  cached:\nMem:  1 2 3 4 5 6\nMemTotal:       513084 kB\nMemShared:           0 kB\n',
    { MemTotal: 525398016 },
  ],
  lxcfs: [
    'MemTotal:         524288 kB\nMemFree:          500000 kB\nMemAvailable:     510000 kB\nBuffers:               0 kB\nCached:            10000 kB\nSReclaimable:          0 kB\n',
    {
      MemTotal: 536870912,
      MemFree: 512000000,
      MemAvailable: 522240000,
      Buffers: 0,
      Cached: 10240000,
      SReclaimable: 0,
    },
  ],
  'a machine of 64 TiB': ['MemTotal:       68719476736 kB\n', { MemTotal: 2 ** 46 }],
  'lines that it does not know': ['NewThing: -1 pages\nDirectMap4k\n\nMemTotal: 1 kB\n', { MemTotal: 1024 }],
  nothing: ['', {}],
});

refuses(parseMeminfo, {
  'a number without its unit': 'MemTotal:       24684092\n',
  'another unit': 'MemTotal:       24684092 MB\n',
  'a unit that was cut off': 'MemTotal:       24684092 k',
  'a line without a newline': 'MemTotal:       24684092 kB',
  'a number of pages with a unit': 'HugePages_Total:       9 kB\n',
  'a size of pages without one': 'Hugepagesize:       2048\n',
  'no number': 'MemTotal: kB\n',
  'a negative number': 'MemFree: -4 kB\n',
  'free memory below zero, as lxcfs can write it': 'MemTotal: 524288 kB\nMemFree: 18446744073709551000 kB\n',
  'one more than 64 bits of bytes': 'MemTotal: 18014398509481984 kB\n',
  'more than 64 bits': 'MemTotal: 99999999999999999999 kB\n',
  CRLF: 'MemTotal:       24684092 kB\r\n',
  'a NUL': 'MemTotal:\0      24684092 kB\n',
});
