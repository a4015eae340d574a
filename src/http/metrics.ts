import { defineMetrics, type MetricSet } from '../../instrumentation/source.ts';
import type { ServerStats } from './server.ts';

export const serverMetrics: MetricSet<ServerStats> = defineMetrics({
  name: 'server',
  since: 'agent',
  metrics: {
    requests: {
      name: 'jobmeter.server.requests',
      kind: 'counter',
      unit: '{request}',
      value: 'int',
      description: 'Requests to the local server by the status of the answer, refused ones too.',
      from: 'the local server',
      attributes: { 'http.response.status_code': 'string' },
    },
    dropped: {
      name: 'jobmeter.server.connections.dropped',
      kind: 'counter',
      unit: '{connection}',
      value: 'int',
      description: 'Connections that the local server closed since they were too many, or took too long.',
      from: 'the local server',
    },
  },
  observe({ requests, connectionsDropped }, emit) {
    for (const [status, count] of requests) emit('requests', count, { 'http.response.status_code': String(status) });
    emit('dropped', connectionsDropped);
  },
});
