import { parseNumber } from '../kernel/bytes.ts';
import { keyed } from '../kernel/keyed.ts';
import { defineSource, type Source } from '../source.ts';
import { accounted, containerOnly, discover } from './discover.ts';
import { tightestIn } from './levels.ts';

export interface ContainerPids {
  readonly path: string;
  readonly count?: number | undefined;
  readonly limit?: number | undefined;
  readonly events?: number | undefined;
}

const parseEvents = keyed(['max']);

/** Tasks of the own cgroup: the kernel counts threads, whatever the controller's name says. */
export const containerPids: Source<ContainerPids> = defineSource({
  name: 'container-pids',
  since: 'unknown',
  metrics: {
    count: {
      name: 'jobmeter.container.pids.count',
      kind: 'updowncounter',
      unit: '{thread}',
      value: 'int',
      description: 'Threads of all processes in the own cgroup and those below it.',
      from: 'pids.current',
    },
    limit: {
      name: 'jobmeter.container.pids.limit',
      kind: 'updowncounter',
      unit: '{thread}',
      value: 'int',
      description: 'The tightest limit on threads of the own cgroup and its visible ancestors; absent without one.',
      from: 'pids.max',
    },
    events: {
      name: 'jobmeter.container.pids.events',
      kind: 'counter',
      unit: '{event}',
      value: 'int',
      description: 'How often no thread or process could be made, since a limit was reached.',
      from: 'pids.events, max: with v2 of newer kernels those that met the limit of the own cgroup or of one below; else those that were tried in the own cgroup itself, whoever limits it',
    },
  },
  read(host) {
    const own = discover(host);
    const cgroup = containerOnly(own?.pids ?? own?.unified);
    const found = cgroup && accounted(host, cgroup, 'pids.current');
    if (found === undefined) return undefined;
    const { path, directories } = found;
    return {
      path,
      count: host.read(`${directories[0]}/pids.current`, parseNumber),
      limit: tightestIn(host, directories, 'pids.max'),
      events: host.read(`${directories[0]}/pids.events`, parseEvents)?.max,
    };
  },
  identity: ({ path }) => path,
  observe({ count, limit, events }, emit) {
    emit('count', count);
    emit('limit', limit);
    emit('events', events);
  },
});
