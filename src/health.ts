import type { DeliveryStats } from './delivery/loop.ts';
import { formatSeconds } from './units.ts';

// What /healthz and /readyz answer: nothing where all is well, else what is not, for a person.

export interface Health {
  /** Monotonic milliseconds now. */
  readonly now: number;
  readonly interval: number;
  readonly exportInterval: number;
  /** Monotonic milliseconds at which the last sample was taken. */
  readonly sampledAt: number | undefined;
  /** Whether the last export came to nothing. */
  readonly exportFailed: boolean;
  readonly deliveries: readonly Pick<DeliveryStats, 'destination' | 'deliveredAt' | 'trouble'>[];
}

/** Whether it samples: a liveness probe should kill it otherwise. */
export function livenessTrouble({ now, interval, sampledAt }: Health): string | undefined {
  if (sampledAt === undefined) return 'no sample was taken yet';
  const age = now - sampledAt;
  return age > Math.max(3 * interval, 10_000) ? `the last sample was taken ${formatSeconds(age)} ago` : undefined;
}

/** Milliseconds without a delivery that are no reason for alarm. */
const PATIENCE = 5 * 60_000;

/** Whether what it measures arrives. */
export function readinessTrouble(health: Health): string | undefined {
  const { now, exportInterval, exportFailed, deliveries } = health;
  // There is an export each interval: whatever became of the others, one of them should have arrived.
  const stuck = deliveries.flatMap(({ destination, deliveredAt, trouble }) => {
    const age = now - deliveredAt;
    if (age <= Math.max(PATIENCE, 3 * exportInterval)) return [];
    return [
      `nothing was delivered by ${destination} for ${formatSeconds(age)}${trouble === undefined ? '' : `: ${trouble}`}`,
    ];
  });
  if (exportFailed) stuck.push('the last export failed');
  return livenessTrouble(health) ?? (stuck.length > 0 ? stuck.join('; ') : undefined);
}
