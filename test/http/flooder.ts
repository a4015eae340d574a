// node flooder.ts PORT COUNT: opens so many connections to 127.0.0.1 in waves, and says nothing on them.

import net from 'node:net';

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const WAVE = 200;

function open(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {}).on('connect', resolve);
  socket.on('close', () => resolve());
  return promise;
}

for (let opened = 0; opened < count; opened += WAVE) await Promise.all(Array.from({ length: WAVE }, open));
process.exit(0);
