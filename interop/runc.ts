// Real containers by runc, in v1 cgroups, with the built agent in them. Only root can make them.

import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OtlpRequest } from '../test/support/otlp.ts';
import { ended, root, until } from '../test/support/process.ts';
import type { Cleanup } from './agents.ts';
import { says } from './theirs.ts';

/** What a container sees of the cgroups: its own as runtimes mount it, its own as a root, or all of them. */
export type CgroupView = 'own' | 'namespace' | 'all';

interface Options {
  readonly id: string;
  readonly cgroup: string;
  readonly view?: CgroupView;
  readonly hasOwnNetwork?: boolean;
  /** `linux.resources` of the runtime specification. */
  readonly resources?: object;
}

/** What `runc events --stats` says. Some zeros are left out. */
export interface RuncStats {
  readonly cpu: {
    /** Nanoseconds. */
    readonly usage: { readonly user: number; readonly kernel: number };
    readonly throttling: Readonly<Partial<Record<'periods' | 'throttledPeriods' | 'throttledTime', number>>>;
  };
  readonly memory: {
    readonly usage: Readonly<Record<'limit' | 'usage' | 'max' | 'failcnt', number>>;
    readonly raw: Readonly<Record<string, number>>;
  };
  readonly pids: { readonly current: number; readonly limit: number };
  readonly blkio: {
    readonly ioServiceBytesRecursive?: readonly {
      readonly major?: number;
      readonly minor?: number;
      readonly op: string;
      readonly value?: number;
    }[];
  };
}

export interface Container {
  /** Of its first process, on the host. */
  readonly pid: number;
  /** Seconds since 1970 between which its first process was started. */
  readonly started: readonly [earliest: number, latest: number];
  /** Runs a command in it, to its end; fails with what it answers other than 0. */
  run(command: string): Promise<void>;
  stats(): Promise<RuncStats>;
  /** All that the agent in it has exported so far. */
  readonly documents: readonly OtlpRequest[];
  /** What else the agent has said. */
  log(): string;
}

const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID', 'KILL', 'MKNOD'].map((name) => `CAP_${name}`);

function configOf({ cgroup, view = 'own', hasOwnNetwork = true, resources = {} }: Options): object {
  const bind = (destination: string, source: string) => ({
    destination,
    source,
    type: 'bind',
    options: ['rbind', 'ro', 'rprivate'],
  });
  const tmpfs = (destination: string, mode: string) => ({
    destination,
    source: 'tmpfs',
    type: 'tmpfs',
    options: ['nosuid', 'noexec', `mode=${mode}`, 'size=64m'],
  });
  const own = { destination: '/sys/fs/cgroup', source: 'cgroup', type: 'cgroup', options: ['ro', 'nosuid', 'nodev'] };
  const namespaces = [
    'pid',
    'ipc',
    'uts',
    'mount',
    ...(hasOwnNetwork ? ['network'] : []),
    ...(view === 'namespace' ? ['cgroup'] : []),
  ];
  return {
    ociVersion: '1.0.2',
    hostname: 'guest',
    root: { path: 'rootfs' },
    process: {
      user: { uid: 0, gid: 0 },
      cwd: '/',
      // The shell is told what to do, and ends with whoever tells it; all that it has started ends with it. What the
      // agent writes is apart from what the others do. It starts later than the container: two times to be told apart.
      args: ['sh', '-c', 'echo ready; usleep 500000; /jobmeter/bin/jobmeter </dev/null & exec sh 2>&1'],
      env: [
        'PATH=/bin',
        'OTEL_METRICS_EXPORTER=console',
        'OTEL_METRIC_EXPORT_INTERVAL=1000',
        'JOBMETER_INTERVAL=200ms',
        'JOBMETER_INTERFACES=*',
        'JOBMETER_LOG_FORMAT=json',
      ],
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    mounts: [
      { destination: '/proc', source: 'proc', type: 'proc' },
      tmpfs('/dev', '755'),
      tmpfs('/dev/shm', '1777'),
      { destination: '/sys', source: '/sys', type: 'bind', options: ['bind', 'ro'] },
      view === 'all' ? bind('/sys/fs/cgroup', '/sys/fs/cgroup') : own,
      // Node's libraries.
      ...['/usr', '/lib', '/lib64']
        .filter((place) => existsSync(place))
        .map((place) => bind(place, realpathSync(place))),
      bind('/jobmeter/bin', path.join(root, 'bin')),
      bind('/jobmeter/dist', path.join(root, 'dist')),
      bind('/jobmeter/node_modules/.bin/node', realpathSync(process.execPath)),
    ],
    linux: { cgroupsPath: cgroup, namespaces: namespaces.map((type) => ({ type })), resources },
  };
}

/** A directory as runc takes it, on a disk. Its layers are mounted for the container alone, so they go with it. */
async function createBundle(t: Cleanup, options: Options): Promise<{ directory: string; mount: string }> {
  const directory = mkdtempSync('/var/tmp/jobmeter-runc-');
  t.after(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  for (const name of ['lower/bin', 'lower/tmp', 'upper', 'work', 'rootfs']) {
    mkdirSync(path.join(directory, name), { recursive: true });
  }
  cpSync('/bin/busybox', path.join(directory, 'lower/bin/busybox'), { dereference: true });
  await says('chroot', path.join(directory, 'lower'), '/bin/busybox', '--install', '-s', '/bin');
  writeFileSync(path.join(directory, 'config.json'), JSON.stringify(configOf(options)));
  const at = (name: string) => path.join(directory, name);
  const layers = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
  return { directory, mount: `mount -t overlay overlay -o ${layers} ${at('rootfs')}` };
}

/** Starts a container with the agent in it; both end with the test. */
export async function startContainer(t: Cleanup, options: Options): Promise<Container> {
  const { directory, mount } = await createBundle(t, options);
  const runc = ['--root', path.join(directory, 'state')] as const;
  const earliest = Date.now() / 1000;
  const child = spawn(
    'unshare',
    ['--mount', 'sh', '-c', `${mount} && exec runc "$@"`, 'sh', ...runc, 'run', '--bundle', directory, options.id],
    { stdio: 'pipe' },
  );
  const documents: OtlpRequest[] = [];
  let log = '';
  let answers = '';
  child.stdout.on('data', (text: Buffer) => (answers += text.toString()));
  // A document of which a part is out when the container ends is none.
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('{"resourceMetrics"')) documents.push(JSON.parse(line) as OtlpRequest);
      else log += `${line}\n`;
    }
  });
  const over = ended(child);
  t.after(async () => {
    child.stdin.end();
    // Where the shell waits for a command, nothing is to be waited for.
    await says('runc', ...runc, 'kill', options.id, 'KILL').catch(() => {});
    await over;
    await says('runc', ...runc, 'delete', '--force', options.id);
  });
  const answer = (pattern: RegExp) =>
    until(String(pattern), () => {
      if (child.exitCode !== null) throw new Error(`the container ended with ${child.exitCode}: ${log}`);
      return pattern.exec(answers)?.[1];
    });
  await answer(/^(ready)\n/);
  const latest = Date.now() / 1000;
  const { pid } = JSON.parse(await says('runc', ...runc, 'state', options.id)) as { pid: number };
  let asked = 0;
  return {
    pid,
    started: [earliest, latest],
    async run(command) {
      answers = '';
      asked++;
      child.stdin.write(`${command}\necho "${asked} = $?"\n`);
      const status = await answer(new RegExp(`^${asked} = (\\d+)\n`, 'm'));
      if (status !== '0') throw new Error(`${command}: ${answers}`);
    },
    async stats() {
      const text = await says('runc', ...runc, 'events', '--stats', options.id);
      return (JSON.parse(text) as { data: RuncStats }).data;
    },
    documents,
    log: () => log,
  };
}
