import { emitPressures, pressureMetrics, type Pressures, readPressures } from '../pressure.ts';
import { defineSource, type Source } from '../source.ts';

// The Collector's names: semantic conventions have none.
export const pressure: Source<Pressures> = defineSource({
  name: 'pressure',
  since: 'boot',
  metrics: pressureMetrics(
    (resource, part) => `system.${resource}.linux.pressure.${part}`,
    (resource) => `/proc/pressure/${resource}`,
    'tasks of the host',
  ),
  read(host) {
    const found = readPressures(host, (resource) => `/proc/pressure/${resource}`);
    if (found?.cpu === undefined) return found;
    // "full" is not defined for the CPUs of a whole machine: the kernel shows zeros, some versions of it shares of idling.
    const { some } = found.cpu;
    return { ...found, cpu: some === undefined ? {} : { some } };
  },
  observe(pressures, emit) {
    emitPressures(pressures, emit);
  },
});
