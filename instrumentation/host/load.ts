import { type LoadAverage, parseLoadavg } from '../kernel/loadavg.ts';
import { defineSource, type Source } from '../source.ts';

// The Collector's names: semantic conventions have none.
const average = {
  kind: 'gauge',
  unit: '{thread}',
  value: 'double',
  description:
    'Threads of the host that ran, waited to run or slept uninterruptibly, averaged over the time in the name.',
} as const;

export const load: Source<LoadAverage> = defineSource({
  name: 'load',
  since: 'unknown',
  metrics: {
    '1m': { name: 'system.cpu.load_average.1m', from: '/proc/loadavg, first number', ...average },
    '5m': { name: 'system.cpu.load_average.5m', from: '/proc/loadavg, second number', ...average },
    '15m': { name: 'system.cpu.load_average.15m', from: '/proc/loadavg, third number', ...average },
  },
  read: (host) => host.read('/proc/loadavg', parseLoadavg),
  observe(averages, emit) {
    emit('1m', averages['1m']);
    emit('5m', averages['5m']);
    emit('15m', averages['15m']);
  },
});
