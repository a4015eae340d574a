import { defineMetrics, type MetricSet } from '../../instrumentation/source.ts';
import type { DeliveryStats } from './loop.ts';

/** What is lost at the end of the process can be told by nobody afterwards: it is said in the last line. */
const REASONS = ['bytes', 'refused'] as const;

const destination = { 'jobmeter.destination': 'string' } as const;

export interface Deliveries {
  readonly deliveries: readonly DeliveryStats[];
  /** Exports that never came as far as the journal. */
  readonly failedExports: number;
}

/** taken = delivered + lost + waiting, for each destination and at every moment. */
export const deliveries: MetricSet<Deliveries> = defineMetrics({
  name: 'delivery',
  since: 'agent',
  metrics: {
    taken: {
      name: 'jobmeter.samples.taken',
      kind: 'counter',
      unit: '{sample}',
      value: 'int',
      description: 'Export records put into the journal for this destination.',
      from: 'the journal',
      attributes: destination,
    },
    delivered: {
      name: 'jobmeter.samples.delivered',
      kind: 'counter',
      unit: '{sample}',
      value: 'int',
      description: 'Export records that the destination accepted.',
      from: 'the delivery loop',
      attributes: destination,
    },
    lost: {
      name: 'jobmeter.samples.lost',
      kind: 'counter',
      unit: '{sample}',
      value: 'int',
      description: 'Export records given up: for want of room (bytes), or refused by the destination (refused).',
      from: 'the journal and the delivery loop',
      attributes: { ...destination, 'jobmeter.loss.reason': REASONS },
    },
    rejected: {
      name: 'jobmeter.points.rejected',
      kind: 'counter',
      unit: '{data_point}',
      value: 'int',
      description: 'Data points that the destination refused out of records that it accepted.',
      from: 'OTLP partial success',
      attributes: destination,
    },
    failed: {
      name: 'jobmeter.export.failures',
      kind: 'counter',
      unit: '{export}',
      value: 'int',
      description:
        'Exports that failed before there was a record to deliver: a fault of the agent, or of its surroundings.',
      from: 'the export',
    },
    attempts: {
      name: 'jobmeter.delivery.attempts',
      kind: 'counter',
      unit: '{request}',
      value: 'int',
      description: 'Requests by what became of them.',
      from: 'the delivery loop',
      attributes: { ...destination, 'jobmeter.outcome': ['delivered', 'transient', 'endpoint', 'data'] },
    },
  },
  observe({ deliveries: all, failedExports }, emit) {
    emit('failed', failedExports);
    for (const stats of all) {
      const to = { 'jobmeter.destination': stats.destination };
      emit('taken', stats.taken, to);
      emit('delivered', stats.delivered, to);
      for (const reason of REASONS)
        emit('lost', stats.lost.get(reason) ?? 0, { ...to, 'jobmeter.loss.reason': reason });
      emit('rejected', stats.rejectedPoints, to);
      for (const [outcome, count] of Object.entries(stats.attempts) as [keyof DeliveryStats['attempts'], number][]) {
        emit('attempts', count, { ...to, 'jobmeter.outcome': outcome });
      }
    }
  },
});
