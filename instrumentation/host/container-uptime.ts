import { showsHost } from './initial-namespace.ts';
import { parseMountinfo } from '../kernel/mountinfo.ts';
import { parseStartTime } from '../kernel/start-time.ts';
import { parseUptime } from '../kernel/uptime.ts';
import { defineSource, type Source } from '../source.ts';

/** How long the first process of the own PID namespace has been there: the container, where it has one of its own. */
export const containerUptime: Source<number> = defineSource({
  name: 'container-uptime',
  since: 'unknown',
  metrics: {
    uptime: {
      name: 'container.uptime',
      stability: 'release_candidate',
      kind: 'gauge',
      unit: 's',
      value: 'double',
      description:
        'Time since the first process of the container was started; absent where all processes are the host’s.',
      from: '/proc/uptime less starttime of /proc/1/stat, where this /proc is not that of the host',
    },
  },
  read(host) {
    if (showsHost(host)) return undefined;
    // lxcfs puts a file of its own over /proc/uptime, which does not count from the start of the machine.
    const isKernels = host.derive('/proc/self/mountinfo', 'uptime', (bytes) =>
      parseMountinfo(bytes).every(({ mountPoint }) => mountPoint !== '/proc/uptime'),
    );
    if (isKernels !== true) return undefined;
    const now = host.read('/proc/uptime', parseUptime);
    // With hidepid= the processes of others are there, and nobody may look.
    const start = host.isReadable('/proc/1/stat') ? host.readOnce('/proc/1/stat', parseStartTime) : undefined;
    return now === undefined || start === undefined || start > now ? undefined : now - start;
  },
  observe(seconds, emit) {
    emit('uptime', seconds);
  },
});
