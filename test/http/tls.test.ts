import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { text } from 'node:stream/consumers';
import { connect, serve } from './client.ts';

const GUARD = { timeout: 60_000 };

const pem = (name: string) => readFileSync(path.join(import.meta.dirname, '../fixtures/tls', `${name}.pem`));
const ca = pem('ca');
const TLS = { cert: pem('server'), key: pem('server-key') };

/** The body of /healthz, or the message of the error. */
async function get(port: number, options: https.RequestOptions = {}): Promise<string> {
  const request = https.get({ host: '127.0.0.1', port, path: '/healthz', ca, agent: false, ...options });
  try {
    const [answer] = await once(request, 'response');
    return await text(answer);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The first message of a TLS 1.3 client: as long as it says, but cut short. */
const HALF_HELLO = Buffer.from('16030102000100', 'hex');

async function served(t: TestContext, limits = {}) {
  return serve(t, { tls: TLS, limits });
}

suite('over TLS', GUARD, () => {
  test('answers, with TLS 1.2 and 1.3', async (t) => {
    const { port, server } = await served(t);
    assert.equal(server.address, `https://127.0.0.1:${port}`);
    assert.equal(await get(port, { maxVersion: 'TLSv1.2' }), 'fine\n');
    assert.equal(await get(port, { minVersion: 'TLSv1.3' }), 'fine\n');
    assert.deepEqual([...server.stats.requests], [[200, 2]]);
  });

  test('older versions are refused', async (t) => {
    const { port } = await served(t);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    assert.match(await get(port, old), /alert protocol version/);
  });

  test('plain HTTP, garbage and silence do not get an answer, and keep nobody out', async (t) => {
    const { port, clock, server } = await served(t);
    const plain = await connect(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await plain.closed;
    assert.equal(plain.text.includes('HTTP'), false);
    await (
      await connect(port, Buffer.alloc(10_000, 'x'))
    ).closed;
    const stuck = [await connect(port), await connect(port, HALF_HELLO)];
    assert.equal(await get(port), 'fine\n');
    await clock.advance(10_000);
    await Promise.all(stuck.map(({ closed }) => closed));
    assert.equal(server.stats.connectionsDropped, 2);
    assert.equal(await get(port), 'fine\n');
  });

  test('a client that hangs up in the midst of the handshake', async (t) => {
    const { port, clock } = await served(t);
    for (const close of ['destroy', 'resetAndDestroy'] as const) {
      const client = await connect(port, HALF_HELLO);
      client.socket[close]();
    }
    assert.equal(await get(port), 'fine\n');
    while (clock.timers > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('a client that ends its side right after asking gets its answer', async (t) => {
    const { port } = await served(t);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const client = tls.connect({ host: '127.0.0.1', port, ca, maxVersion: version });
      client.end('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      assert.match(await text(client), /^HTTP\/1.1 200 /);
    }
  });

  test('who has not asked is pushed out, also after the handshake', async (t) => {
    const { port, server } = await served(t, { connections: 2 });
    const idle = tls.connect({ host: '127.0.0.1', port, ca });
    idle.on('error', () => {});
    const closed = new Promise((resolve) => idle.once('close', resolve));
    await once(idle, 'secureConnect');
    const half = await connect(port, HALF_HELLO);
    assert.equal(await get(port), 'fine\n');
    await closed;
    assert.equal(await get(port), 'fine\n');
    assert.equal(server.stats.connectionsDropped, 1);
    half.socket.destroy();
  });

  test('closing ends a handshake too', async (t) => {
    const { port, server, clock } = await served(t);
    const stuck = await connect(port, HALF_HELLO);
    assert.equal(await get(port), 'fine\n');
    await server.close();
    await stuck.closed;
    assert.equal(clock.timers, 0);
  });

  test('a key that belongs to another certificate', async (t) => {
    await assert.rejects(serve(t, { tls: { cert: TLS.cert, key: pem('client-key') } }), /key values mismatch/);
  });
});
