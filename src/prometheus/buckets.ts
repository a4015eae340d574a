import type { Histogram } from '@opentelemetry/sdk-metrics';

/** A classic bucket: how many values are at most `bound`. */
export interface Bucket {
  readonly bound: number;
  readonly count: number;
}

/** So many values lie above the bound before and at most at this one. */
type Step = readonly [bound: number, count: number];

/** The buckets of a histogram, with +Inf as the last. */
export function explicitBuckets({ buckets: { boundaries, counts } }: Histogram): readonly Bucket[] {
  return cumulate(counts.map((count, index) => [boundaries[index] ?? Infinity, count]));
}

/** What is beyond every finite bound is in +Inf alone. */
function cumulate(steps: readonly Step[]): readonly Bucket[] {
  const buckets: Bucket[] = [];
  let total = 0;
  for (const [bound, count] of steps) {
    total += count;
    if (!Number.isFinite(bound)) continue;
    if (buckets.at(-1)?.bound === bound) buckets.pop();
    buckets.push({ bound, count: total });
  }
  return [...buckets, { bound: Infinity, count: total }];
}
