import { type FileNumbers, parseFileNr } from '../kernel/file-nr.ts';
import { defineSource, type Source } from '../source.ts';

export const openFiles: Source<FileNumbers> = defineSource({
  name: 'open-files',
  since: 'unknown',
  metrics: {
    count: {
      name: 'jobmeter.host.file_descriptor.count',
      kind: 'updowncounter',
      unit: '{file_descriptor}',
      value: 'int',
      description: 'Open files of the host. Descriptors that share one (after a fork) count once.',
      // fs/file_table.c: older kernels leave out what each CPU has not yet added to the sum, to be quick.
      from: '/proc/sys/fs/file-nr, first number less second; older kernels estimate it',
    },
    limit: {
      name: 'jobmeter.host.file_descriptor.limit',
      kind: 'updowncounter',
      unit: '{file_descriptor}',
      value: 'int',
      description: 'Files that the host may have open at once; absent where there is no limit.',
      from: '/proc/sys/fs/file-nr, third number; 2^63 - 1 is no limit',
    },
  },
  read: (host) => host.read('/proc/sys/fs/file-nr', parseFileNr),
  observe({ allocated, unused, max }, emit) {
    emit('count', allocated >= unused ? allocated - unused : undefined);
    emit('limit', max);
  },
});
