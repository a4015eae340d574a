// One attack on a local server, by itself in a process: attacker.ts KIND PORT SOURCE COUNT SECONDS. It comes from the
// address SOURCE, and prints what came of it as JSON.

import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [kind = '', port, source = '127.0.0.1', count, seconds] = process.argv.slice(2);
const connections = Number(count);
const end = performance.now() + Number(seconds) * 1000;

/** Connects at once so many at a time: more would only wait in the kernel's queue, and time out there. */
const AT_ONCE = 100;

/** One that is connected; undefined where the server has closed it before we could look. */
async function connect(): Promise<net.Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<net.Socket | undefined>();
  const socket = net.connect({ port: Number(port), host: '127.0.0.1', localAddress: source });
  socket.once('connect', () => resolve(socket));
  socket.on('error', () => resolve(undefined));
  return promise;
}

/** Opens connections that say nothing, and holds those that it may. */
async function idle() {
  const open = new Set<net.Socket>();
  async function openMany(many: number): Promise<void> {
    for (let index = 0; index < many; index++) {
      const socket = await connect();
      if (socket === undefined) continue;
      open.add(socket);
      socket.once('close', () => open.delete(socket)).resume();
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => openMany(connections / AT_ONCE)));
  await sleep(Number(seconds) * 1000);
  const held = open.size;
  for (const socket of open) socket.destroy();
  return { held };
}

/** Headers that never end, on so many connections; one that is closed is opened again. */
async function slowloris() {
  let opened = 0;
  let closed = 0;
  async function trickle(): Promise<void> {
    while (performance.now() < end) {
      const socket = await connect();
      if (socket !== undefined) {
        opened++;
        socket.resume().write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n');
        for (let index = 0; performance.now() < end && !socket.destroyed; index++) {
          socket.write(`X-${index}: a\r\n`);
          await sleep(100);
        }
        if (socket.destroyed) closed++;
        socket.destroy();
      }
      await sleep(100);
    }
  }
  await Promise.all(Array.from({ length: connections }, trickle));
  return { opened, closed };
}

/** Scrapes at the same time. */
async function scrape() {
  const results = { whole: 0, refused: 0, broken: 0 };
  async function one(): Promise<void> {
    const socket = await connect();
    let answer = '';
    if (socket !== undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
      socket.once('close', () => resolve());
      socket.write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await promise;
    }
    const length = Number(/^content-length: (\d+)/m.exec(answer)?.[1]);
    if (answer === '') results.refused++;
    else if (answer.startsWith('HTTP/1.1 200') && answer.length === answer.indexOf('\r\n\r\n') + 4 + length)
      results.whole++;
    else results.broken++;
  }
  await Promise.all(Array.from({ length: connections }, one));
  return results;
}

/** Asks for everything, several times, and reads none of it. */
async function deaf() {
  const sockets = await Promise.all(Array.from({ length: connections }, connect));
  for (const socket of sockets) socket?.pause().write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(50));
  while (performance.now() < end) await sleep(50);
  for (const socket of sockets) socket?.destroy();
  return { opened: sockets.filter((socket) => socket !== undefined).length };
}

/** Headers of many kilobytes. */
async function fat() {
  let asked = 0;
  let statuses = 0;
  async function one(): Promise<void> {
    while (performance.now() < end) {
      const socket = await connect();
      if (socket === undefined) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.setEncoding('latin1').once('data', (text: string) => {
        if (text.startsWith('HTTP/1.1 431')) statuses++;
      });
      socket.once('close', () => resolve());
      asked++;
      socket.write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(256 * 1024)}\r\n\r\n`);
      await promise;
    }
  }
  await Promise.all(Array.from({ length: connections }, one));
  return { asked, statuses };
}

const attacks: Readonly<Record<string, () => Promise<object>>> = { idle, slowloris, scrape, deaf, fat };
process.stdout.write(`${JSON.stringify(await attacks[kind]!())}\n`);
