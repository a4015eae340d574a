// Time lost to a lack of something, of the host and of a container alike: one table of metrics, one way to fill it.

import { parsePressure, type Pressure } from './kernel/pressure.ts';
import type { Host, Metric } from './source.ts';

/** What programs wait for. */
const RESOURCES = ['cpu', 'memory', 'io', 'irq'] as const;

export type Resource = (typeof RESOURCES)[number];

/** Of those that the kernel tells of: interrupts since Linux 6.1. */
export type Pressures = Readonly<Partial<Record<Resource, Pressure>>>;

type Part = '10s' | '1m' | '5m' | 'total';
type Key = `${Resource}.${Part}`;

const STALL_TYPES = ['some', 'full'] as const;

interface PressureMetric extends Metric {
  readonly attributes: { readonly 'system.pressure.stall_type': typeof STALL_TYPES };
}

const NOUNS = { cpu: 'a CPU', memory: 'memory', io: 'a disk', irq: 'interrupts to be handled' } as const;

/** The 16 metrics; the keys and the attributes of each are known to the compiler. */
export function pressureMetrics(
  nameOf: (resource: Resource, part: Part) => string,
  fileOf: (resource: Resource) => string,
  whose: string,
): Readonly<Record<Key, PressureMetric>> {
  const entries = RESOURCES.flatMap((resource) => {
    const waited = `${whose} waited for ${NOUNS[resource]}: some of them, or all at once (full).`;
    const metric = (part: Part, field: string, rest: Pick<Metric, 'kind' | 'unit' | 'description'>) => [
      `${resource}.${part}`,
      {
        name: nameOf(resource, part),
        value: 'double',
        from: `${fileOf(resource)}, ${field}`,
        attributes: { 'system.pressure.stall_type': STALL_TYPES },
        ...rest,
      },
    ];
    const share = (time: string) =>
      ({ kind: 'gauge', unit: '1', description: `Share of the last ${time} in which ${waited}` }) as const;
    return [
      metric('10s', 'avg10', share('10 seconds')),
      metric('1m', 'avg60', share('minute')),
      metric('5m', 'avg300', share('5 minutes')),
      metric('total', 'total', { kind: 'counter', unit: 's', description: `Time in which ${waited}` }),
    ];
  });
  return Object.fromEntries(entries) as Record<Key, PressureMetric>;
}

/** Reads a file for each resource; undefined where there is none, as where the kernel was told not to measure (psi=0). */
export function readPressures(host: Host, fileOf: (resource: Resource) => string): Pressures | undefined {
  const found: Partial<Record<Resource, Pressure>> = {};
  for (const resource of RESOURCES) {
    const pressure = host.read(fileOf(resource), parsePressure);
    if (pressure !== undefined) found[resource] = pressure;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

type EmitPressure = (
  metric: Key,
  value: number,
  attributes: { readonly 'system.pressure.stall_type': 'some' | 'full' },
) => void;

/** Fills the table; `emit` is that of any source that has these 16 metrics among its own. */
export function emitPressures(pressures: Pressures, emit: EmitPressure): void {
  for (const resource of RESOURCES) {
    for (const type of STALL_TYPES) {
      const stall = pressures[resource]?.[type];
      if (stall === undefined) continue;
      const attributes = { 'system.pressure.stall_type': type } as const;
      emit(`${resource}.10s`, stall.avg10, attributes);
      emit(`${resource}.1m`, stall.avg60, attributes);
      emit(`${resource}.5m`, stall.avg300, attributes);
      emit(`${resource}.total`, stall.total, attributes);
    }
  }
}
