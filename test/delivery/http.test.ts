import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import http from 'node:http';
import type { Socket } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type HttpAnswer, request } from '../../src/delivery/http.ts';
import { type Received, startReceiver } from '../support/receiver.ts';

/** For a test in which no time is to run out, however slow the machine. */
const LONG = 20_000;

/** Ends a test whose awaited thing does not come. */
const GUARD = { timeout: 4 * LONG };

interface Asking {
  readonly url: URL;
  readonly timeout?: number;
  readonly body?: string;
  readonly agent?: http.Agent;
  readonly signal?: AbortSignal;
}

function keepAlive(t: TestContext, options: http.AgentOptions = {}): http.Agent {
  const agent = new http.Agent({ keepAlive: true, ...options });
  t.after(() => agent.destroy());
  return agent;
}

function ask({ url, timeout = LONG, body = 'question', agent, signal }: Asking): Promise<HttpAnswer> {
  return request({
    url,
    method: 'POST',
    headers: { 'x-test': 'yes' },
    body: new TextEncoder().encode(body),
    timeout,
    agent: agent ?? new http.Agent(),
    signal: signal ?? new AbortController().signal,
  });
}

const textOf = ({ body }: HttpAnswer): string => new TextDecoder().decode(body);

/** Rejects with this code, and not before the time is up. */
async function assertTimesOut(timeout: number, asking: Omit<Asking, 'timeout'>): Promise<void> {
  const start = performance.now();
  await assert.rejects(ask({ ...asking, timeout }), {
    code: 'ETIMEDOUT',
    message: `no complete answer within ${timeout / 1000} s`,
  });
  assert.ok(performance.now() - start > timeout * 0.9);
}

/** Whether it was by an error or not. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

suite('one request, one answer', GUARD, () => {
  test('method, headers and body arrive, status, headers and body come back', async (t) => {
    const receiver = await startReceiver(t, () => ({
      status: 418,
      headers: { 'retry-after': '7' },
      body: 'short and stout',
    }));
    const answer = await ask({ url: receiver.url, body: 'x'.repeat(1_000_000) });
    assert.deepEqual([answer.status, answer.headers['retry-after'], textOf(answer)], [418, '7', 'short and stout']);
    const [{ method, path, headers, body }] = receiver.requests as [Received];
    assert.deepEqual([method, path, headers['x-test'], body.length], ['POST', '/v1/metrics', 'yes', 1_000_000]);
    assert.equal(headers['content-length'], '1000000');
    assert.equal(headers['transfer-encoding'], undefined);
  });

  test('a redirect is an answer, and is not followed', async (t) => {
    const elsewhere = await startReceiver(t, () => ({}));
    for (const status of [301, 302, 303, 307, 308]) {
      const receiver = await startReceiver(t, () => ({ status, headers: { location: elsewhere.url.href } }));
      assert.equal((await ask({ url: receiver.url })).status, status);
      assert.equal(receiver.requests.length, 1);
    }
    assert.equal(elsewhere.connections, 0);
  });

  test('an interim answer is not the answer', async (t) => {
    const receiver = await startReceiver(t, (_received, response) => {
      response.writeProcessing();
      response.end('done');
    });
    const answer = await ask({ url: receiver.url });
    assert.deepEqual([answer.status, textOf(answer)], [200, 'done']);
  });

  test('nobody listens', async () => {
    await assert.rejects(ask({ url: new URL('http://127.0.0.1:1/') }), { code: 'ECONNREFUSED' });
  });

  test('an answer that is not HTTP', async (t) => {
    for (const answer of ['220 mail.example ESMTP\r\n', '\u0000\u0001\u0002', 'HTTP/1.1 abc\r\n\r\n']) {
      const receiver = await startReceiver(t, ({ socket }) => {
        socket.end(answer);
      });
      await assert.rejects(ask({ url: receiver.url }), /Parse Error/);
      assert.equal(receiver.requests.length, 1);
    }
  });

  test('headers without end are not swallowed', async (t) => {
    const receiver = await startReceiver(t, ({ socket }) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const flood = () => {
        while (socket.writable && socket.write(`x-${'y'.repeat(1000)}: z\r\n`));
      };
      socket.on('drain', flood);
      flood();
    });
    await assert.rejects(ask({ url: receiver.url }), { code: 'HPE_HEADER_OVERFLOW' });
  });

  test('a connection that ends without an answer, or in the midst of one', async (t) => {
    for (const said of ['', 'HTTP/1.1 200 OK\r\ncontent-le', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf']) {
      const receiver = await startReceiver(t, ({ socket }) => {
        socket.end(said);
      });
      await assert.rejects(ask({ url: receiver.url }), { code: 'ECONNRESET' });
      assert.equal(receiver.requests.length, 1, 'a new connection is no reason to try again');
    }
  });
});

suite('the time for all of it', GUARD, () => {
  test('no answer', async (t) => {
    const receiver = await startReceiver(t, () => {});
    await assertTimesOut(200, { url: receiver.url });
  });

  test('headers, then silence', async (t) => {
    const receiver = await startReceiver(t, (_received, response) => {
      response.writeHead(200, { 'content-length': '10' }).flushHeaders();
    });
    await assertTimesOut(200, { url: receiver.url });
  });

  test('one byte now and then: of the headers, of the body', async (t) => {
    for (const beginning of ['HTTP/1.1 200 OK\r\nx: ', 'HTTP/1.1 200 OK\r\n\r\n']) {
      const receiver = await startReceiver(t, ({ socket }) => {
        socket.write(beginning);
        const dripping = setInterval(() => socket.write('.'), 10);
        socket.on('close', () => clearInterval(dripping));
        socket.on('error', () => {});
      });
      await assertTimesOut(300, { url: receiver.url });
    }
  });

  test('a name that is never looked up', async (t) => {
    const agent = keepAlive(t, { lookup: () => {} });
    await assertTimesOut(100, { url: new URL('http://black-hole.test/'), agent });
  });

  test('the connection is closed, and the next request gets a new one', async (t) => {
    const receiver = await startReceiver(t, () => (receiver.requests.length === 1 ? undefined : { body: 'fine' }));
    const agent = keepAlive(t);
    await assertTimesOut(200, { url: receiver.url, agent });
    assert.equal(textOf(await ask({ url: receiver.url, agent })), 'fine');
    assert.equal(receiver.connections, 2);
    const [first] = receiver.requests as [Received];
    await closed(first.socket);
  });

  test('is one time for the first and the silent second try', async (t) => {
    const receiver = await startReceiver(t, () => (receiver.requests.length === 1 ? {} : undefined));
    const agent = keepAlive(t);
    await ask({ url: receiver.url, agent });
    await setImmediate();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const answer = assert.rejects(ask({ url: receiver.url, agent, timeout: 10_000 }), { code: 'ETIMEDOUT' });
    await receiver.received(2);
    t.mock.timers.tick(9000);
    receiver.requests[1]!.socket.destroy();
    await receiver.received(3);
    t.mock.timers.tick(1000);
    await answer;
  });
});

suite('the most of an answer', GUARD, () => {
  test('4 MiB are read of an answer without end, and the connection is closed', async (t) => {
    let written = 0;
    const closed = Promise.withResolvers<void>();
    const receiver = await startReceiver(t, (_received, response) => {
      const flood = () => {
        const chunk = Buffer.alloc(64 * 1024, 'x');
        do written += chunk.length;
        while (response.write(chunk));
      };
      response.on('drain', flood).on('close', closed.resolve);
      flood();
    });
    const agent = keepAlive(t);
    const answer = await ask({ url: receiver.url, agent });
    await closed.promise;
    assert.equal(answer.status, 200);
    assert.ok(answer.body.length <= 4 * 1024 * 1024 && answer.body.length > 3 * 1024 * 1024, `${answer.body.length}`);
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes written`);
  });

  test('exactly 4 MiB are a whole answer', async (t) => {
    const receiver = await startReceiver(t, () => ({ body: Buffer.alloc(4 * 1024 * 1024, 'x') }));
    const agent = keepAlive(t);
    for (let i = 0; i < 2; i++) {
      assert.equal((await ask({ url: receiver.url, agent })).body.length, 4 * 1024 * 1024);
    }
    assert.equal(receiver.connections, 1);
  });

  test('compression is not undone', async (t) => {
    const receiver = await startReceiver(t, () => ({
      headers: { 'content-encoding': 'gzip' },
      body: 'not gzip at all',
    }));
    assert.equal(textOf(await ask({ url: receiver.url })), 'not gzip at all');
    assert.equal(receiver.requests[0]!.headers['accept-encoding'], undefined);
  });
});

suite('a kept connection', GUARD, () => {
  test('carries many requests', async (t) => {
    const receiver = await startReceiver(t, ({ body }) => ({ body }));
    const agent = keepAlive(t);
    for (let i = 0; i < 50; i++) assert.equal(textOf(await ask({ url: receiver.url, agent, body: `${i}` })), `${i}`);
    assert.equal(receiver.connections, 1);
  });

  for (const close of ['destroy', 'resetAndDestroy'] as const) {
    test(`closed by the server at the moment of sending (${close}): a silent second try, one delivery`, async (t) => {
      const receiver = await startReceiver(t, ({ body }) => ({ body }));
      const agent = keepAlive(t);
      await ask({ url: receiver.url, agent, body: 'first' });
      await setImmediate();
      receiver.requests[0]!.socket[close]();
      assert.equal(textOf(await ask({ url: receiver.url, agent, body: 'second' })), 'second');
      assert.deepEqual(
        receiver.requests.map(({ body }) => body.toString()),
        ['first', 'second'],
      );
      assert.equal(receiver.connections, 2);
    });
  }

  for (const close of ['destroy', 'end', 'resetAndDestroy'] as const) {
    test(`closed by the server when the request is there (${close}): a second try, but no third`, async (t) => {
      const receiver = await startReceiver(t, ({ socket }) => {
        if (receiver.requests.length === 1) return {};
        socket[close]();
        return undefined;
      });
      const agent = keepAlive(t);
      await ask({ url: receiver.url, agent });
      await setImmediate();
      await assert.rejects(ask({ url: receiver.url, agent }), { code: 'ECONNRESET' });
      assert.equal(receiver.requests.length, 3);
      assert.equal(receiver.connections, 2);
    });

    test(`two of them, closed one after the other (${close}): one second try, no third`, async (t) => {
      const receiver = await startReceiver(t, ({ socket }) => {
        if (receiver.requests.length <= 2) return {};
        socket[close]();
        return undefined;
      });
      const agent = keepAlive(t);
      await Promise.all([ask({ url: receiver.url, agent }), ask({ url: receiver.url, agent })]);
      await setImmediate();
      await assert.rejects(ask({ url: receiver.url, agent }), { code: 'ECONNRESET' });
      assert.equal(receiver.requests.length, 4);
      assert.equal(receiver.connections, 2);
    });

    for (const said of ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 'HTTP/1.1 200 OK\r\ncontent-le']) {
      test(`closed by the server (${close}) after it said ${JSON.stringify(said.slice(17))}: no second try`, async (t) => {
        const receiver = await startReceiver(t, ({ socket }) => {
          if (receiver.requests.length === 1) return {};
          socket.write(said);
          return undefined;
        });
        const agent = keepAlive(t);
        await ask({ url: receiver.url, agent });
        await setImmediate();
        const [client] = Object.values(agent.freeSockets).flat();
        const answer = assert.rejects(ask({ url: receiver.url, agent }), { code: 'ECONNRESET' });
        await once(client!, 'data');
        await setImmediate();
        receiver.requests[1]!.socket[close]();
        await answer;
        assert.equal(receiver.requests.length, 2);
      });
    }
  }
});

suite('aborted', GUARD, () => {
  test('before it began: nothing is sent', async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    await assert.rejects(ask({ url: receiver.url, signal: AbortSignal.abort() }), { code: 'ABORTED' });
    assert.equal(receiver.requests.length, 0);
  });

  test('while it waits, and in the midst of the answer', async (t) => {
    for (const beginning of ['', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf']) {
      const receiver = await startReceiver(t, ({ socket }) => void socket.write(beginning));
      const controller = new AbortController();
      const answer = assert.rejects(ask({ url: receiver.url, signal: controller.signal }), { code: 'ABORTED' });
      await receiver.received(1);
      const { socket } = receiver.requests[0]!;
      await setImmediate();
      controller.abort();
      await answer;
      await closed(socket);
    }
  });

  test('on a kept connection: no second try', async (t) => {
    const receiver = await startReceiver(t, () => (receiver.requests.length === 1 ? {} : undefined));
    const agent = keepAlive(t);
    const controller = new AbortController();
    await ask({ url: receiver.url, agent });
    await setImmediate();
    const answer = assert.rejects(ask({ url: receiver.url, agent, signal: controller.signal }), { code: 'ABORTED' });
    await receiver.received(2);
    receiver.requests[1]!.socket.resetAndDestroy();
    controller.abort();
    await answer;
    while (Object.keys(agent.sockets).length > 0) await setImmediate();
    assert.equal(receiver.connections, 1);
  });
});

test('nothing is left behind, whatever became of the request', GUARD, async (t) => {
  const receiver = await startReceiver(t, ({ body, socket }, response) => {
    const what = body.toString();
    if (what === 'answer') return { body: 'fine' };
    if (what === 'headers') response.writeHead(200, { 'content-length': '10' }).flushHeaders();
    if (what === 'close') socket.destroy();
    if (what === 'garbage') socket.end('garbage');
    if (what === 'too much') return { body: Buffer.alloc(5 * 1024 * 1024) };
    return undefined;
  });
  const { signal } = new AbortController();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length;
  const agent = keepAlive(t);
  const before = { timers: timers(), sockets: sockets() };
  for (const body of ['answer', 'headers', 'close', 'silence', 'garbage', 'answer', 'too much', 'answer']) {
    const timeout = ['headers', 'silence'].includes(body) ? 100 : LONG;
    await ask({ url: receiver.url, agent, signal, body, timeout }).catch(() => {});
    assert.equal(getEventListeners(signal, 'abort').length, 0, body);
    assert.equal(timers(), before.timers, body);
  }
  agent.destroy();
  while (sockets() > before.sockets) await setImmediate();
});
