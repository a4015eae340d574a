import assert from 'node:assert/strict';
import http from 'node:http';
import { suite, test, type TestContext } from 'node:test';
import { type Asker, createAsker } from '../src/ask.ts';
import { createFakeClock } from './support/clock.ts';
import { root, run } from './support/process.ts';
import { type Script, startReceiver } from './support/receiver.ts';

const PERIOD = 60_000;

interface Asked {
  readonly asker: Asker;
  readonly told: readonly string[];
  /** What is known at once. */
  ask(): string | undefined;
  /** Asks, waits for the answer, and takes it. */
  answer(): Promise<string | undefined>;
  /** Lets time pass. */
  pass(seconds: number): void;
}

function askAt(t: TestContext, url: string, patience?: number): Asked {
  const clock = createFakeClock();
  const asker = createAsker(clock, patience);
  t.after(() => asker.close());
  const told: string[] = [];
  const ask = () => {
    const bytes = asker.ask(url, PERIOD, ({ message }) => told.push(message));
    return bytes && Buffer.from(bytes).toString();
  };
  const answer = async () => {
    ask();
    await asker.settled();
    return ask();
  };
  return { asker, told, ask, answer, pass: (seconds) => clock.stall(seconds * 1000) };
}

test('nothing at first, then the answer, the same bytes until it is asked anew after a period', async (t) => {
  let count = 0;
  const receiver = await startReceiver(t, () => ({ body: `${++count}` }));
  const clock = createFakeClock();
  const asker = createAsker(clock);
  const take = () => asker.ask(receiver.url.href, PERIOD, assert.fail);
  assert.equal(take(), undefined);
  for (let again = 0; again < 3; again++) take();
  await asker.settled();
  const first = take();
  assert.equal(Buffer.from(first ?? []).toString(), '1');
  clock.stall(59_000);
  assert.equal(take(), first);
  await asker.settled();
  assert.equal(take(), first, 'the same object: who parsed it need not do so again');
  assert.equal(receiver.requests.length, 1);
  clock.stall(1000);
  assert.equal(take(), first, 'until the next one is there');
  await asker.settled();
  assert.equal(Buffer.from(take() ?? []).toString(), '2');
  const [{ method, headers }] = receiver.requests as [(typeof receiver.requests)[0]];
  assert.deepEqual([method, headers.connection], ['GET', 'close']);
});

test('each address is asked for itself, one call at a time', async (t) => {
  const waiting: http.ServerResponse[] = [];
  const receiver = await startReceiver(t, (_, response) => void waiting.push(response));
  const [a, b] = ['/a', '/b'].map((path) => `${receiver.url.origin}${path}`) as [string, string];
  const clock = createFakeClock();
  const asker = createAsker(clock);
  t.after(() => asker.close());
  for (let tick = 0; tick < 100; tick++) {
    asker.ask(a, PERIOD, assert.fail);
    asker.ask(b, PERIOD, assert.fail);
    clock.stall(PERIOD);
  }
  await receiver.received(2);
  for (const response of waiting) response.end(response.req.url);
  await asker.settled();
  assert.equal(receiver.requests.length, 2);
  assert.deepEqual(
    [a, b].map((url) => String(asker.ask(url, 1e9, assert.fail))),
    ['/a', '/b'].map((path) => String(Buffer.from(path))),
  );
});

test('without an answer it is asked after 1, 2, 4, 8, 16 and then each 30 seconds', async (t) => {
  const receiver = await startReceiver(t, () => ({ status: 503 }));
  const { asker, ask, pass } = askAt(t, receiver.url.href);
  const times: number[] = [];
  for (let second = 0; second <= 121; second++) {
    const before = receiver.requests.length;
    ask();
    await asker.settled();
    if (receiver.requests.length > before) times.push(second);
    pass(1);
  }
  assert.deepEqual(times, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
});

test('failures are told after 30 seconds, each of them; what is mended before was none', async (t) => {
  let status = 503;
  const receiver = await startReceiver(t, () => ({ status }));
  const { answer, pass, told } = askAt(t, receiver.url.href);
  for (let second = 0; second < 30; second++, pass(1)) await answer();
  assert.deepEqual(told, []);
  await answer();
  assert.deepEqual(told, Array(5).fill('answered 503'));
  pass(1);
  await answer();
  assert.equal(told.length, 6);
  const { answer: mended, pass: passMended, told: toldMended } = askAt(t, receiver.url.href);
  await mended();
  status = 200;
  passMended(1);
  await mended();
  status = 503;
  passMended(PERIOD / 1000);
  await mended();
  passMended(29);
  await mended();
  assert.deepEqual(toldMended, []);
  passMended(1);
  await mended();
  assert.equal(toldMended.length, 2, 'of the second outage alone');
});

test('an answer counts for ten periods while newer ones fail', async (t) => {
  let status = 200;
  const receiver = await startReceiver(t, () => ({ status, body: 'limits' }));
  const { answer, ask, pass } = askAt(t, receiver.url.href);
  assert.equal(await answer(), 'limits');
  status = 500;
  for (let minute = 0; minute < 10; minute++, pass(60)) assert.equal(await answer(), 'limits', `${minute}`);
  assert.equal(ask(), 'limits');
  pass(1);
  assert.equal(await answer(), undefined);
  status = 200;
  pass(30);
  assert.equal(await answer(), 'limits');
});

suite('only this machine is asked, by plain HTTP', () => {
  const refused = [
    'http://example.com/',
    'http://192.0.2.1/task',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
    'http://[2001:db8::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://127.0.0.1.example.com/',
    'http://169.254.example/',
    'http://localhost.example.com/',
    'http://localhost@192.0.2.1/',
    'http://user:word@127.0.0.1/',
    'http://3232235777/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    'unix:///run/docker.sock',
    '/task',
    '',
  ];
  for (const url of refused) {
    test(`refused, and told at once and once: ${url}`, async (t) => {
      const { answer, pass, told } = askAt(t, url);
      for (let tick = 0; tick < 3; tick++, pass(100)) assert.equal(await answer(), undefined);
      assert.equal(told.length, 1);
      assert.match(told[0]!, /^not asked, since this is no plain HTTP address of this machine \(127/);
    });
  }
  test('nobody is called who is refused', async (t) => {
    let calls = 0;
    const server = http.createServer((_, response) => response.end(`${++calls}`)).listen(0, '0.0.0.0');
    await new Promise((resolve) => server.once('listening', resolve));
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    for (const host of ['0.0.0.0', 'user@127.0.0.1', '[::ffff:127.0.0.1]']) {
      assert.equal(await askAt(t, `http://${host}:${port}/`).answer(), undefined, host);
    }
    assert.equal(calls, 0);
    assert.equal(await askAt(t, `http://127.0.0.1:${port}/`).answer(), '1');
  });
  for (const host of ['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f000001', '127.4.5.6']) {
    test(`asked: ${host}`, async (t) => {
      const server = http.createServer((_, response) => response.end('here')).listen(0, '0.0.0.0');
      await new Promise((resolve) => server.once('listening', resolve));
      t.after(() => server.close());
      const { port } = server.address() as { port: number };
      const { answer } = askAt(t, `http://${host}:${port}/`);
      assert.equal(await answer(), 'here');
    });
  }
  for (const url of ['http://169.254.170.2/v4/1', 'http://169.254.0.1/', 'http://[::1]:1/', 'http://[fd00:ec2::23]/']) {
    test(`called, if nobody is there: ${url}`, async (t) => {
      const { asker, ask, told } = askAt(t, url, 0);
      ask();
      asker.close();
      await asker.settled();
      ask();
      assert.equal(told.length, 1);
      assert.doesNotMatch(told[0]!, /^not asked/);
    });
  }
});

suite('what is no good answer is none', { concurrency: true }, () => {
  const scripts: Readonly<Record<string, readonly [script: Script, told: RegExp]>> = {
    'silence: after 2 seconds': [() => {}, /^no whole answer within 2 s$/],
    'an answer that never ends: after 2 seconds': [
      (_, response) => {
        const timer = setInterval(() => response.write('x'), 50);
        response.once('close', () => clearInterval(timer));
      },
      /^no whole answer within 2 s$/,
    ],
    'more than 256 KiB': [() => ({ body: 'x'.repeat(256 * 1024 + 1) }), /^answered more than 256 KiB$/],
    'more than 256 KiB, without end': [
      (_, response) => {
        const write = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          response.once('drain', write);
        };
        write();
      },
      /^answered more than 256 KiB$/,
    ],
    'not found': [() => ({ status: 404, body: '{}' }), /^answered 404$/],
    'no content': [() => ({ status: 204 }), /^answered 204$/],
    'an error': [() => ({ status: 500 }), /^answered 500$/],
    'a connection that is closed': [({ socket }) => void socket.destroy(), /hang up/],
    'a connection that is closed in the middle': [
      ({ socket }, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"Limits"', () => socket.destroy());
      },
      /aborted|ECONNRESET/,
    ],
    'another protocol': [({ socket }) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'), /Parse Error/],
    'a change of protocol': [
      ({ socket }) => void socket.write('HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      /./,
    ],
    'a head that is too large': [
      ({ socket }) => void socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
      /Header overflow/,
    ],
  };
  for (const [name, [script, message]] of Object.entries(scripts)) {
    test(name, async (t) => {
      const receiver = await startReceiver(t, script);
      const { answer, told } = askAt(t, receiver.url.href, 0);
      const began = performance.now();
      assert.equal(await answer(), undefined);
      assert.ok(performance.now() - began < 3500);
      assert.equal(told.length, 1);
      assert.match(told[0]!, message);
    });
  }

  test('nobody listens', async (t) => {
    const { answer, told } = askAt(t, 'http://127.0.0.1:9/', 0);
    assert.equal(await answer(), undefined);
    assert.match(told.join('\n'), /ECONNREFUSED/);
  });

  test('a redirect is not followed', async (t) => {
    const other = await startReceiver(t, () => ({ body: 'other' }));
    const receiver = await startReceiver(t, () => ({ status: 302, headers: { location: other.url.href } }));
    const { answer, told } = askAt(t, receiver.url.href, 0);
    assert.equal(await answer(), undefined);
    assert.deepEqual(told, ['answered 302']);
    assert.equal(other.requests.length, 0);
  });

  test('256 KiB are one', async (t) => {
    const receiver = await startReceiver(t, () => ({ body: 'x'.repeat(256 * 1024) }));
    assert.equal((await askAt(t, receiver.url.href).answer())?.length, 256 * 1024);
  });
});

test('a call that waits is given up at the end', async (t) => {
  const receiver = await startReceiver(t, () => {});
  const { asker, ask } = askAt(t, receiver.url.href);
  ask();
  await receiver.received(1);
  const began = performance.now();
  asker.close();
  await asker.settled();
  assert.ok(performance.now() - began < 1000);
});

test('a call that waits keeps no process alive', async (t) => {
  const called = Promise.withResolvers<void>();
  const receiver = await startReceiver(t, ({ path }, response) => {
    if (path === '/called') void called.promise.then(() => response.end());
    else called.resolve();
  });
  const script = `
    const { createAsker } = await import('${root}/src/ask.ts');
    const { get } = await import('node:http');
    const asker = createAsker({ monotonic: () => performance.now() }, 0);
    const ask = () => asker.ask('${receiver.url.href}', 1000, ({ message }) => console.log(message));
    ask();
    await new Promise((resolve) => get('${receiver.url.origin}/called', { agent: false }, resolve).on('response', (r) => r.resume()));
    process.on('exit', ask);`;
  const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  assert.deepEqual([code, stdout], [0, ''], `it waited until the call was given up: ${stderr}`);
});

test('the proxy of the environment is not used', async (t) => {
  const receiver = await startReceiver(t, () => ({ body: 'here' }));
  const script = `
    const { createAsker } = await import('${root}/src/ask.ts');
    const asker = createAsker({ monotonic: () => performance.now() }, 0);
    const ask = () => asker.ask('${receiver.url.href}', 1000, ({ message }) => console.log(message));
    ask();
    await asker.settled();
    console.log(Buffer.from(ask() ?? []).toString());`;
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], env);
  assert.equal(stdout, 'here\n', stderr);
});
