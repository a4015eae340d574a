import { parseUptime } from '../kernel/uptime.ts';
import { defineSource, type Source } from '../source.ts';

/** Seconds since the machine was started. */
export const uptime: Source<number> = defineSource({
  name: 'uptime',
  since: 'unknown',
  isTicked: true,
  metrics: {
    uptime: {
      name: 'system.uptime',
      kind: 'gauge',
      unit: 's',
      value: 'double',
      description: 'Time since the host was started, time in suspension included.',
      from: '/proc/uptime, first number',
    },
  },
  read: (host) => host.read('/proc/uptime', parseUptime),
  observe(seconds, emit) {
    emit('uptime', seconds);
  },
});
