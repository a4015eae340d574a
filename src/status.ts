// The lines that a person sees: what is metered at the start, and now and then how it goes.

import { container } from '../instrumentation/cgroup/container.ts';
import type { Limit } from '../instrumentation/cgroup/limits.ts';
import { cpuLimit, type Limited, memoryLimit, type Metered, statistics } from './metered.ts';
import { readingOf, type Sample } from './sampler.ts';
import type { DeliveryStats } from './delivery/loop.ts';
import { formatBytes, formatNumber, formatSeconds } from './units.ts';

const bytes = formatBytes;
const cpus = (value: number) => `${formatNumber(value)} ${value === 1 ? 'CPU' : 'CPUs'}`;

/** What is metered, within which limits, and where it goes. */
export function describeStart(
  sample: Sample,
  options: {
    readonly version: string;
    readonly address: string;
    readonly interval: number;
    readonly exportInterval: number;
  },
): readonly string[] {
  const { version, address, interval, exportInterval } = options;
  return [
    `version ${version}, reads every ${formatSeconds(interval)}`,
    `cpu     ${describeScope(sample, 'cpu', cpuLimit(sample), cpus)}`,
    `memory  ${describeScope(sample, 'memory', memoryLimit(sample), bytes)}`,
    `sends   OTLP (http/json) to ${address} every ${formatSeconds(exportInterval)}`,
  ];
}

function describeScope(
  sample: Sample,
  resource: 'cpu' | 'memory',
  limited: Limited | undefined,
  format: (value: number) => string,
): string {
  const path = readingOf(sample, container)?.snapshot[resource]?.path;
  const what = path === undefined ? 'the whole host' : `the container ${path}`;
  return limited === undefined
    ? `${what}; no limit is known`
    : `${what}, at most ${format(limited.limit.value)} (${describeLimit(limited.limit)})`;
}

function describeLimit({ file, directory }: Limit): string {
  return directory === undefined ? file : `${file} in ${directory}`;
}

/** The last interval in one line. */
export function describeInterval({ ticks, ...limits }: Metered, delivery: DeliveryStats): string {
  return [
    describeUse(
      'cpu',
      ticks.flatMap((tick) => tick.cpu?.value ?? []),
      limits.cpuLimit,
      cpus,
    ),
    describeUse(
      'memory',
      ticks.flatMap((tick) => tick.memory?.value ?? []),
      limits.memoryLimit,
      bytes,
    ),
    describeDelivery(delivery),
  ].join('  |  ');
}

function describeUse(
  name: string,
  values: readonly number[],
  limited: Limited | undefined,
  format: (value: number) => string,
): string {
  const all = statistics(values);
  if (all === undefined) return `${name} unknown`;
  const most = limited === undefined ? '' : ` of ${format(limited.limit.value)}`;
  return `${name} ${format(all.mean)}${most}, peak ${format(all.max)}`;
}

function describeDelivery({ delivered, waiting, lost, trouble }: DeliveryStats): string {
  const gone = [...lost.values()].reduce((sum, count) => sum + count, 0);
  return `sent ${delivered}${waiting > 0 ? `, ${waiting} waiting` : ''}${gone > 0 ? `, ${gone} lost` : ''}${trouble === undefined ? '' : ` (${trouble})`}`;
}
