import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../test/support/process.ts';
import { cleanup, startAgent } from './agents.ts';
import { A, B, createNetworks, readSource, startScript, type TestNetwork } from './namespaces.ts';
import { between, bracket, eventually, parsePage, says, startNodeExporter, the } from './theirs.ts';

const MIB = 1024 * 1024;

/** Answers with its port; takes what comes, and ends nothing by itself. */
const SERVER = `
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    if (line.endsWith('end')) socket.on('end', () => socket.end());
    socket.resume();
    kept.push(socket);
  });
  server.listen(0, line.split(' ')[0]);
  await once(server, 'listening');
  return server.address().port;
`;

interface LinkStats {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

/** Of the host where no network is given. */
async function linkStats(network: TestNetwork | undefined, link: string): Promise<Readonly<Record<string, number>>> {
  const where = network === undefined ? [] : ['-n', network.name];
  const [found] = JSON.parse(await says('ip', ...where, '-s', '-j', 'link', 'show', link)) as [
    { stats64: { rx: LinkStats; tx: LinkStats } },
  ];
  const { rx, tx } = found.stats64;
  const of = ({ bytes, packets, errors, dropped }: LinkStats, direction: string) => ({
    [`io ${link} ${direction}`]: bytes,
    [`packets ${link} ${direction}`]: packets,
    [`errors ${link} ${direction}`]: errors,
    [`dropped ${link} ${direction}`]: dropped,
  });
  return { ...of(rx, 'receive'), ...of(tx, 'transmit') };
}

const only = (found: Readonly<Record<string, number>>, link: string) =>
  Object.fromEntries(Object.entries(found).filter(([series]) => series.includes(` ${link} `)));

test('a transfer of known size through a cable between two networks: both ends count as ip(8) does', async (context) => {
  const t = cleanup(context);
  const { a, b } = await createNetworks(t);
  const port = await startScript(t, b, SERVER).ask(`${B} end`);
  const before = (await readSource(a.enter, 'host/container-network.ts', 'containerNetwork'))!;
  const sender = startScript(
    t,
    a,
    `const socket = net.connect(${port}, '${B}');
     socket.end(Buffer.alloc(Number(line)));
     socket.resume();
     await once(socket, 'close');
     return socket.bytesWritten;`,
  );
  assert.equal(await sender.ask(String(20 * MIB)), String(20 * MIB));
  await eventually(async () => {
    for (const [network, link] of [
      [a, 'a0'],
      [b, 'b0'],
    ] as const) {
      const ours = (await readSource(network.enter, 'host/container-network.ts', 'containerNetwork'))!;
      assert.deepEqual(only(ours, link), await linkStats(network, link));
    }
  });
  const after = (await readSource(a.enter, 'host/container-network.ts', 'containerNetwork'))!;
  const sent = after['io a0 transmit']! - before['io a0 transmit']!;
  assert.ok(sent > 20 * MIB && sent < 21 * MIB, `${sent} bytes for 20 MiB with their headers`);
  const host = (await readSource(a.enter, 'host/network.ts', 'network'))!;
  assert.deepEqual(only(host, 'a0'), {}, 'the host has no such interface');
  assert.ok('io lo receive' in host);
});

test('sockets in known states are in these states, as ss(8) says', async (context) => {
  const t = cleanup(context);
  const { a } = await createNetworks(t);
  const server = startScript(t, a, SERVER);
  const [stays, ends] = [await server.ask('127.0.0.1'), await server.ask('127.0.0.1 end')];
  const client = startScript(
    t,
    a,
    `const [port, count, half] = line.split(' ');
     for (let i = 0; i < count; i++) {
       const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
       kept.push(socket);
       await once(socket, 'connect');
       if (half === undefined) continue;
       socket.end().resume();
       if (half === 'closed') await once(socket, 'close');
     }
     return 'done';`,
  );
  await client.ask(`${stays} 5`);
  await client.ask(`${stays} 3 half`);
  await client.ask(`${ends} 2 closed`);
  const expected = {
    listen: 2,
    // Each connection has both of its ends here.
    established: 2 * 5,
    fin_wait_2: 3,
    close_wait: 3,
    time_wait: 2,
  };
  const theirNames = { LISTEN: 'listen', ESTAB: 'established', 'FIN-WAIT-2': 'fin_wait_2', 'CLOSE-WAIT': 'close_wait' };
  await eventually(async () => {
    const found = (await readSource(a.enter, 'host/tcp-connections.ts', 'containerTcpConnections'))!;
    const states = Object.entries(found).filter(([series, count]) => series.startsWith('states ') && count > 0);
    const ours = Object.fromEntries(states.map(([series, count]) => [series.split(' ')[1], count]));
    assert.deepEqual(ours, expected);
    assert.equal(found['sockets'], 20);
    const lines = (await a.says('ss', '-tanH')).trim().split('\n');
    const theirs: Record<string, number> = {};
    for (const line of lines) {
      const name = line.split(' ')[0]!;
      const state = (theirNames as Record<string, string>)[name] ?? name.toLowerCase().replaceAll('-', '_');
      theirs[state] = (theirs[state] ?? 0) + 1;
    }
    assert.deepEqual(ours, theirs);
  });
});

test('segments that are sent again are counted, where the answers go into a black hole', async (context) => {
  const t = cleanup(context);
  const { a, b } = await createNetworks(t);
  const port = await startScript(t, b, SERVER).ask(B);
  const sender = startScript(
    t,
    a,
    `if (line === 'connect') {
       kept.push(net.connect(${port}, '${B}'));
       await once(kept[0], 'connect');
     } else kept[0].write('lost');
     return 'done';`,
  );
  await sender.ask('connect');
  const count = async () => (await readSource(a.enter, 'host/tcp.ts', 'containerTcp'))!;
  assert.equal((await count())['retransmits'], 0);
  await says('ip', '-n', b.name, 'route', 'add', 'blackhole', `${A}/32`);
  await sender.ask('write');
  const theirs = async () => Number(/retrans:\d+\/(\d+)/.exec(await a.says('ss', '-tinH', 'dst', B))?.[1] ?? 0);
  await until('three of them', async () => ((await theirs()) >= 3 ? true : undefined));
  await says('ip', '-n', b.name, 'route', 'delete', 'blackhole', `${A}/32`);
  await until('the answer to the last one', async () =>
    /unacked/.test(await a.says('ss', '-tinH', 'dst', B)) ? undefined : true,
  );
  const { retransmits, 'segments transmit': sent, 'segments receive': received } = await count();
  assert.equal(retransmits, await theirs());
  const nstat = await a.says('nstat', '-asz', 'TcpInSegs', 'TcpOutSegs', 'TcpRetransSegs');
  const theirCount = (name: string) => Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(nstat)?.[1]);
  assert.deepEqual(
    [received, sent, retransmits],
    [theirCount('TcpInSegs'), theirCount('TcpOutSegs'), theirCount('TcpRetransSegs')],
  );
});

test('whose network it is: in a network of its own, in a container, in one with the network of the host', async () => {
  const read = async (...enter: readonly [string, ...string[]]) => {
    const host = await readSource(enter, 'host/network.ts', 'network');
    const container = await readSource(enter, 'host/container-network.ts', 'containerNetwork');
    // A network that was just made has one interface, through which nothing went yet.
    const isNew = (found: Readonly<Record<string, number>> | undefined) =>
      found === undefined ? 'absent' : Object.values(found).every((value) => value === 0) ? 'new' : 'used';
    return { host: isNew(host), container: isNew(container) };
  };
  const container = ['--pid', '--fork', '--mount-proc'] as const;
  assert.deepEqual(await read('env'), { host: 'used', container: 'absent' });
  assert.deepEqual(await read('unshare', '--net'), { host: 'used', container: 'new' });
  assert.deepEqual(await read('unshare', '--net', ...container), { host: 'absent', container: 'new' });
  assert.deepEqual(await read('unshare', ...container), { host: 'used', container: 'absent' });
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
  assert.deepEqual(await read('unshare', '--net', ...nobody), { host: 'used', container: 'new' });
  assert.deepEqual(await read(...nobody), { host: 'used', container: 'absent' });
});

test('the interfaces of the host and what TCP counted are between two scrapes of node_exporter', async (t) => {
  const scrape = await startNodeExporter(t, 'netdev', 'netstat');
  // node_exporter leaves this one out.
  const theirs = async () => ({ page: await scrape(), lo: await linkStats(undefined, 'lo') });
  const { before, ours, after } = await bracket(theirs, '--interfaces', '*');
  const devices = [...before.page.keys()].flatMap((series) => {
    const device = /^node_network_receive_bytes_total\{device="([^"]+)"\}$/.exec(series)?.[1];
    return device === undefined || device === 'lo' ? [] : [device];
  });
  assert.ok(devices.length > 0);
  const metrics = {
    'system.network.io': ['bytes', 'io'],
    'system.network.packet.count': ['packets', 'packets'],
    'system.network.errors': ['errs', 'errors'],
    'system.network.packet.dropped': ['drop', 'dropped'],
  } as const;
  for (const [name, [theirName, ip]] of Object.entries(metrics)) {
    assert.equal(ours.all(name).size, 2 * (devices.length + 1));
    for (const direction of ['receive', 'transmit']) {
      const value = (device: string) => {
        const attribute = ip === 'packets' ? 'system.device' : 'network.interface.name';
        return ours.value(name, { [attribute]: device, 'network.io.direction': direction });
      };
      for (const device of devices) {
        const series = `node_network_${direction}_${theirName}_total{device="${device}"}`;
        between(series, value(device), the(before.page, series), the(after.page, series));
      }
      const series = `${ip} lo ${direction}`;
      between(series, value('lo'), before.lo[series]!, after.lo[series]!);
    }
  }
  const tcp = {
    Tcp_InSegs: ours.value('jobmeter.host.network.tcp.segments', { 'network.io.direction': 'receive' }),
    Tcp_OutSegs: ours.value('jobmeter.host.network.tcp.segments', { 'network.io.direction': 'transmit' }),
    Tcp_RetransSegs: ours.value('jobmeter.host.network.tcp.retransmits'),
    TcpExt_ListenOverflows: ours.value('jobmeter.host.network.tcp.listen_overflows'),
  };
  for (const [name, value] of Object.entries(tcp)) {
    between(name, value, the(before.page, `node_netstat_${name}`), the(after.page, `node_netstat_${name}`));
  }
  assert.equal(ours.all('container.network.io').size, 0, 'it is no container');
});

test('an interface that is removed while the agent runs is in no later answer', async (context) => {
  const t = cleanup(context);
  const { a } = await createNetworks(t);
  const served = await startAgent(t, { args: ['--interval', '100ms'], enter: `exec ${a.enter.join(' ')} "$@"` });
  const fetching = `process.stdout.write(await (await fetch(${JSON.stringify(served.url)})).text())`;
  const scrape = async () => parsePage(await a.says(process.execPath, '--input-type=module', '-e', fetching));
  const names = async () =>
    [...(await scrape()).keys()].filter((series) => series.includes('container_network')).join('\n');
  await says('ip', '-n', a.name, 'link', 'add', 'gone0', 'type', 'ifb');
  await until('the new interface', async () => ((await names()).includes('"gone0"') ? true : undefined));
  await says('ip', '-n', a.name, 'link', 'delete', 'gone0');
  await until('its end', async () => ((await names()).includes('"gone0"') ? undefined : true));
  assert.match(await names(), /"a0"/);
});
