import type { MetricSet } from '../../instrumentation/source.ts';

/** What a set makes of its data: "metric attribute" -> number, without what is unknown. */
export function emitted<D>(set: MetricSet<D>, data: D): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  set.observe(data, (metric, value, attributes = {}) => {
    if (value !== undefined) found[[metric, ...Object.values(attributes)].join(' ')] = value;
  });
  return found;
}
