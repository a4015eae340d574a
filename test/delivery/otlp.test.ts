import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { suite, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseRetryAfter } from '../../src/delivery/classify.ts';
import type { Destination, Verdict } from '../../src/delivery/destination.ts';
import { hint } from '../../src/delivery/hint.ts';
import { createOtlpDestination, type OtlpOptions, splice } from '../../src/delivery/otlp.ts';
import { type Received, type Script, startReceiver } from '../support/receiver.ts';

/** Ends a test whose awaited thing does not come. */
const GUARD = { timeout: 60_000 };

/** An export request with one metric of this name. */
function record(name: string): Uint8Array {
  return bytesOf({ resourceMetrics: [{ resource: {}, scopeMetrics: [{ scope: {}, metrics: [{ name }] }] }] });
}

const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

function createDestination(url: string, options: Partial<OtlpOptions> = {}): Promise<Destination> {
  return createOtlpDestination({
    url,
    headers: {},
    compression: 'none',
    timeout: 20_000,
    userAgent: 'jobmeter/test',
    tls: {},
    ...options,
  });
}

/** The verdict without the hint, of which there is a table at the end. */
async function send(destination: Destination, ...records: Uint8Array[]): Promise<Verdict> {
  const verdict = await destination.send(records, new AbortController().signal);
  if (verdict.kind === 'delivered') return verdict;
  const { hint: _, ...rest } = verdict;
  return rest;
}

/** What the destination makes of one answer. */
async function verdictOn(t: TestContext, answer: ReturnType<Script>): Promise<Verdict> {
  const receiver = await startReceiver(t, () => answer);
  const verdict = await send(await createDestination(receiver.url.href), record('m'));
  assert.equal(receiver.requests.length, 1);
  return verdict;
}

suite('the request', GUARD, () => {
  test('is one JSON document with the metrics of all records, in order', async (t) => {
    const receiver = await startReceiver(t, () => ({ body: '{}' }));
    const destination = await createDestination(receiver.url.href);
    assert.deepEqual(await send(destination, record('a'), record('b "ü"'), record('c')), { kind: 'delivered' });
    const [{ method, path, headers, body }] = receiver.requests as [Received];
    assert.deepEqual([method, path], ['POST', '/v1/metrics']);
    assert.deepEqual(
      JSON.parse(body.toString()).resourceMetrics.map(
        ({ scopeMetrics }: { scopeMetrics: [{ metrics: [{ name: string }] }] }) => scopeMetrics[0].metrics[0].name,
      ),
      ['a', 'b "ü"', 'c'],
    );
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], String(body.length));
    assert.equal(headers['user-agent'], 'jobmeter/test');
    assert.equal(headers['content-encoding'], undefined);
  });

  test('is compressed where that is asked for', async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const destination = await createDestination(receiver.url.href, { compression: 'gzip' });
    const records = Array.from({ length: 100 }, (_, i) => record(`metric ${i}`));
    assert.equal((await send(destination, ...records)).kind, 'delivered');
    const [{ headers, body }] = receiver.requests as [Received];
    assert.deepEqual(body, Buffer.from(splice(records)));
    assert.equal(headers['content-encoding'], 'gzip');
    assert.ok(Number(headers['content-length']) < body.length / 5);
  });

  test('carries the headers, and ours whatever they say', async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const destination = await createDestination(receiver.url.href, {
      headers: { authorization: 'Bearer 1', 'Content-Type': 'text/plain', 'Content-Length': '3' },
    });
    await send(destination, record('a'));
    await send(destination, record('b'));
    const [{ headers, body }] = receiver.requests as [Received];
    assert.deepEqual([headers.authorization, headers['content-type']], ['Bearer 1', 'application/json']);
    assert.deepEqual(body, Buffer.from(record('a')));
    assert.equal(receiver.connections, 1);
  });

  test('headers that cannot be sent are no fault of the records', async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const malformed = await createDestination(receiver.url.href, { headers: { token: 'se\ncret' } });
    const verdict = await send(malformed, record('a'));
    assert.equal(verdict.kind, 'endpoint');
    assert.doesNotMatch(JSON.stringify(verdict), /cret/);
    assert.equal(receiver.requests.length, 0);
  });

  test('is given up when the signal says so', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const destination = await createDestination(receiver.url.href);
    const controller = new AbortController();
    const verdict = destination.send([record('a')], controller.signal);
    await receiver.received(1);
    controller.abort();
    assert.equal((await verdict).kind, 'transient');
  });

  test('is given up after the time allowed', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const destination = await createDestination(receiver.url.href, { timeout: 100 });
    assert.deepEqual(await send(destination, record('a')), {
      kind: 'transient',
      reason: 'no complete answer within 0.1 s',
    });
  });
});

suite('an answer of success', GUARD, () => {
  const delivered = { kind: 'delivered' } as const;
  const notOtlp = { ...delivered, warning: 'the answer was 200, but its body is not an OTLP response' };
  const cases: readonly [name: string, body: string | Uint8Array, expected: Verdict][] = [
    ['empty', '', delivered],
    ['an empty object', '{}', delivered],
    ['an empty partial success', '{"partialSuccess":{}}', delivered],
    ['null for a partial success', '{"partialSuccess":null}', delivered],
    [
      'points refused, the count as a string',
      '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"bad unit"}}',
      { ...delivered, rejected: 3, warning: 'bad unit' },
    ],
    [
      'points refused, the count as a number',
      '{"partialSuccess":{"rejectedDataPoints":3}}',
      { ...delivered, rejected: 3 },
    ],
    [
      'none refused, with a warning',
      '{"partialSuccess":{"rejectedDataPoints":"0","errorMessage":"deprecated"}}',
      { ...delivered, warning: 'deprecated' },
    ],
    ['an empty warning', '{"partialSuccess":{"errorMessage":""}}', delivered],
    ...['-1', '1.5', '"many"', '{}', '[]', '1e300', '"NaN"'].map((count): [string, string, Verdict] => [
      `a count of ${count}`,
      `{"partialSuccess":{"rejectedDataPoints":${count}}}`,
      delivered,
    ]),
    ['a warning that is no text', '{"partialSuccess":{"errorMessage":{"a":1}}}', delivered],
    [
      'HTML',
      ' \n<html>Welcome to our hotel!</html>',
      { kind: 'endpoint', reason: 'the answer is a web page: this is no OTLP receiver' },
    ],
    ['null', 'null', notOtlp],
    ['half of an answer', '{"partialSuccess":{"rejec', notOtlp],
    ['bytes', new Uint8Array([255, 0, 128, 7]), notOtlp],
    ['gzip that nobody asked for', gzipSync('{}'), notOtlp],
    ['no end of text', 'x'.repeat(5 * 1024 * 1024), notOtlp],
  ];
  for (const [name, body, expected] of cases) {
    test(name, async (t) => {
      assert.deepEqual(await verdictOn(t, { body }), expected);
    });
  }

  test('a status other than 200 that means success', async (t) => {
    for (const status of [202, 204]) assert.deepEqual(await verdictOn(t, { status }), delivered);
  });

  test('a warning is cut to what a person reads', async (t) => {
    const verdict = await verdictOn(t, { body: bytesOf({ partialSuccess: { errorMessage: 'x'.repeat(1_000_000) } }) });
    assert.ok(verdict.kind === 'delivered' && verdict.warning!.length > 100 && verdict.warning!.length <= 1000);
  });
});

suite('an answer of failure', GUARD, () => {
  for (const [kind, statuses] of [
    ['transient', [408, 429, 500, 501, 502, 503, 504, 599]],
    ['endpoint', [300, 301, 302, 304, 307, 308, 401, 403, 404, 405, 407, 415]],
    ['data', [400, 413, 422]],
  ] as const) {
    for (const status of statuses) {
      test(`${status} is ${kind}`, async (t) => {
        const expected = { kind, reason: `HTTP ${status}`, ...(status === 413 && { tooLarge: true }) };
        assert.deepEqual(await verdictOn(t, { status }), expected);
      });
    }
  }

  test('says what the receiver said, the beginning of it', async (t) => {
    const verdict = await verdictOn(t, { status: 400, body: ` no metric\n${'x'.repeat(1_000_000)}` });
    assert.ok(verdict.kind === 'data' && verdict.reason.startsWith('HTTP 400: no metric\nx'));
    assert.ok(verdict.reason.length < 300);
  });

  test('Retry-After reaches the verdict', async (t) => {
    const verdict = await verdictOn(t, { status: 429, headers: { 'retry-after': '7' } });
    assert.deepEqual(verdict, { kind: 'transient', reason: 'HTTP 429', retryAfter: 7000 });
    assert.deepEqual(await verdictOn(t, { status: 503, headers: { 'retry-after': 'soon' } }), {
      kind: 'transient',
      reason: 'HTTP 503',
    });
  });

  const now = Date.UTC(2026, 6, 14, 12, 0, 0);
  const cap = 15 * 60 * 1000;
  const retryAfters: readonly [header: string | undefined, expected: number | undefined][] = [
    [undefined, undefined],
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['900', cap],
    ['901', cap],
    ['99999999', cap],
    ['9'.repeat(400), cap],
    ['Tue, 14 Jul 2026 12:01:30 GMT', 90_000],
    ['Tuesday, 14-Jul-26 12:01:30 GMT', 90_000],
    ['Tue, 14 Jul 2026 11:59:59 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Wed, 15 Jul 2026 12:00:00 GMT', cap],
    ...[
      '',
      'soon',
      '-5',
      '+5',
      '1.5',
      '7s',
      '0x10',
      '1e3',
      'in 2030',
      '2030-01-01',
      'Infinity',
      'Xyz, 99 Abc 2030 99:99:99 GMT',
    ].map((header): [string, undefined] => [header, undefined]),
  ];
  for (const [header, expected] of retryAfters) {
    test(`Retry-After: ${header === undefined ? 'none' : JSON.stringify(header.slice(0, 40))}`, () => {
      assert.equal(parseRetryAfter(header, now), expected);
    });
  }
});

suite('no answer', GUARD, () => {
  test('nobody listens', async () => {
    const verdict = await send(await createDestination('http://127.0.0.1:1/'), record('a'));
    assert.deepEqual(verdict, { kind: 'transient', reason: 'connection refused: nothing listens there' });
  });

  test('a connection that breaks off', async (t) => {
    const receiver = await startReceiver(t, ({ socket }) => void socket.destroy());
    const verdict = await send(await createDestination(receiver.url.href), record('a'));
    assert.deepEqual(verdict, { kind: 'transient', reason: 'the other side broke the connection off' });
  });

  test('something that is not HTTP', async (t) => {
    const receiver = await startReceiver(t, ({ socket }) => void socket.end('220 mail.example ESMTP\r\n'));
    assert.equal((await send(await createDestination(receiver.url.href), record('a'))).kind, 'transient');
  });
});

suite('TLS', GUARD, () => {
  const pem = (name: string): Buffer => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
  const key = pem('server-key');
  const ca = pem('ca');
  const client = { key: pem('client-key'), cert: pem('client') };

  async function verdictOver(t: TestContext, server: https.ServerOptions, tls: https.AgentOptions): Promise<Verdict> {
    const receiver = await startReceiver(t, () => ({}), server);
    const verdict = await send(await createDestination(receiver.url.href, { tls }), record('a'));
    assert.equal(receiver.requests.length, verdict.kind === 'delivered' ? 1 : 0);
    return verdict;
  }

  test('with the right authority it is delivered', async (t) => {
    assert.deepEqual(await verdictOver(t, { key, cert: pem('server') }, { ca }), { kind: 'delivered' });
  });

  for (const [name, server, tls, reason] of [
    ['by an unknown authority', { key, cert: pem('server') }, {}, /unable to verify/],
    ['that has expired', { key, cert: pem('expired') }, { ca }, /expired/],
    ['for another name', client, { ca }, /does not match/],
  ] as const) {
    test(`a certificate ${name} waits for somebody to mend it`, async (t) => {
      const verdict = await verdictOver(t, server, tls);
      assert.equal(verdict.kind, 'endpoint');
      assert.match((verdict as { reason: string }).reason, reason);
    });
  }

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const server = { key, cert: pem('server'), ca, requestCert: true, maxVersion };

    test(`a client certificate that is asked for is shown (${maxVersion})`, async (t) => {
      assert.deepEqual(await verdictOver(t, server, { ca, ...client }), { kind: 'delivered' });
    });

    test(`a client certificate that is asked for and not there waits for somebody to mend it (${maxVersion})`, async (t) => {
      const verdict = await verdictOver(t, server, { ca });
      assert.equal(verdict.kind, 'endpoint');
      assert.match((verdict as { reason: string }).reason, /^TLS: [a-z0-9/ ]+$/);
    });
  }

  test('a server that speaks no TLS waits for somebody to mend the address', async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const destination = await createDestination(receiver.url.href.replace('http:', 'https:'));
    assert.deepEqual(await send(destination, record('a')), { kind: 'endpoint', reason: 'TLS: wrong version number' });
  });

  for (const close of ['destroy', 'end'] as const) {
    test(`a kept connection that the server closed at the moment of sending is tried again (${close})`, async (t) => {
      const receiver = await startReceiver(t, () => ({}), { key, cert: pem('server') });
      const destination = await createDestination(receiver.url.href, { tls: { ca } });
      await send(destination, record('a'));
      receiver.requests[0]!.socket[close]();
      assert.deepEqual(await send(destination, record('b')), { kind: 'delivered' });
      assert.equal(receiver.connections, 2);
    });
  }
});

suite('a record that is not an OTLP request', GUARD, () => {
  const foreign = [
    '',
    '{',
    '{}',
    ']}',
    '[]',
    '{"resourceMetrics":[',
    '{"resourceMetrics":',
    '{"resourceLogs":[]}',
    '{"resourceMetrics":[] }',
  ];

  test('is refused, whole', () => {
    for (const text of foreign) {
      const records = [record('a'), new TextEncoder().encode(text), record('b')];
      assert.throws(() => splice(records), { code: 'BAD_RECORD' }, text);
    }
  });

  test('is a fault of the data, and is not sent', async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const destination = await createDestination(receiver.url.href);
    assert.deepEqual(await send(destination, record('a'), new Uint8Array(20)), {
      kind: 'data',
      reason: 'a record is not an OTLP request',
    });
    assert.equal(receiver.requests.length, 0);
  });

  test('one without any metrics makes no fault in the document', () => {
    const empty = bytesOf({ resourceMetrics: [] });
    for (const records of [[empty], [empty, record('a')], [record('a'), empty], [empty, empty, record('a'), empty]]) {
      const { resourceMetrics } = JSON.parse(new TextDecoder().decode(splice(records))) as {
        resourceMetrics: unknown[];
      };
      assert.equal(resourceMetrics.length, records.filter((bytes) => bytes !== empty).length);
    }
  });
});

test('the address shows no secrets', GUARD, async () => {
  const url = 'https://user:password@receiver.example:4318/v1/metrics?api-key=secret#fragment';
  const { address } = await createDestination(url);
  assert.equal(address, 'https://receiver.example:4318/v1/metrics');
});

test('user and password of the address are sent, and shown nowhere', GUARD, async (t) => {
  const receiver = await startReceiver(t, () => ({ status: 401 }));
  const url = receiver.url.href.replace('127.0.0.1', 'user:pass%20word@127.0.0.1');
  const verdict = await send(await createDestination(url), record('a'));
  assert.equal(receiver.requests[0]!.headers.authorization, `Basic ${btoa('user:pass word')}`);
  assert.deepEqual(verdict, { kind: 'endpoint', reason: 'HTTP 401' });
});

const url = new URL('https://collector:4317/v1/metrics');
const hints: readonly (readonly [string | number, RegExp | undefined])[] = [
  ['ECONNREFUSED', /^start a collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT/],
  ['ENOTFOUND', /name in OTEL_EXPORTER_OTLP_ENDPOINT/],
  ['HPE_INVALID_CONSTANT', /4317 is that of gRPC as a rule: OTLP over HTTP is at 4318/],
  ['EPROTO', /does not speak TLS, the endpoint begins with http:/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /OTEL_EXPORTER_OTLP_CERTIFICATE/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
  [401, /OTEL_EXPORTER_OTLP_HEADERS/],
  [404, /the path is \/v1\/metrics: OTEL_EXPORTER_OTLP_ENDPOINT gets \/v1\/metrics added/],
  [302, /redirects are not followed/],
  [503, undefined],
  ['', undefined],
];
for (const [code, expected] of hints) {
  test(`what would mend ${code === '' ? 'an unknown error' : code}`, () => {
    const { hint: text } = hint(code, url);
    if (expected === undefined) assert.equal(text, undefined);
    else assert.match(text ?? '', expected);
  });
}

test('a port that is not gRPC’s is not said to be', () => {
  assert.deepEqual(hint('HPE_INVALID_CONSTANT', new URL('https://collector:4318/')), {});
  assert.match(hint('ECONNRESET', new URL('http://collector:4318/')).hint ?? '', /begins with https:/);
});
