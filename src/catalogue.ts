import { sources } from '../instrumentation/index.ts';
import type { Metric } from '../instrumentation/source.ts';
import { deliveries } from './delivery/metrics.ts';
import { serverMetrics } from './http/metrics.ts';
import { distributions, metered } from './metered.ts';
import { self, tickHistograms } from './telemetry/self.ts';

/** Every metric that the agent can export, with the scope that it is in. */
export const catalogue: readonly (Metric & { readonly scope: string })[] = [
  ...[...sources, metered, self, deliveries, serverMetrics].flatMap(({ name, metrics }) =>
    Object.values(metrics).map((metric) => ({ ...metric, scope: name })),
  ),
  ...Object.values(distributions).map((metric) => ({ ...metric, scope: metered.name })),
  ...Object.values(tickHistograms).map((metric) => ({ ...metric, scope: self.name })),
];
