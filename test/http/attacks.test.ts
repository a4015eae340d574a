import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../src/clock.ts';
import { ask, connect, exchange, GET, parseReply, ROUTES, serve } from './client.ts';

const GUARD = { timeout: 60_000 };
const LIFETIME = 10_000;

const statusOf = (text: string) => parseReply(text).status;

/** A route that answers when the test says so. */
function gate() {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  let waiting = 0;
  let arrived = () => {};
  return {
    open,
    /** Resolves when so many requests wait. */
    async has(count: number): Promise<void> {
      while (waiting < count) await new Promise<void>((resolve) => (arrived = resolve));
    },
    route: {
      path: '/wait',
      async answer() {
        waiting++;
        arrived();
        await promise;
        return { status: 200, body: 'waited\n' };
      },
    },
  };
}

const WAIT = GET.replace('/healthz', '/wait');

suite('too many connections', GUARD, () => {
  test('the oldest that has not asked makes room, whatever it has sent so far', async (t) => {
    const { port, server } = await serve(t, { limits: { connections: 3 } });
    const silent = await connect(port);
    const half = await connect(port, GET.slice(0, -2));
    const last = await connect(port);
    assert.equal((await ask(port)).status, 200);
    await silent.closed;
    // The one that has asked is gone again: there is room for one, the second takes the place of `half`.
    const more = [await connect(port), await connect(port)];
    await half.closed;
    for (const { socket } of [last, ...more]) socket.write(GET);
    for (const client of [last, ...more]) {
      await client.closed;
      assert.equal(statusOf(client.text), 200);
    }
    assert.deepEqual([silent.text, half.text, server.stats.connectionsDropped], ['', '', 2]);
  });

  test('where all have asked, the new one is dropped', async (t) => {
    const { route, has, open } = gate();
    const { port, server } = await serve(t, { routes: [route], limits: { connections: 2 } });
    const asking = [await connect(port, WAIT), await connect(port, WAIT)];
    await has(2);
    const dropped = await connect(port, WAIT);
    await dropped.closed;
    assert.deepEqual([dropped.text, server.stats.connectionsDropped], ['', 1]);
    open();
    for (const client of asking) {
      await client.closed;
      assert.equal(statusOf(client.text), 200);
    }
  });

  test('10,000 that say nothing keep nobody out, and cost no memory', async (t) => {
    const { port, server } = await serve(t);
    const flooder = fork(new URL('./flooder.ts', import.meta.url), [String(port), '10000']);
    t.after(() => flooder.kill());
    const before = heap();
    const isOver = ended(flooder);
    let answers = 0;
    let mostSockets = 0;
    for (let over = false; !over; over = await Promise.race([isOver, Promise.resolve(false)])) {
      assert.equal((await ask(port)).status, 200);
      answers++;
      mostSockets = Math.max(mostSockets, sockets());
    }
    assert.equal(await isOver, true);
    assert.ok(answers >= 5, `${answers} answers`);
    assert.ok(server.stats.connectionsDropped > 5000, `${server.stats.connectionsDropped} dropped`);
    assert.ok(mostSockets < 128 + 10, `${mostSockets} sockets`);
    assert.ok(heap() - before < 8, `${heap() - before} MiB more`);
  });
});

/** MiB of JavaScript objects and buffers that are in use. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}

const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

async function ended(child: ChildProcess): Promise<true> {
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  return true;
}

suite('the one deadline', GUARD, () => {
  const beginnings: Readonly<Record<string, string>> = {
    'says nothing': '',
    'says half a line': 'GET /heal',
    'does not end its headers': GET.slice(0, -2),
  };
  for (const [name, bytes] of Object.entries(beginnings)) {
    test(`a client that ${name} is closed after 10 s, not before`, async (t) => {
      const { port, clock, server } = await serve(t);
      const [early, late] = [await connect(port, bytes), await connect(port, bytes)];
      await ask(port);
      await clock.advance(LIFETIME - 1);
      early.socket.write(GET.slice(bytes.length));
      await early.closed;
      assert.equal(statusOf(early.text), 200);
      await clock.advance(1);
      await late.closed;
      assert.deepEqual([late.text, server.stats.connectionsDropped, clock.timers], ['', 1, 0]);
    });
  }

  test('a byte now and then wins no time', async (t) => {
    const lifetime = 300;
    const { port } = await serve(t, { clock: systemClock, limits: { lifetime } });
    const start = performance.now();
    const client = await connect(port, 'GET / HTTP/1.1\r\nx: ');
    const dripping = setInterval(() => client.socket.write('x'), 10);
    await client.closed;
    clearInterval(dripping);
    assert.ok(performance.now() - start > lifetime * 0.9);
    assert.equal(client.text, '');
  });

  test('a client that does not read its answer', async (t) => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    const { port, clock, server } = await serve(t, { routes: [{ path: '/', answer: () => ({ status: 200, body }) }] });
    const client = await connect(port, GET.replace('/healthz', '/'));
    await once(client.socket, 'data');
    client.socket.pause();
    await clock.advance(LIFETIME);
    assert.equal(server.stats.connectionsDropped, 1);
    client.socket.resume();
    await client.closed;
    assert.ok(client.text.length < body.length, `${client.text.length}`);
  });

  test('a route that has more time than the connection', async (t) => {
    const { route, has } = gate();
    const { port, clock, server } = await serve(t, { routes: [route], limits: { answer: 20_000 } });
    const client = await connect(port, WAIT);
    await has(1);
    await clock.advance(LIFETIME);
    await client.closed;
    assert.equal(client.text, '');
    while (clock.timers > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([server.stats.requests.size, server.stats.connectionsDropped], [0, 1]);
  });
});

suite('one request a connection', GUARD, () => {
  test('what follows the first is not looked at', async (t) => {
    for (const next of [
      GET,
      'CONNECT x:1 HTTP/1.1\r\n\r\n',
      'garbage',
      '\0',
      'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n',
    ]) {
      const { port, server } = await serve(t);
      const text = await exchange(port, GET + next);
      assert.deepEqual([text.match(/HTTP\/1/g)?.length, statusOf(text)], [1, 200], next);
      assert.deepEqual([...server.stats.requests], [[200, 1]]);
    }
  });

  test('a body is no second request, whatever its length is said to be', async (t) => {
    for (const header of [
      'Content-Length: 0',
      'Content-Length: 9999',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: x',
    ]) {
      const { port, server } = await serve(t);
      const text = await exchange(port, `${GET.slice(0, -2)}${header}\r\n\r\n0\r\n\r\n${GET}`);
      assert.deepEqual([text.match(/HTTP\/1/g)?.length, statusOf(text)], [1, 200], header);
      assert.deepEqual([...server.stats.requests], [[200, 1]]);
    }
  });

  test('requests that pile up while the first waits are not read', async (t) => {
    const { route, has, open } = gate();
    const { port } = await serve(t, { routes: [route, ...ROUTES] });
    // The kernel holds a part of it; the rest stays with the client.
    const pile = Buffer.from(WAIT.repeat(500_000));
    const client = await connect(port, WAIT);
    await has(1);
    const before = heap();
    client.socket.write(pile);
    for (let i = 0; i < 50; i++) assert.equal((await ask(port)).status, 200);
    assert.ok(client.socket.writableLength > 0);
    assert.ok(heap() - before < 8, `${heap() - before} MiB more`);
    open();
    await client.closed;
  });

  test('a request in single bytes is a request', async (t) => {
    const { port } = await serve(t);
    const client = await connect(port);
    client.socket.setNoDelay(true);
    for (const byte of GET) await new Promise((resolve) => client.socket.write(byte, resolve));
    await client.closed;
    assert.equal(statusOf(client.text), 200);
  });
});

suite('clients that leave', GUARD, () => {
  test('only their own side, right after asking: they get their answer', async (t) => {
    const { route, has, open } = gate();
    const { port } = await serve(t, { routes: [route] });
    const client = await connect(port);
    client.socket.end(WAIT);
    await has(1);
    open();
    await client.closed;
    assert.equal(statusOf(client.text), 200);
  });

  test('in the midst of their headers', async (t) => {
    const { port } = await serve(t);
    const client = await connect(port);
    client.socket.end('GET / HT');
    await client.closed;
    assert.equal(statusOf(client.text), 400);
  });

  test('without a word, with a reset, before or in the midst of the answer', async (t) => {
    const { route, has, open } = gate();
    const { port, clock, server } = await serve(t, { routes: [route, ...ROUTES] });
    for (const close of ['end', 'destroy', 'resetAndDestroy'] as const) {
      for (const bytes of ['', 'GET', WAIT]) {
        const client = await connect(port, bytes);
        client.socket[close]();
      }
    }
    assert.equal((await ask(port)).status, 200);
    await has(2);
    open();
    while (clock.timers > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.stats.connectionsDropped, 0);
  });
});
