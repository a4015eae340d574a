import { parseMountstats } from '../../instrumentation/kernel/mountstats.ts';
import { parses, refuses } from '../support/parser-table.ts';

const device = (name: string, where: string, type = 'nfs4 statvers=1.1') =>
  `device ${name} mounted on ${where} with fstype ${type}\n`;
const block = (age: number, bytes = '1 2 3 4 5 6 7 8 ') => `\topts:\trw,vers=4.2\n\tage:\t${age}\n\tbytes:\t${bytes}\n`;

parses(parseMountstats, {
  'no NFS at all': [`${device('proc', '/proc', 'proc')}no device mounted on /x with fstype rootfs\n`, []],
  'what went over the wire, not what programs asked for': [
    device('s:/home', '/home') + block(9),
    [{ mountPoint: '/home', read: 5, written: 6 }],
  ],
  'NFS 3 and a space in a name': [
    device('s:/a\\040b', '/mnt/a\\040b', 'nfs statvers=1.1') + block(9),
    [{ mountPoint: '/mnt/a b', read: 5, written: 6 }],
  ],
  'a file system that is mounted twice, once': [
    device('s:/home', '/home') + block(9) + device('s:/home', '/again') + block(9),
    [{ mountPoint: '/home', read: 5, written: 6 }],
  ],
  'two file systems of one age': [
    device('s:/a', '/a') + block(9) + device('s:/b', '/b') + block(9),
    [
      { mountPoint: '/a', read: 5, written: 6 },
      { mountPoint: '/b', read: 5, written: 6 },
    ],
  ],
  'two mounts of one directory with their own counters': [
    device('s:/a', '/a') + block(9) + device('s:/a', '/b') + block(8),
    [
      { mountPoint: '/a', read: 5, written: 6 },
      { mountPoint: '/b', read: 5, written: 6 },
    ],
  ],
  'two file systems at one mount point: the upper one': [
    device('s:/a', '/a') + block(9) + device('s:/b', '/a') + block(8, '1 2 3 4 50 60 7 8 '),
    [{ mountPoint: '/a', read: 50, written: 60 }],
  ],
  'a file system that is hidden at its first place, at the second': [
    device('s:/a', '/a') +
      block(9) +
      device('s:/b', '/a') +
      block(8, '1 2 3 4 50 60 7 8 ') +
      device('s:/a', '/c') +
      block(9),
    [
      { mountPoint: '/a', read: 50, written: 60 },
      { mountPoint: '/c', read: 5, written: 6 },
    ],
  ],
  'a mount without counters': [device('s:/a', '/a') + device('proc', '/proc', 'proc') + block(9), []],
});

refuses(parseMountstats, {
  'too few numbers of bytes': device('s:/a', '/a') + block(9, '1 2 3 4 5'),
  'bytes that are no number': device('s:/a', '/a') + block(9, '1 2 3 4 x 6'),
  'a line without its end': device('s:/a', '/a') + block(9).slice(0, -1),
});
