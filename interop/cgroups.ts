// Real cgroups for tests.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Limits {
  /** CPUs. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

export interface TestCgroup {
  /** The shell command that puts the shell itself into the cgroup. */
  readonly enter: string;
  /** Seconds of CPU time, as the kernel says, read without our parsers. */
  cpuSeconds(): number;
  memoryBytes(): number;
  remove(): void;
}

const MOUNT = '/sys/fs/cgroup';

/** A real cgroup below the root with limits; on v1 in each controller, else on v2. */
export function createCgroup(name: string, { cpu, memory }: Limits): TestCgroup {
  const isV1 = existsSync(`${MOUNT}/memory`);
  const controllers = isV1 ? ['cpu', 'cpuacct', 'memory'] : [''];
  const directories = controllers.map((controller) => path.join(MOUNT, controller, name));
  if (!isV1) writeFileSync(`${MOUNT}/cgroup.subtree_control`, '+cpu +memory');
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  const file = (controller: string, base: string) => path.join(MOUNT, isV1 ? controller : '', name, base);
  const number = (controller: string, base: string) => Number(readFileSync(file(controller, base), 'utf8').trim());
  if (isV1) {
    writeFileSync(file('cpu', 'cpu.cfs_quota_us'), String(cpu * 100_000));
    writeFileSync(file('memory', 'memory.limit_in_bytes'), String(memory));
  } else {
    writeFileSync(file('', 'cpu.max'), `${cpu * 100_000} 100000`);
    writeFileSync(file('', 'memory.max'), String(memory));
  }
  return {
    enter: directories.map((directory) => `echo $$ > ${directory}/cgroup.procs`).join(' && '),
    cpuSeconds: () =>
      isV1
        ? number('cpuacct', 'cpuacct.usage') / 1e9
        : Number(/usage_usec (\d+)/.exec(readFileSync(file('', 'cpu.stat'), 'utf8'))?.[1]) / 1e6,
    memoryBytes: () => (isV1 ? number('memory', 'memory.usage_in_bytes') : number('', 'memory.current')),
    remove() {
      for (const directory of directories) {
        for (let at = directory, depth = name.split('/').length; depth > 0; depth--, at = path.dirname(at)) {
          if (existsSync(at)) rmdirSync(at);
        }
      }
    },
  };
}
