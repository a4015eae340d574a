// Real cgroups for tests.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../test/support/process.ts';

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

/** Whether the controllers of v1 are mounted apart here, so that {@link createCgroupV1} can be used. */
export const hasV1: boolean = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'].every((controller) =>
  existsSync(path.join(MOUNT, controller, 'tasks')),
);

/** Whether v2 is mounted beside v1, without controllers, and measures pressure. */
export const hasPressureBesideV1: boolean = existsSync(path.join(MOUNT, 'unified', 'cpu.pressure'));

export interface CgroupV1 {
  readonly enter: string;
  /** The content of a file, without our parsers. */
  text(controller: string, file: string): string;
  /** The number behind `key`, or the file's only one. */
  number(controller: string, file: string, key?: string): number;
  /** Removes it; throws while there are processes in it. */
  remove(): void;
}

/** A real cgroup of v1 in each of these hierarchies, with what is written to its files. */
export function createCgroupV1(
  name: string,
  hierarchies: Readonly<Record<string, Readonly<Record<string, string | number>>>>,
): CgroupV1 {
  const directoryOf = (controller: string) => path.join(MOUNT, controller, name);
  const directories = Object.keys(hierarchies).map(directoryOf);
  for (const [controller, files] of Object.entries(hierarchies)) {
    mkdirSync(directoryOf(controller));
    for (const [file, value] of Object.entries(files)) {
      writeFileSync(path.join(directoryOf(controller), file), String(value));
    }
  }
  const text = (controller: string, file: string) => readFileSync(path.join(directoryOf(controller), file), 'utf8');
  return {
    enter: directories.map((directory) => `echo $$ > ${directory}/cgroup.procs`).join(' && '),
    text,
    number(controller, file, key) {
      const content = text(controller, file);
      return Number(key === undefined ? content : new RegExp(`^${key} (\\d+)$`, 'm').exec(content)?.[1]);
    },
    remove() {
      for (const directory of directories) if (existsSync(directory)) rmdirSync(directory);
    },
  };
}

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

/** Removes it as soon as it is empty: the kernel takes a moment to let go of processes that have ended. */
export async function removeWhenEmpty(cgroup: { remove(): void }): Promise<void> {
  await until('the cgroup to be empty', () => {
    try {
      cgroup.remove();
      return true;
    } catch {
      return undefined;
    }
  });
}
