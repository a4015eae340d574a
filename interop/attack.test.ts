import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ended, until } from '../test/support/process.ts';
import { cleanup, type ServingAgent, startAgent } from './agents.ts';

const MIB = 1024 * 1024;

/** What the server holds at most, by its own limit. */
const CONNECTIONS = 128;

interface Attack {
  readonly kind: string;
  /** Each comes from an address of its own. */
  readonly processes: number;
  /** Of each process. */
  readonly connections: number;
  readonly seconds: number;
}

const attacks: readonly Attack[] = [
  { kind: 'slowloris', processes: 2, connections: 200, seconds: 2 },
  { kind: 'idle', processes: 4, connections: 2500, seconds: 1 },
  { kind: 'scrape', processes: 2, connections: 500, seconds: 0 },
  { kind: 'deaf', processes: 1, connections: 200, seconds: 1 },
  { kind: 'fat', processes: 1, connections: 50, seconds: 1 },
];

/** What came of an attack, of all its processes together. It leaves the CPUs to the agent where that wants them. */
async function attack({ url }: ServingAgent, { kind, processes, connections, seconds }: Attack) {
  const script = fileURLToPath(import.meta.resolve('./attacker.ts'));
  const results = Array.from({ length: processes }, async (_, index) => {
    const args = [script, kind, url.port, `127.0.0.${10 + index}`, String(connections), String(seconds)];
    const child = spawn('nice', ['-n', '19', process.execPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { code, stdout, stderr } = await ended(child);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Readonly<Record<string, number>>;
  });
  const totals: Record<string, number> = {};
  for (const result of await Promise.all(results)) {
    for (const [key, value] of Object.entries(result)) totals[key] = (totals[key] ?? 0) + value;
  }
  return totals;
}

/** A whole page, on a connection of its own; undefined where that was closed before there was an answer. */
async function scrape(url: URL): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage | undefined>();
  const request = http.get(url, { agent: false, timeout: 5000 }, resolve);
  request.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ECONNRESET' ? resolve(undefined) : reject(error),
  );
  request.on('timeout', () => request.destroy(new Error('no answer in 5 s')));
  const response = await promise;
  if (response === undefined) return undefined;
  const body = (await buffer(response)).toString();
  assert.equal(response.statusCode, 200, body);
  return body;
}

interface Watched {
  scrapes: number;
  refused: number;
  /** Milliseconds. */
  slowest: number;
  descriptors: number;
}

const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** Scrapes in a leisurely way until `attacking` is over. */
async function watch({ url, pid }: ServingAgent, attacking: Promise<unknown>): Promise<Watched> {
  const watched: Watched = { scrapes: 0, refused: 0, slowest: 0, descriptors: 0 };
  let isOver = false;
  const over = attacking.finally(() => (isOver = true));
  while (!isOver) {
    const began = performance.now();
    // A crowd that comes between a connection and its request may push it out: then it is asked again.
    for (; (await scrape(url)) === undefined; await sleep(1)) {
      watched.refused++;
      assert.ok(performance.now() - began < 5000, 'refused for 5 s');
    }
    watched.scrapes++;
    watched.slowest = Math.max(watched.slowest, performance.now() - began);
    watched.descriptors = Math.max(watched.descriptors, descriptors(pid));
    await sleep(50);
  }
  await over;
  return watched;
}

/** Samples of a page: names without the labels of the scope. */
function parse(page: string): ReadonlyMap<string, number> {
  const lines = page.matchAll(/^([^#{ ]+)\{(.*)\} (\S+)$/gm);
  return new Map(
    [...lines].map(([, name, labels, value]) => {
      const own = labels!.split(',').filter((label) => !label.startsWith('otel_scope_'));
      return [`${name}{${own.join(',')}}`, Number(value)];
    }),
  );
}

/** How much has been counted in between. */
function counted(before: string, after: string) {
  const [first, last] = [parse(before), parse(after)];
  const growth = (name: string) => (last.get(name) ?? 0) - (first.get(name) ?? 0);
  const ticks = (state: string) => growth(`jobmeter_agent_tick_count_total{jobmeter_tick_state="${state}"}`);
  const answers = (status: number) => growth(`jobmeter_server_requests_total{http_response_status_code="${status}"}`);
  return {
    onTime: ticks('on_time'),
    late: ticks('late'),
    missed: ticks('missed'),
    dropped: growth('jobmeter_server_connections_dropped_total{}'),
    status200: answers(200),
    status431: answers(431),
  };
}

/** Bytes that are the agent's own, and all that it has resident. */
function memory(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
  return { anonymous: bytes('RssAnon'), resident: bytes('VmRSS') };
}

/** That an attack was one, and what it could do. */
function assess(kind: string, result: Readonly<Record<string, number>>, counts: ReturnType<typeof counted>): void {
  const said = `${kind}: ${JSON.stringify({ result, counts })}`;
  switch (kind) {
    case 'slowloris':
      assert.ok(result['closed']! > 400 && counts.dropped > 400, said);
      break;
    case 'idle':
      assert.ok(counts.dropped > 9000 && result['held']! <= CONNECTIONS, said);
      break;
    case 'scrape':
      assert.ok(result['whole']! >= CONNECTIONS / 2 && result['broken'] === 0, said);
      assert.equal(result['whole']! + result['refused']!, 1000);
      break;
    case 'deaf':
      // One answer a connection, though each asked 50 times.
      assert.ok(result['opened']! > 0 && counts.status200 < 400, said);
      break;
    case 'fat':
      assert.ok(result['statuses']! > 20 && counts.status431 >= result['statuses']!, said);
      break;
    default:
      assert.fail(kind);
  }
}

test('under attack it meters on, answers, and does not grow', { timeout: 120_000 }, async (context) => {
  const agent = await startAgent(cleanup(context), { args: ['--interval', '100ms'] });
  /** As of a tick from now: a page is made once for each, and counts what was before. */
  async function page(): Promise<string> {
    const old = await until('a page', () => scrape(agent.url));
    return until('a new page', async () => {
      const now = await scrape(agent.url);
      if (now === undefined) return undefined;
      const { onTime, late } = counted(old, now);
      return onTime + late > 0 ? now : undefined;
    });
  }
  const beginning = await page();
  const calm = descriptors(agent.pid);
  const rounds: ReturnType<typeof memory>[] = [memory(agent.pid)];
  let [slowest, scrapes, refused] = [0, 0, 0];
  for (let round = 1; round <= 4; round++) {
    for (const what of attacks) {
      const before = await page();
      const attacking = attack(agent, what);
      const watched = await watch(agent, attacking);
      const [result, counts] = [await attacking, counted(before, await page())];
      const said = `${what.kind}: ${JSON.stringify({ result, watched, counts })}`;
      if (round === 1) context.diagnostic(said);
      assess(what.kind, result, counts);
      assert.ok(watched.scrapes > 0 && watched.slowest < 1000, said);
      assert.ok(watched.descriptors <= calm + CONNECTIONS + 8, `${calm} before; ${said}`);
      slowest = Math.max(slowest, watched.slowest);
      scrapes += watched.scrapes;
      // Of a crowd that asks, nobody is pushed out, and there may be no room for one more.
      if (what.kind !== 'scrape') refused += watched.refused;
    }
    await until('all connections to be gone', () => (descriptors(agent.pid) <= calm ? true : undefined), 15);
    rounds.push(memory(agent.pid));
  }

  const { onTime, late, missed } = counted(beginning, await page());
  const mib = (bytes: number) => Math.round(bytes / MIB);
  const sizes = rounds.map(({ anonymous, resident }) => `${mib(anonymous)} (${mib(resident)})`).join(', ');
  context.diagnostic(`${onTime} ticks on time, ${late} late, ${missed} missed`);
  context.diagnostic(`${scrapes} scrapes, the slowest ${slowest} ms; ${refused} were pushed out before`);
  context.diagnostic(`MiB of its own (resident) at first and after each round: ${sizes}`);
  assert.ok(
    onTime > 200 && late <= 0.1 * onTime && missed <= 0.02 * onTime,
    `${late} late and ${missed} missed of ${onTime}`,
  );
  assert.ok(scrapes > 100 && refused <= 0.02 * scrapes, `${refused} of ${scrapes} scrapes were pushed out`);
  // At first the heap grows to what this much garbage a second makes of it.
  const [, , second, third, last] = rounds.map(({ anonymous }) => anonymous);
  assert.ok(last! < Math.max(second!, third!) + 6 * MIB, sizes);
  assert.ok(last! < 96 * MIB, sizes);
  assert.doesNotMatch(agent.log(), /"level":"(warn|error)"/);
});

/** What comes back on a connection of its own until the server closes it. */
async function talk({ url }: ServingAgent, bytes: string): Promise<string> {
  const socket = net.connect({ port: Number(url.port), host: url.hostname });
  // The server may close while we write.
  socket.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.once('close', () => resolve());
  socket.write(Buffer.from(bytes, 'latin1'));
  await promise;
  return answer;
}

const HOST = 'Host: 127.0.0.1\r\n';
const get = (target: string, headers = HOST) => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;

const requests: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  200: {
    plain: get('/metrics'),
    query: get('/metrics?name[]=up'),
    'HTTP/1.0 without a Host': 'GET /metrics HTTP/1.0\r\n\r\n',
    pipelined: get('/metrics').repeat(20),
    'a body': `GET /metrics HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${get('/healthz')}`,
    'a chunked body': `GET /metrics HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get('/healthz')}`,
    // Where a body would end does not matter: nothing after the head is looked at.
    'both lengths': `GET /metrics HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    expect: get('/metrics', `${HOST}Expect: 100-continue\r\n`),
    upgrade: get('/metrics', `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n`),
  },
  400: {
    'HTTP/0.9': 'GET /metrics\r\n\r\n',
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    TLS: '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n',
    nonsense: '\0\0\0\0\r\n\r\n',
    'NUL in a header': get('/metrics', `${HOST}X: a\0b\r\n`),
    'a space before the colon': get('/metrics', `${HOST}X : a\r\n`),
  },
  403: {
    'a foreign Host': get('/metrics', 'Host: evil.example\r\n'),
    'a Host that begins like ours': get('/metrics', 'Host: 127.0.0.1.evil.example\r\n'),
    'no Host': get('/metrics', ''),
    'two Hosts': get('/metrics', `${HOST}Host: evil.example\r\n`),
    'a web page': get('/metrics', `${HOST}Origin: http://evil.example\r\n`),
    'a web page that hides': get('/metrics', `${HOST}Origin: null\r\n`),
  },
  404: Object.fromEntries(
    [
      '/metrics/',
      '//metrics',
      '/./metrics',
      '/x/../metrics',
      '/%6detrics',
      '/metrics%00',
      '/metrics;a',
      '/metrics#a',
      '/METRICS',
      '/../../../../etc/passwd',
      '/..%2f..%2f..%2fetc%2fpasswd',
      'http://127.0.0.1/metrics',
      '/__proto__',
      '/constructor',
    ].map((target) => [target, get(target)]),
  ),
  405: Object.fromEntries(
    ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method) => [
      method,
      `${method} /metrics HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
    ]),
  ),
  431: {
    'a long header': get('/metrics', `${HOST}X: ${'a'.repeat(9000)}\r\n`),
    'a long target': get(`/metrics?${'a'.repeat(9000)}`),
    'many headers': get('/metrics', HOST + 'X: a\r\n'.repeat(101)),
  },
};

suite('one request, one answer, and the connection is closed', () => {
  let agent: ServingAgent;
  const ends = cleanup({ after });
  before(async () => {
    agent = await startAgent(ends, {});
  });
  for (const [status, cases] of Object.entries(requests)) {
    for (const [name, bytes] of Object.entries(cases)) {
      test(`${status} ${name}`, async () => {
        const answer = await talk(agent, bytes);
        assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, answer.slice(0, 500));
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.match(answer, /^connection: close\r$/im);
        assert.equal(/^system_uptime_seconds/m.test(answer), status === '200');
        assert.doesNotMatch(answer, /root:/);
      });
    }
  }
});
