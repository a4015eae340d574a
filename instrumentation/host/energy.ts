import { parseNumber } from '../kernel/bytes.ts';
import { parseName } from '../kernel/hwmon.ts';
import { defineSource, type Host, type Source } from '../source.ts';

const POWERCAP = '/sys/class/powercap';

/** What the zones are, by their name; core and uncore are parts of the package, and left out. */
const TYPES: readonly (readonly [name: RegExp, type: 'cpu' | 'memory' | 'host'])[] = [
  [/^package-/, 'cpu'],
  [/^dram$/, 'memory'],
  [/^psys$/, 'host'],
];

interface Zone {
  readonly id: string;
  readonly name: string;
  readonly type: 'cpu' | 'memory' | 'host';
  /** Microjoules, as the counter shows them; at `range` it begins again. */
  readonly raw: number;
  readonly range: number | undefined;
  /** Microjoules, over all turns of the counter that we saw. */
  readonly total: number;
}

export interface Energy {
  readonly zones: readonly Zone[];
  /** Zones that were there before, as they were last seen. */
  readonly gone: readonly Zone[];
}

/**
 * The counters have 32 bits, of 61 µJ on most Intel machines (262 kJ, 11 minutes at 400 W) and 15 µJ on AMD's and for
 * Intel's DRAM (66 kJ, less than 3 minutes at 400 W). They are read each half a minute also where
 * nobody asks: half a turn of 66 kJ in that time is 1.1 kW, and more is not believed ({@link step}). Only where ticks are
 * minutes apart (--interval) can whole turns be lost, and too little is told.
 */
export const energy: Source<Energy> = defineSource({
  name: 'energy',
  since: 'unknown',
  atLeastEvery: 30_000,
  metrics: {
    energy: {
      name: 'hw.energy',
      kind: 'counter',
      unit: 'J',
      value: 'double',
      description: 'Energy that CPU packages and the memory at them used, by the estimate of the processor.',
      from: '/sys/class/powercap/intel-rapl:N/energy_uj (package) and intel-rapl:N:M/energy_uj (dram)',
      attributes: { 'hw.id': 'string', 'hw.name': 'string', 'hw.type': ['cpu', 'memory'] },
    },
    host: {
      name: 'hw.host.energy',
      kind: 'counter',
      unit: 'J',
      value: 'int',
      description: 'Energy that the whole machine used, where the processor is told.',
      from: '/sys/class/powercap/intel-rapl:N/energy_uj (psys)',
      attributes: { 'hw.id': 'string', 'hw.name': 'string' },
    },
  },
  read(host): Energy | undefined {
    const zones = host.list(POWERCAP)?.flatMap((directory) => zoneOf(host, directory) ?? []);
    return zones === undefined || zones.length === 0 ? undefined : { zones, gone: [] };
  },
  settle(previous, current) {
    const zones = current.zones.map((zone) => {
      const last = previous.zones.find((before) => isSame(before, zone));
      if (last !== undefined) return { ...zone, total: last.total + step(last.raw, zone) };
      const lost = previous.gone.find((before) => isSame(before, zone));
      // How often it turned, nobody saw; what it shows more than then was used in any case.
      return lost === undefined ? zone : { ...zone, total: lost.total + Math.max(0, zone.raw - lost.raw) };
    });
    const gone = [...previous.zones, ...previous.gone].filter((zone) => !zones.some((now) => isSame(now, zone)));
    return { zones, gone };
  },
  observe({ zones }, emit) {
    for (const { id, name, type, total } of zones) {
      const joules = total / 1e6;
      if (type === 'host') emit('host', Math.floor(joules), { 'hw.id': id, 'hw.name': name });
      else emit('energy', joules, { 'hw.id': id, 'hw.name': name, 'hw.type': type });
    }
  },
});

/**
 * intel-rapl:0 and intel-rapl:0:1, numbered in hexadecimal; intel-rapl-mmio:0 shows a package once more. Only root may
 * read the counters (Linux 5.10 and later; CVE-2020-8694).
 */
function zoneOf(host: Host, directory: string): Zone | undefined {
  if (!/^intel-rapl:[0-9a-f]+(?::[0-9a-f]+)?$/.test(directory)) return undefined;
  const path = `${POWERCAP}/${directory}`;
  const name = host.read(`${path}/name`, parseName);
  const type = name === undefined ? undefined : TYPES.find(([pattern]) => pattern.test(name))?.[1];
  if (name === undefined || type === undefined || !host.isReadable(`${path}/energy_uj`)) return undefined;
  const raw = host.read(`${path}/energy_uj`, parseNumber);
  // Zones that the processor has but does not measure stay at zero.
  if (raw === undefined || raw === 0) return undefined;
  return { id: directory, name, type, raw, range: host.read(`${path}/max_energy_range_uj`, parseNumber), total: raw };
}

/** A driver that was loaded anew may number the zones otherwise. */
function isSame(a: Zone, b: Zone): boolean {
  return a.id === b.id && a.name === b.name;
}

/**
 * What a zone used since its counter showed `before`. A counter that went back has turned, if that makes less than half a
 * turn: so much is not used between two readings that see every turn. Else it was set back (it is after a suspend to
 * memory on some machines), and what was used meanwhile is not known.
 */
function step(before: number, { raw, range }: Zone): number {
  if (raw >= before) return raw - before;
  const turned = range === undefined ? undefined : range - before + raw;
  return turned !== undefined && turned >= 0 && turned < range! / 2 ? turned : 0;
}
