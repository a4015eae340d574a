import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { agent, run, until } from '../test/support/process.ts';
import { startReceiver } from '../test/support/receiver.ts';
import { cleanup, startAgent } from './agents.ts';
import { cgroupFor, startIn } from './in-cgroup.ts';
import { between, eventually, near, oursOf, parsePage, says, sumOf } from './theirs.ts';

const MIB = 1024 * 1024;

test('a command costs the container what time(1) says of it', async (t) => {
  const end = cleanup(t);
  const receiver = await startReceiver(t, () => ({}));
  const cgroup = cgroupFor(end, 'time', { cpu: 2, memory: 1024 * MIB });
  const runIn = async (command: string, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await run('sh', ['-c', `${cgroup.enter} && exec "$@"`, 'sh', command, ...args], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
      LC_ALL: 'C',
    });
    assert.equal(code, 0, stderr);
    return stdout + stderr;
  };
  /** What the agent says from within, and what the kernel says before it was started and after it ended. */
  const read = async () => {
    const before = cgroup.cpuSeconds();
    await runIn(agent, '--once', '--interval', '100ms');
    const after = cgroup.cpuSeconds();
    const ours = oursOf(points(parseRequest(receiver.requests.at(-1)!.body)));
    const cpu = (mode: string) => ours.value('container.cpu.time', { 'cpu.mode': mode });
    const [user, system] = [cpu('user'), cpu('system')];
    // On v1 each of the two is rounded down to 10 ms.
    between('CPU time', user + system, before, after, 0.02);
    return { ours, user, system, own: after - before };
  };

  const first = await read();
  const text = await runIn('/usr/bin/time', '-v', 'sh', '-c', 'dd if=/dev/zero bs=200M count=3 | sha256sum');
  const last = await read();
  const say = (words: string) => Number(new RegExp(`^\\t${words}: ([\\d.]+)$`, 'm').exec(text)?.[1]);
  const theirs = { user: say('User time \\(seconds\\)'), system: say('System time \\(seconds\\)') };
  const grown = { user: last.user - first.user, system: last.system - first.system };
  const all = theirs.user + theirs.system;
  // Beyond the command there are both runs of the agent, in part; time(1) rounds, and does not count itself.
  between('user and system', grown.user + grown.system, all, all + first.own + last.own, 0.1);
  // The kernel tells the two apart by looking a hundred times a second, for the command and for the cgroup by itself.
  const either = 0.1 * all + 0.1;
  for (const mode of ['user', 'system'] as const) {
    between(mode, grown[mode], theirs[mode], theirs[mode] + first.own + last.own, either);
  }
  assert.ok(theirs.user > 2 * theirs.system, `user and system can be told apart: ${JSON.stringify(theirs)}`);

  const resident = say('Maximum resident set size \\(kbytes\\)') * 1024;
  assert.ok(resident > 200 * MIB);
  const [peakBefore, peak] = [first, last].map(({ ours }) => ours.value('jobmeter.container.memory.peak'));
  // Of the resident memory, the pages of programs and libraries may be charged to whoever used them first.
  assert.ok(peakBefore! < 150 * MIB && peak! >= resident - 8 * MIB, `${peakBefore}, then ${peak} for ${resident}`);
  const usage = last.ours.value('container.memory.usage');
  assert.ok(usage < peak! && usage < 150 * MIB, `${usage} of ${peak} after the command`);
});

test('memory of a container is that of systemd-cgtop', async (t) => {
  const end = cleanup(t);
  const cgroup = cgroupFor(end, 'cgtop', { cpu: 1, memory: 512 * MIB });
  startIn(end, cgroup, '(head -c 300M /dev/zero; exec sleep 1000) | exec tail -n 1');
  await until('the memory to be held', () => (cgroup.memoryBytes() > 300 * MIB ? true : undefined));
  const { url } = await startAgent(end, {
    args: ['--interval', '100ms', '--metrics', 'default,container.*'],
    enter: cgroup.enter,
  });
  const cgtop = async () => {
    const line = (await says('systemd-cgtop', '--batch', '--raw', '--iterations=1', '--depth=1'))
      .split('\n')
      .find((line) => line.startsWith(`/${cgroup.name} `));
    return Number(line?.split(/\s+/)[3]);
  };
  const usage = async () => {
    const page = parsePage(await (await fetch(url)).text());
    return sumOf(page, /^container_memory_usage_bytes\{/);
  };
  await until('the first sample', () => usage().catch(() => undefined));
  await eventually(async () => {
    const before = await cgtop();
    const ours = await usage();
    near('memory', ours, before, await cgtop(), MIB);
    assert.ok(before > 300 * MIB);
  });
});
