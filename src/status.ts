// The lines that a person sees: what is metered at the start, and now and then how it goes.

import { container } from '../instrumentation/cgroup/container.ts';
import type { Limit } from '../instrumentation/cgroup/limits.ts';
import { type ConfiguredLimits, cpuLimit, isAwaited, type Limited, memoryLimit } from './limits.ts';
import { type Metered, statistics, type Use, usesOf } from './metered.ts';
import { readingOf, type Sample } from './sampler.ts';
import type { Destination } from './delivery/destination.ts';
import type { DeliveryStats } from './delivery/loop.ts';
import { formatBytes, formatNumber, formatSeconds } from './units.ts';

const bytes = formatBytes;
const cpus = (value: number) => `${formatNumber(value)} ${value === 1 ? 'CPU' : 'CPUs'}`;

/** What is metered, and within which limits. */
export function describeScopes(sample: Sample, configured: ConfiguredLimits = {}): readonly string[] {
  return [
    `cpu     ${describeScope(sample, 'cpu', cpuLimit(sample, configured.cpu), configured.cpu, cpus)}`,
    `memory  ${describeScope(sample, 'memory', memoryLimit(sample, configured.memory), configured.memory, bytes)}`,
  ];
}

function describeScope(
  sample: Sample,
  resource: 'cpu' | 'memory',
  limited: Limited | undefined,
  configured: Limit | undefined,
  format: (value: number) => string,
): string {
  const own = readingOf(sample, container)?.snapshot;
  const path = own?.[resource]?.path;
  const host = own?.isHidden === true ? 'the whole host (the own cgroup cannot be seen from here)' : 'the whole host';
  const what = path === undefined ? host : `the container ${path}`;
  if (limited === undefined)
    return `${what}; ${isAwaited(sample) ? 'ECS has not told its limit yet' : 'no limit is known'}`;
  const useless = configured && limited.scope === 'host' ? `; ${configured.file} holds containers only` : '';
  return `${what}, at most ${format(limited.limit.value)} (${describeLimit(limited.limit)})${useless}`;
}

function describeLimit({ file, directory }: Limit): string {
  return directory === undefined ? file : `${file} in ${directory}`;
}

/** Who is sent to, every so many milliseconds. */
export function describeSends(
  destinations: readonly Pick<Destination, 'name' | 'address'>[],
  exportInterval: number,
): readonly string[] {
  return destinations.map(({ name, address }) => {
    const how = name === 'otlp' ? 'sends   OTLP (http/json)' : 'writes  all metrics';
    return `${how} to ${address} every ${formatSeconds(exportInterval)}`;
  });
}

export function describeServed(address: string, hasPage: boolean): string {
  return `serves  ${hasPage ? `${address}/metrics` : address}`;
}

export function describeLoss(samples: number, address: string, trouble: string | undefined): string {
  const what = samples === 1 ? '1 sample was' : `${samples} samples were`;
  return `${what} not delivered to ${address}, and ${samples === 1 ? 'is' : 'are'} lost: ${trouble ?? 'no answer came in time'}`;
}

/** The last interval in one line. */
export function describeInterval(
  { ticks, cpuLimit, memoryLimit }: Metered,
  deliveries: readonly DeliveryStats[],
): string {
  return [
    `cpu ${describeUse(usesOf(ticks, 'cpu'), formatNumber, cpuLimit && cpus(cpuLimit.limit.value))}`,
    `memory ${describeUse(usesOf(ticks, 'memory'), bytes, memoryLimit && bytes(memoryLimit.limit.value))}`,
    ...deliveries.map(describeDelivery),
  ].join('  |  ');
}

function describeUse(uses: readonly Use[], format: (value: number) => string, limit: string | undefined): string {
  const all = statistics(uses.map(({ value }) => value));
  if (all === undefined) return 'unknown';
  return `${format(all.mean)}${limit === undefined ? '' : ` of ${limit}`}, peak ${format(all.max)}`;
}

function describeDelivery({ delivered, waiting, lost, trouble }: DeliveryStats): string {
  const gone = [...lost.values()].reduce((sum, count) => sum + count, 0);
  return `sent ${delivered}${waiting > 0 ? `, ${waiting} waiting` : ''}${gone > 0 ? `, ${gone} lost` : ''}${trouble === undefined ? '' : ` (${trouble})`}`;
}
