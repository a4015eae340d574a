import { parseIoStat } from '../../instrumentation/kernel/io-stat.ts';
import { parses, refuses } from '../support/parser-table.ts';

const io = (device: string, readBytes: number, writtenBytes: number, reads: number, writes: number) => ({
  device,
  readBytes,
  writtenBytes,
  reads,
  writes,
});

parses(parseIoStat, {
  'a cgroup without I/O': ['', []],
  'two devices': [
    '8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021\n',
    [io('8:16', 1459200, 314773504, 192, 353), io('8:0', 90430464, 299008000, 8950, 1252)],
  ],
  'a kernel without discards, and one with costs': [
    '8:0 rbytes=1 wbytes=2 rios=3 wios=4\n259:0 rbytes=5 wbytes=6 rios=7 wios=8 dbytes=0 dios=0 cost.vrate=100.00 cost.usage=9\n',
    [io('8:0', 1, 2, 3, 4), io('259:0', 5, 6, 7, 8)],
  ],
  'devices that nothing was counted for, on the line of another': [
    '7:7 7:6 7:5 7:4 rbytes=28672 wbytes=0 rios=22 wios=0 dbytes=0 dios=0\n7:3 rbytes=5 wbytes=0 rios=1 wios=0\n',
    [io('7:4', 28672, 0, 22, 0), io('7:3', 5, 0, 1, 0)],
  ],
  'such a device alone, with and without a newline': ['8:0 \n252:0 ', []],
  'a device without a number, before and after others': [
    '(unknown) rbytes=9 wbytes=9 rios=6 wios=0\n8:0 rbytes=1 wbytes=2 rios=3 wios=4\n(unknown) rbytes=9 wbytes=9 rios=9 wios=9\n',
    [io('8:0', 1, 2, 3, 4)],
  ],
  'a device without a number, on the line of another': [
    '(unknown) 8:0 rbytes=1 wbytes=2 rios=3 wios=4\n8:16 (unknown) rbytes=9 wbytes=9 rios=9 wios=9\n',
    [io('8:0', 1, 2, 3, 4)],
  ],
  'more than 2^53 bytes': ['8:0 rbytes=18446744073709551615\n', [{ device: '8:0', readBytes: 2 ** 64 }]],
});

refuses(parseIoStat, {
  'a number that was cut off': '8:0 rbytes=1459200 wbytes=31477',
  'a line that was cut off between numbers': '8:0 rbytes=1459200 ',
  'a key without a number': '8:0 rbytes= wbytes=1\n',
  'a negative number': '8:0 rbytes=-1\n',
  'a number that is none': '8:0 rbytes=many\n',
  'a number with a fraction': '8:0 rbytes=1.5\n',
  'a device that was cut off': '8:0 rbytes=1 wbytes=1 rios=1 wios=1\n8:1',
});
