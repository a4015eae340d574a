import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { suite, test } from 'node:test';
import { startServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/clock.ts';
import { ask, type Asking, connect, exchange, GET, parseReply, serve } from './client.ts';

/** Ends a test whose awaited thing does not come. */
const GUARD = { timeout: 60_000 };

const HOST = 'Host: localhost';

suite('answers', GUARD, () => {
  test('a route, with headers that forbid to keep or to guess', async (t) => {
    const { port, server, clock } = await serve(t);
    const { status, headers, body } = await ask(port);
    assert.deepEqual([status, body], [200, 'fine\n']);
    assert.deepEqual(headers, {
      connection: 'close',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '5',
      date: new Date(clock.wall()).toUTCString(),
    });
    assert.deepEqual([...server.stats.requests], [[200, 1]]);
  });

  test('the status, type and headers of the route', async (t) => {
    const headers = { 'retry-after': '7' };
    const answer = () => ({ status: 503, type: 'text/x-test', body: new Uint8Array([104, 105]), headers });
    const { port } = await serve(t, { routes: [{ path: '/', answer }] });
    const reply = await ask(port, { target: '/' });
    assert.deepEqual([reply.status, reply.headers['content-type'], reply.body], [503, 'text/x-test', 'hi']);
    assert.equal(reply.headers['retry-after'], '7');
  });

  test('what a route may know', async (t) => {
    const known: unknown[] = [];
    const answer = (asked: unknown) => ({ status: 200, body: String(known.push(asked)) });
    const { port } = await serve(t, { routes: [{ path: '/a', answer }] });
    await ask(port, { target: '/a' });
    const headers = [HOST, 'accept:text/plain', 'ACCEPT: a/b ', 'Accept-Encoding: br'];
    await ask(port, { target: '/a?x=%31&?y', headers });
    assert.deepEqual(known, [{ accept: undefined }, { accept: 'text/plain, a/b' }]);
  });

  test('/ lists the routes', async (t) => {
    const { port } = await serve(t);
    assert.equal((await ask(port, { target: '/' })).body, '/metrics\n/healthz\n');
  });

  test('HEAD is GET without the body', async (t) => {
    const { port } = await serve(t, {
      routes: [{ path: '/', answer: () => ({ status: 200, body: 'x'.repeat(5000) }) }],
    });
    const asking = { target: '/', headers: [HOST, 'Accept-Encoding: gzip'] };
    const get = await ask(port, asking);
    const head = await ask(port, { ...asking, method: 'HEAD' });
    assert.deepEqual([head.status, head.headers, head.body], [200, get.headers, '']);
    assert.equal(get.headers['content-encoding'], 'gzip');
  });

  test('large bodies are compressed for whom asks for it', async (t) => {
    const body = 'some_metric 1\n'.repeat(1000);
    const routes = [
      { path: '/large', answer: () => ({ status: 200, body, headers: { vary: 'Accept' } }) },
      { path: '/small', answer: () => ({ status: 200, body: 'x'.repeat(1024) }) },
    ];
    const { port } = await serve(t, { routes });
    const gzip = [HOST, 'Accept-Encoding: deflate, gzip'];
    const compressed = await ask(port, { target: '/large', headers: gzip });
    assert.deepEqual([compressed.headers['content-encoding'], compressed.body], ['gzip', body]);
    assert.ok(Number(compressed.headers['content-length']) < 1000);
    const whole = await ask(port, { target: '/large', headers: [HOST, 'Accept-Encoding: gzip;q=0'] });
    assert.deepEqual([whole.headers['content-encoding'], whole.body], [undefined, body]);
    const small = await ask(port, { target: '/small', headers: gzip });
    assert.deepEqual([small.headers['content-encoding'], small.headers['vary']], [undefined, undefined]);
    for (const { headers } of [compressed, whole]) assert.equal(headers['vary'], 'Accept, Accept-Encoding');
  });

  test('a body with characters beyond ASCII comes whole', async (t) => {
    const { port } = await serve(t, { routes: [{ path: '/', answer: () => ({ status: 200, body: 'µ€' }) }] });
    assert.equal((await ask(port, { target: '/' })).body, 'µ€');
  });
});

suite('a route that fails', GUARD, () => {
  test('throws or rejects: 500 with the message, said once for each route', async (t) => {
    const routes = [
      {
        path: '/throws',
        answer() {
          throw new Error('no luck');
        },
      },
      { path: '/rejects', answer: () => Promise.reject(new Error('no luck either')) },
    ];
    const { port, lines } = await serve(t, { routes });
    for (const [path, message] of [
      ['/throws', 'no luck'],
      ['/rejects', 'no luck either'],
    ] as const) {
      for (let i = 0; i < 3; i++) {
        const { status, body } = await ask(port, { target: path });
        assert.deepEqual([status, body], [500, `${message}\n`]);
      }
    }
    assert.deepEqual(lines, [
      'local server: /throws: no luck (said once)',
      'local server: /rejects: no luck either (said once)',
    ]);
  });

  test('never settles: 503 when its time is up; a late failure bothers nobody', async (t) => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const answer = () => (resolve(), late);
    const { port, clock, server } = await serve(t, { routes: [{ path: '/', answer }] });
    const reply = ask(port, { target: '/' });
    await asked;
    await clock.advance(8000);
    const { status, body } = await reply;
    assert.deepEqual([status, body], [503, 'no answer in time\n']);
    reject(new Error('late'));
    assert.deepEqual([...server.stats.requests], [[503, 1]]);
  });

  test('gives a header that would be two: no answer at all', async (t) => {
    const answer = () => ({ status: 200, body: '', headers: { a: 'b\r\nc: d' } });
    const { port, lines } = await serve(t, { routes: [{ path: '/', answer }] });
    assert.equal(await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`), '');
    assert.deepEqual(lines, ['local server: answering: the header a is not plain text (said once)']);
  });
});

suite('refusals', GUARD, () => {
  const table: Readonly<Record<string, readonly [status: number, asking: Asking]>> = {
    POST: [405, { method: 'POST', headers: [HOST, 'Content-Length: 3'] }],
    'OPTIONS *': [405, { method: 'OPTIONS', target: '*' }],
    CONNECT: [405, { method: 'CONNECT', target: 'example.org:443' }],
    'PRI, which begins HTTP/2': [400, { method: 'PRI', target: '*', version: '2.0' }],
    'a method of small letters': [405, { method: 'get' }],
    'an unknown path': [404, { target: '/other' }],
    'a slash more at the end': [404, { target: '/healthz/' }],
    'a slash more at the beginning': [404, { target: '//healthz' }],
    'a dot segment': [404, { target: '/x/../healthz' }],
    'an encoded letter': [404, { target: '/%68ealthz' }],
    'an encoded slash': [404, { target: '/..%2fhealthz' }],
    'an encoded null': [404, { target: '/healthz%00' }],
    'a fragment': [404, { target: '/healthz#x' }],
    'a parameter of the path': [404, { target: '/healthz;x' }],
    'large letters': [404, { target: '/HEALTHZ' }],
    'the absolute form': [404, { target: 'http://localhost/healthz' }],
    'no slash': [404, { target: 'healthz' }],
    'the name of a property of all objects': [404, { target: '__proto__' }],
    'a null byte': [400, { target: '/healthz\0' }],
    'a byte beyond ASCII in the path': [400, { target: '/healthz\u00e9' }],
    'no target': [400, { target: '' }],
    'a space in the target': [400, { target: '/healthz x' }],
    'HTTP/1.2': [400, { version: '1.2' }],
    'HTTP/0.9': [400, { version: '0.9' }],
    'a header without a colon': [400, { headers: [HOST, 'what'] }],
    'a header without a name': [400, { headers: [HOST, ': what'] }],
    'a space before the colon': [400, { headers: ['Host : localhost'] }],
    'a folded header': [400, { headers: [HOST, 'a: b', ' c'] }],
    'a bare line feed in a header': [400, { headers: [HOST, 'a: b\nc: d'] }],
    'a bare carriage return in a header': [400, { headers: [HOST, 'a: b\rc: d'] }],
    'a null byte in a header': [400, { headers: [HOST, 'a: \0'] }],
    '100 headers': [200, { headers: [HOST, ...Array<string>(99).fill('a:')] }],
    '101 headers': [431, { headers: [HOST, ...Array<string>(100).fill('a:')] }],
    'almost 8 KiB of headers': [200, { headers: [HOST, `a: ${'x'.repeat(8100)}`] }],
    'more than 8 KiB of headers': [431, { headers: [HOST, `a: ${'x'.repeat(8192)}`] }],
    'more than 8 KiB of a target': [431, { target: `/${'x'.repeat(8192)}` }],
    'Expect, which is ignored': [200, { headers: [HOST, 'Expect: 100-continue', 'Content-Length: 9'] }],
    'Upgrade, which is ignored': [200, { headers: [HOST, 'Connection: Upgrade', 'Upgrade: websocket'] }],
    'two lengths, of which none is read': [
      200,
      { headers: [HOST, 'Content-Length: 3', 'Content-Length: 5', 'Transfer-Encoding: chunked'] },
    ],
  };
  for (const [name, [status, asking]] of Object.entries(table)) {
    test(`${name}: ${status}`, async (t) => {
      const { port, server } = await serve(t);
      const reply = await ask(port, asking);
      assert.equal(reply.status, status);
      assert.deepEqual([...server.stats.requests], [[status, 1]]);
      assert.equal(reply.headers['connection'], 'close');
      assert.equal(reply.headers['allow'], status === 405 ? 'GET, HEAD' : undefined);
    });
  }

  test('what is no HTTP: 400', async (t) => {
    const { port } = await serve(t);
    for (const bytes of [
      '\r\n\r\n',
      '\u0016\u0003\u0001\r\n\r\n',
      // At once: a client of TLS waits for an answer, and the clock stands still.
      '\u0016\u0003\u0001',
      'x'.repeat(17),
      'GET /healthz\r\n\r\n',
      'GET  /healthz HTTP/1.1\r\n\r\n',
    ]) {
      assert.equal(parseReply(await exchange(port, bytes)).status, 400, JSON.stringify(bytes));
    }
  });
});

suite('the Host header of a server that only this machine reaches', GUARD, () => {
  const allowed = ['localhost', 'LocalHost:9464', 'localhost.:1', '127.0.0.1:9464', '127.1.2.3', '[::1]:9464'];
  const refused = [
    'example.org',
    'localhost.example.org',
    '127.0.0.1.example.org',
    'example.org:127.0.0.1',
    'user@localhost',
    'localhost@example.org',
    '10.0.0.1',
    '[::2]',
    'localhost:80:80',
    'localhost, example.org',
    '',
  ];
  for (const host of [...allowed, ...refused]) {
    const status = allowed.includes(host) ? 200 : 403;
    test(`"${host}": ${status}`, async (t) => {
      const { port } = await serve(t);
      assert.equal((await ask(port, { headers: [`Host: ${host}`] })).status, status);
    });
  }

  test('none is for HTTP/1.0 alone, two are for nobody', async (t) => {
    const { port } = await serve(t);
    assert.equal((await ask(port, { headers: [], version: '1.0' })).status, 200);
    assert.equal((await ask(port, { headers: [] })).status, 403);
    assert.equal((await ask(port, { headers: [HOST, HOST] })).status, 403);
    assert.equal((await ask(port, { headers: ['Host: example.org'], version: '1.0' })).status, 403);
  });

  test('a web page is refused', async (t) => {
    const { port } = await serve(t);
    for (const origin of ['http://example.org', 'null', '']) {
      assert.equal((await ask(port, { headers: [HOST, `Origin: ${origin}`] })).status, 403);
    }
  });

  test('does not matter elsewhere', async (t) => {
    const { port, server } = await serve(t, { host: '0.0.0.0' });
    assert.equal(server.address, `http://0.0.0.0:${port}`);
    for (const headers of [['Host: example.org', 'Origin: http://example.org'], []]) {
      assert.equal((await ask(port, { headers })).status, 200);
    }
  });

  test('matters on ::1 as well', async (t) => {
    const hasIt = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
    if (!hasIt) return assert.rejects(serve(t, { host: '::1' }), { code: 'EADDRNOTAVAIL' });
    const { server, port } = await serve(t, { host: '::1' });
    assert.equal(server.address, `http://[::1]:${port}`);
    const status = async (Host: string) => {
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      const { get } = await import('node:http');
      get(`${server.address}/healthz`, { headers: { Host }, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
      return promise;
    };
    assert.deepEqual([await status('example.org'), await status(`[::1]:${port}`)], [403, 200]);
  });
});

suite('the token', GUARD, () => {
  const token = 'correct horse'.replace(' ', '-');
  const withToken = (header: string) => ({ headers: [HOST, header] });

  test('is wanted by what is not open, by unknown paths and by the list', async (t) => {
    const { port } = await serve(t, { token });
    for (const target of ['/metrics', '/other', '/']) {
      const stranger = await ask(port, { target });
      assert.deepEqual([stranger.status, stranger.headers['www-authenticate']], [401, 'Bearer']);
      assert.equal(stranger.body.includes('secret'), false);
    }
    assert.equal((await ask(port)).status, 200);
    const right = withToken(`Authorization: Bearer ${token}`);
    assert.equal((await ask(port, { ...right, target: '/metrics' })).body, 'secret 1\n');
    assert.equal((await ask(port, { ...right, target: '/other' })).status, 404);
    assert.equal((await ask(port, { ...right, target: '/' })).status, 200);
  });

  test('a stranger cannot tell a path that is there from one that is not', async (t) => {
    const { port } = await serve(t, { token });
    for (const method of ['GET', 'HEAD', 'POST']) {
      for (const headers of [[HOST], [], [HOST, 'Origin: null'], [HOST, 'Authorization: Bearer wrong']]) {
        const there = await exchange(port, [`${method} /metrics HTTP/1.1`, ...headers, '', ''].join('\r\n'));
        const other = await exchange(port, [`${method} /other HTTP/1.1`, ...headers, '', ''].join('\r\n'));
        assert.equal(there, other);
      }
    }
  });

  test('is the whole token', async (t) => {
    const { port } = await serve(t, { token });
    const status = async (header: string) => (await ask(port, { ...withToken(header), target: '/metrics' })).status;
    for (const header of [`Authorization: bearer  ${token}`, `authorization: BEARER ${token}`]) {
      assert.equal(await status(header), 200, header);
    }
    for (const header of [
      `Authorization: Bearer ${token}x`,
      `Authorization: Bearer ${token.slice(1)}`,
      `Authorization: Bearer ${token.toUpperCase()}`,
      `Authorization: Bearer ${token} ${token}`,
      `Authorization: Bearer wrong\r\nAuthorization: Bearer ${token}`,
      `Authorization: Bearer ${token}\r\nAuthorization: Bearer wrong`,
      `Authorization: Basic ${token}`,
      `Authorization: ${token}`,
      `Authorization: Bearer `,
      `Authorization:`,
      `X-Authorization: Bearer ${token}`,
    ]) {
      assert.equal(await status(header), 401, header);
    }
  });

  test('of bytes beyond ASCII; an empty one is nobody’s', async (t) => {
    const { port } = await serve(t, { token: 'µ€' });
    const bytes = Buffer.from('µ€').toString('latin1');
    assert.equal((await ask(port, { ...withToken(`Authorization: Bearer ${bytes}`), target: '/metrics' })).status, 200);
    const { port: other } = await serve(t, { token: '' });
    assert.equal((await ask(other, { ...withToken('Authorization: Bearer '), target: '/metrics' })).status, 401);
  });
});

suite('listening and closing', GUARD, () => {
  test('an address in use, and one that is not here', async (t) => {
    const { port } = await serve(t);
    const start = (host: string, port: number) =>
      startServer({ host, port, routes: [], clock: systemClock, log: { warn: () => {} } });
    await assert.rejects(start('127.0.0.1', port), { code: 'EADDRINUSE' });
    await assert.rejects(start('192.0.2.1', 0), { code: 'EADDRNOTAVAIL' });
    await assert.rejects(start('127.0.0.1', 70_000), { code: 'ERR_SOCKET_BAD_PORT' });
  });

  test('ends what is open, and leaves nothing behind', async (t) => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const answer = () => (resolve(), new Promise<never>(() => {}));
    const { port, server, clock } = await serve(t, { routes: [{ path: '/', answer }] });
    const silent = await connect(port);
    const asking = await connect(port, `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
    await asked;
    assert.equal(clock.timers, 3);
    await server.close();
    await Promise.all([silent.closed, asking.closed]);
    assert.equal(clock.timers, 0);
    await server.close();
    assert.deepEqual([server.stats.requests.size, server.stats.connectionsDropped], [0, 0]);
  });

  test('an answer leaves no timer', async (t) => {
    const { port, clock } = await serve(t);
    await exchange(port, GET);
    while (clock.timers > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
