import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { type OtlpRequest, parseRequest, resourceAttributes } from '../test/support/otlp.ts';
import { ended, freePort, root, until } from '../test/support/process.ts';
import { startReceiver } from '../test/support/receiver.ts';
import { type Cleanup, cleanup, type ServingAgent, startAgent } from './agents.ts';
import { createCgroup, removeWhenEmpty, type TestCgroup } from './cgroups.ts';

const MIB = 1024 * 1024;

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';
const TEXT = 'text/plain; version=0.0.4';

/** Feeds a program; Debian's Python, since only that one has Debian's libraries. */
function feed(program: string, args: readonly string[], input: string) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  return ended(child);
}

async function getPage(url: URL, accept: string): Promise<string> {
  const response = await fetch(url, { headers: { accept } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), `${accept}; charset=utf-8`);
  return response.text();
}

interface Page {
  /** By names of families as OpenMetrics has them. */
  readonly types: ReadonlyMap<string, { readonly type: string; readonly unit: string }>;
  /** By `name{label=value,…}`, without the labels of the scope; the labels are sorted. */
  readonly values: ReadonlyMap<string, number>;
}

interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** What somebody else's parser reads. */
async function parse(page: string, format: 'text' | 'openmetrics'): Promise<Page> {
  const script = path.join(root, 'interop/parse-page.py');
  const { code, stdout, stderr } = await feed('/usr/bin/python3', [script, format], page);
  assert.equal(code, 0, stderr);
  const families = JSON.parse(stdout) as readonly ParsedFamily[];
  const samples = families.flatMap((family) => family.samples);
  const values = new Map(samples.map(({ name, labels, value }) => [seriesOf(name, labels), value]));
  assert.equal(values.size, samples.length, 'no series twice');
  return { types: new Map(families.map(({ name, type, unit }) => [name, { type, unit }])), values };
}

function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .filter(([key]) => !key.startsWith('otel_scope_'))
    .map(([key, value]) => `${key}=${key === 'le' ? Number(value.replace('+Inf', 'Infinity')) : value}`);
  return `${name}{${pairs.toSorted().join(',')}}`;
}

interface Sent {
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: 'counter' | 'updowncounter' | 'gauge' | 'histogram';
  readonly family: string;
  readonly unit: string;
}

/** An OTLP request as series of a page, by rules written down here once more. */
function translate(request: OtlpRequest): ReadonlyMap<string, Sent> {
  const sent = new Map<string, Sent>();
  const underscored = (name: string) => name.replaceAll(/[^a-zA-Z0-9]/g, '_');
  const units: Readonly<Record<string, string>> = {
    s: 'seconds',
    By: 'bytes',
    Hz: 'hertz',
    Cel: 'celsius',
    J: 'joules',
    'By/s': 'bytes_per_second',
  };
  for (const { scopeMetrics } of request.resourceMetrics) {
    for (const { name, unit, ...data } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      assert.ok(unit in units || /^(?:1|\{.*\})$/.test(unit), `a unit that this test has no name for: ${unit}`);
      const word = unit === '1' && data.gauge ? 'ratio' : (units[unit] ?? '');
      const { sum, gauge, exponentialHistogram: histogram } = data;
      const kind = histogram ? 'histogram' : gauge ? 'gauge' : sum?.isMonotonic === true ? 'counter' : 'updowncounter';
      // A counter ends in _total, once.
      const stem = kind === 'counter' ? underscored(name).replace(/_total$/, '') : underscored(name);
      const family = stem + (word === '' ? '' : `_${word}`);
      for (const point of (histogram ?? gauge ?? sum)!.dataPoints) {
        const labels = Object.fromEntries(
          (point.attributes ?? []).map(({ key, value }) => [underscored(key), String(Object.values(value)[0])]),
        );
        const time = Number(BigInt(point.timeUnixNano) / 1_000_000n);
        const add = (suffix: string, value: unknown) =>
          sent.set(seriesOf(family + suffix, labels), { value: Number(value), time, kind, family, unit: word });
        if (kind === 'histogram') {
          add('_count', point.count);
          add('_sum', point.sum);
        } else add(kind === 'counter' ? '_total' : '', point.asInt ?? point.asDouble);
      }
    }
  }
  return sent;
}

const trees = ['v2-container', 'kubernetes-v2', 'v1-container', 'hybrid-host'];

suite('promtool and Prometheus’s own parsers read what OTLP says', () => {
  for (const tree of ['/', ...trees.map((name) => path.join('test/fixtures', name, '1'))]) {
    test(tree, async (context) => {
      const t = cleanup(context);
      const receiver = await startReceiver(t, () => ({}));
      const { url, stop } = await startAgent(t, {
        args: ['--interval', '100ms', '--root-path', path.resolve(root, tree)],
        env: {
          OTEL_METRICS_EXPORTER: 'otlp,prometheus',
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
          OTEL_METRIC_EXPORT_INTERVAL: '200',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=caf%C3%A9%20%22a%5Cb%22',
        },
      });
      const exportAfter = async (time: number) => {
        await until('an export', () => (timeOf(receiver.requests.at(-1)?.body) > time ? true : undefined));
        return parseRequest(receiver.requests.at(-1)!.body);
      };
      // The second scrape from now shows that there was one.
      await getPage(url, TEXT);
      const before = await exportAfter(Date.now());
      const textPage = await getPage(url, TEXT);
      const openmetricsPage = await getPage(url, OPENMETRICS);
      const after = await exportAfter(Date.now());
      const { code, stderr } = await stop();
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /"level":"(warn|error)"/);

      assert.deepEqual(await feed('promtool', ['check', 'metrics'], textPage), {
        code: 0,
        signal: null,
        stdout: '',
        stderr: '',
      });
      const text = await parse(textPage, 'text');
      const openmetrics = await parse(openmetricsPage, 'openmetrics');
      const [first, last] = [translate(before), translate(after)];

      // The same series everywhere.
      const isSent = (series: string) => !/^(target_info\{|.*_bucket\{)/.test(series);
      const series = [...openmetrics.values.keys()].toSorted();
      assert.deepEqual([...text.values.keys()].toSorted(), series);
      assert.deepEqual([...last.keys()].toSorted(), series.filter(isSent));
      assert.ok(series.filter(isSent).length > 40);

      // The same values: equal where the tree stands still, and never out of order where the agent counts.
      let equal = 0;
      for (const [name, { value, kind }] of last) {
        const values = [first.get(name)?.value ?? 0, text.values.get(name)!, openmetrics.values.get(name)!, value];
        if (kind === 'counter' || kind === 'histogram') {
          // A sum is added up in another order for each of the two, so that its last digits may differ.
          const isRising = values.every((now, index) => index === 0 || now >= values[index - 1]! * (1 - 1e-12));
          assert.ok(isRising, `${name} goes back: ${values.join(', ')}`);
        }
        const isOfAgent = /^jobmeter_(agent|server|samples|delivery|points|export|.*_distribution)_/.test(name);
        if (isOfAgent || tree === '/') continue;
        assert.deepEqual(values, Array(4).fill(value), name);
        equal++;
      }
      assert.ok(equal > 20 || tree === '/', `${equal} series stand still`);

      // A histogram's buckets end with its count; its mean is the same both ways where all its values are.
      for (const [name, count] of openmetrics.values) {
        if (!/_bucket\{.*le=Infinity/.test(name)) continue;
        const total = name.replace('_bucket{', '_count{').replace(/,?le=Infinity/, '');
        assert.equal(count, openmetrics.values.get(total), name);
        assert.ok(count > 0, name);
      }
      const mean = (of: (name: string) => number | undefined) =>
        of('jobmeter_memory_usage_distribution_bytes_sum{jobmeter_scope=container}')! /
        of('jobmeter_memory_usage_distribution_bytes_count{jobmeter_scope=container}')!;
      if (tree !== '/') {
        const [theirs, ours] = [mean((name) => openmetrics.values.get(name)), mean((name) => last.get(name)?.value)];
        assert.ok(theirs > 0);
        assert.equal(theirs, ours);
      }

      // The same types and units.
      for (const { family, kind, unit } of last.values()) {
        const type = /_(count|total)$/.test(family) && kind !== 'counter' ? 'unknown' : kind;
        const expected = { type: type === 'updowncounter' ? 'gauge' : type, unit };
        assert.deepEqual(openmetrics.types.get(family), expected, family);
      }

      // The same Resource.
      const attributes = Object.entries(resourceAttributes(after));
      const labels = Object.fromEntries(
        attributes.map(([key, value]) => [key.replaceAll(/[^a-zA-Z0-9]/g, '_'), value]),
      );
      assert.equal(labels['deployment_environment_name'], 'café "a\\b"');
      assert.equal(openmetrics.values.get(seriesOf('target_info', labels)), 1);
    });
  }

  test('promtool would say it', async () => {
    const page = '# HELP a_seconds It counts.\n# TYPE a_seconds counter\na_seconds 1\n';
    assert.notEqual((await feed('promtool', ['check', 'metrics'], page)).code, 0);
  });
});

/** Milliseconds since 1970 of the newest point of an OTLP request. */
function timeOf(body: Uint8Array | undefined): number {
  if (body === undefined) return 0;
  return Math.max(...[...translate(parseRequest(body)).values()].map(({ time }) => time));
}

interface Answer {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Prometheus {
  /** The answer of its HTTP API. */
  api<T>(path: string, parameters?: Readonly<Record<string, string>>): Promise<T>;
  /** An expression as of a time, in seconds since 1970, or of now. */
  query(expression: string, time?: number): Promise<readonly Answer[]>;
  /** Where exactly one value comes out. */
  value(expression: string, time?: number): Promise<number>;
}

async function startPrometheus(t: Cleanup, jobs: readonly object[]): Promise<Prometheus> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-prometheus-'));
  const config = path.join(directory, 'prometheus.yml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${directory}/data`, `--web.listen-address=${address}`];
  const child = spawn('prometheus', [...args, '--log.level=warn'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const over = ended(child);
  t.after(async () => {
    child.kill('SIGTERM');
    await over;
    rmSync(directory, { recursive: true });
  });

  async function api<T>(where: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await fetch(`http://${address}/api/v1/${where}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    assert.equal(answer.status, 'success', answer.error);
    return answer.data;
  }
  async function query(expression: string, time?: number): Promise<readonly Answer[]> {
    const parameters = { query: expression, ...(time !== undefined && { time: String(time) }) };
    const { result } = await api<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      'query',
      parameters,
    );
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  await until('Prometheus', async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${(await over).stderr}`);
    const response = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    return response?.ok === true ? true : undefined;
  });
  return {
    api,
    query,
    async value(expression, time) {
      const answers = await query(expression, time);
      assert.equal(answers.length, 1, `${expression}: ${JSON.stringify(answers)}`);
      return answers[0]!.value;
    },
  };
}

const QUOTA = 0.6;

/** An agent in a cgroup with a quota beside a child that uses it up, whatever else this machine has to do. */
async function startInCgroup(t: Cleanup) {
  const name = `jobmeter-prometheus-${process.pid}`;
  const cgroup = createCgroup(name, { cpu: QUOTA, memory: 256 * MIB });
  t.after(() => removeWhenEmpty(cgroup));
  const weights = [`/sys/fs/cgroup/cpu/${name}/cpu.shares`, `/sys/fs/cgroup/${name}/cpu.weight`];
  writeFileSync(weights.find(existsSync)!, '10000');
  const busy = `const held = Buffer.alloc(${64 * MIB}, 1); for (;;) held[0]++;`;
  const child = spawn('sh', ['-c', `${cgroup.enter} && exec "$0" -e "$1"`, process.execPath, busy], {
    stdio: 'ignore',
  });
  const over = ended(child);
  t.after(() => {
    child.kill('SIGKILL');
    return over;
  });
  return { cgroup, agent: await startAgent(t, { args: ['--interval', '1s'], enter: cgroup.enter }) };
}

/** What the kernel says of a cgroup's CPU time, noted down whenever it is asked. */
function noteCpu(cgroup: TestCgroup) {
  const notes: { readonly time: number; readonly seconds: number }[] = [];
  return {
    note: () => notes.push({ time: Date.now() / 1000, seconds: cgroup.cpuSeconds() }),
    /** CPUs in use over the last so many seconds, and when these were over. */
    use(seconds: number) {
      const last = notes.at(-1)!;
      const first = notes.findLast(({ time }) => time <= last.time - seconds)!;
      return { time: last.time, value: (last.seconds - first.seconds) / (last.time - first.time) };
    },
  };
}

function about(value: number, expected: number, share: number, what: string): void {
  assert.ok(Math.abs(value - expected) <= expected * share, `${what}: ${value}, not about ${expected}`);
}

function counted(file: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(file, 'utf8'))![1]);
}

test('a minute of a real Prometheus', { timeout: 150_000 }, async (t) => {
  const ends = cleanup(t);
  const tls = path.join(root, 'test/fixtures/tls');
  const token = 'correct-horse-battery-staple';
  const host = await startAgent(ends, { args: ['--interval', '200ms'] });
  const { cgroup, agent: inCgroup } = await startInCgroup(ends);
  const secure = await startAgent(ends, {
    args: ['--http-tls-cert-file', `${tls}/server.pem`, '--http-tls-key-file', `${tls}/server-key.pem`],
    env: { JOBMETER_HTTP_TOKEN: token },
  });
  const restartedOptions = { args: ['--interval', '200ms', '--http-port', String(await freePort())] };
  const beforeRestart = await startAgent(ends, restartedOptions);

  const job = (name: string, { url }: ServingAgent, more: object = {}) => ({
    job_name: name,
    scheme: url.protocol.slice(0, -1),
    static_configs: [{ targets: [url.host] }],
    ...more,
  });
  const prometheus = await startPrometheus(ends, [
    job('host', host),
    job('container', inCgroup),
    job('restarted', beforeRestart),
    job('secure', secure, {
      tls_config: { ca_file: `${tls}/ca.pem` },
      authorization: { credentials: token },
    }),
    job('wrong-token', secure, {
      tls_config: { ca_file: `${tls}/ca.pem` },
      authorization: { credentials: 'a-wrong-token' },
    }),
    job('no-ca', secure, { authorization: { credentials: token } }),
  ]);

  const cpu = noteCpu(cgroup);
  const scrapes = async (name: string) => (await prometheus.query(`count_over_time(up{job="${name}"}[2m])`))[0]?.value;
  const scraped = (name: string, count: number) =>
    until(
      `${count} scrapes of ${name}`,
      async () => {
        cpu.note();
        return ((await scrapes(name)) ?? 0) >= count ? true : undefined;
      },
      100,
    );
  await scraped('restarted', 30);
  assert.equal((await beforeRestart.stop()).code, 0);
  const afterRestart = await startAgent(ends, restartedOptions);
  assert.equal(afterRestart.url.href, beforeRestart.url.href);
  const jobs = ['host', 'container', 'secure'];
  for (const name of [...jobs, 'restarted']) await scraped(name, 62);

  await t.test('every scrape worked, once a second', async () => {
    for (const name of jobs) {
      const of = (metric: string) => `${metric}{job="${name}"}[1m]`;
      assert.equal(await prometheus.value(`min_over_time(${of('up')})`), 1, name);
      const count = await prometheus.value(`count_over_time(${of('up')})`);
      assert.ok(count >= 59 && count <= 61, `${count} scrapes in a minute`);
      assert.equal(await prometheus.value(`min_over_time(${of('scrape_samples_scraped')}) > 100`), await linesOf(name));
      assert.ok((await prometheus.value(`max_over_time(${of('scrape_duration_seconds')})`)) < 1);
      const { result } = await prometheus.api<{ result: { metric: object; values: [number, string][] }[] }>('query', {
        query: `{job="${name}",__name__=~"up|system_cpu_time_seconds_total|jobmeter_agent_tick_duration_seconds_count"}[1m]`,
      });
      assert.equal(result.length, 1 + 7 + 1);
      for (const { metric, values } of result) {
        const gaps = values.slice(1).map(([time], index) => time - values[index]![0]);
        assert.ok(Math.max(...gaps) < 1.5, `${JSON.stringify(metric)}: ${Math.max(...gaps)} s without a sample`);
      }
    }
  });

  /** How many samples are on the page, as `scrape_samples_scraped` should say. */
  async function linesOf(name: string): Promise<number> {
    if (name === 'secure') return prometheus.value(`max_over_time(scrape_samples_scraped{job="secure"}[1m])`);
    const page = await getPage(name === 'host' ? host.url : inCgroup.url, OPENMETRICS);
    return page.split('\n').filter((line) => /^[^#]/.test(line)).length;
  }

  await t.test('OpenMetrics was what it asked for', async () => {
    type Metadata = { metric: string; type: string; unit: string; target: { job: string } }[];
    const metadata = await prometheus.api<Metadata>('targets/metadata', { match_target: '{job="host"}' });
    const of = (name: string) => metadata.find(({ metric }) => metric === name);
    assert.partialDeepStrictEqual(of('system_cpu_time_seconds'), { type: 'counter', unit: 'seconds' });
    assert.partialDeepStrictEqual(of('system_memory_usage_bytes'), { type: 'gauge', unit: 'bytes' });
    assert.partialDeepStrictEqual(of('target'), { type: 'info' });
    assert.equal(of('system_cpu_time_seconds_total'), undefined, 'a name of the text format');
  });

  await t.test('the host', async () => {
    const memory = counted('/proc/meminfo', /^MemTotal: +(\d+) kB/m) * 1024;
    assert.equal(await prometheus.value('system_memory_limit_bytes{job="host"}'), memory);
    const parts = await prometheus.value('sum(system_memory_usage_bytes{job="host"})');
    assert.equal(parts, memory, 'the states add up');
    const cpus = readFileSync('/proc/stat', 'utf8').match(/^cpu\d+ /gm)!.length;
    assert.equal(await prometheus.value('system_cpu_logical_count{job="host"}'), cpus);
    const rate = await prometheus.value('sum(rate(system_cpu_time_seconds_total{job="host"}[30s]))');
    about(rate, cpus, 0.1, 'CPUs by CPU time');
    const increase = await prometheus.value('sum(increase(system_cpu_time_seconds_total{job="host"}[1m]))');
    about(increase, cpus * 60, 0.05, 'CPU seconds in a minute');
    about(await prometheus.value('rate(system_uptime_seconds{job="host"}[30s])'), 1, 0.05, 'seconds a second');
    const uptime = counted('/proc/uptime', /^([\d.]+)/);
    assert.ok(Math.abs((await prometheus.value('system_uptime_seconds{job="host"}')) - uptime) < 3);
    t.diagnostic(`host: ${rate} CPUs by CPU time, of ${cpus}`);
  });

  await t.test('a child that uses up its quota', async () => {
    cpu.note();
    const { time, value: use } = cpu.use(30);
    about(use, QUOTA, 0.05, 'the kernel’s own account');
    const value = (expression: string) => prometheus.value(expression.replaceAll('$', 'job="container"'), time);
    const byTime = await value('sum(rate(container_cpu_time_seconds_total{$}[30s]))');
    about(byTime, use, 0.1, 'container.cpu.time');
    const distribution = 'jobmeter_cpu_usage_distribution';
    const mean = await value(`rate(${distribution}_sum{$}[30s]) / rate(${distribution}_count{$}[30s])`);
    about(mean, use, 0.05, 'the mean of the distribution');
    const quantile = (q: number) =>
      value(`histogram_quantile(${q}, sum by (le) (rate(${distribution}_bucket{$}[30s])))`);
    const [p5, median, p95] = [await quantile(0.05), await quantile(0.5), await quantile(0.95)];
    for (const q of [p5, median, p95]) assert.ok(q >= 0.5 && q <= 0.75, `not in the bucket around ${QUOTA}: ${q}`);
    assert.ok(p5 < median && median < p95);
    about(await value(`rate(${distribution}_count{$}[30s])`), 1, 0.1, 'ticks a second');
    assert.equal(await value('jobmeter_cpu_limit{$,jobmeter_scope="container"}'), QUOTA);
    assert.equal(await value('jobmeter_memory_limit_bytes{$,jobmeter_scope="container"}'), 256 * MIB);
    const memory = await value('container_memory_usage_bytes{$}');
    about(memory, cgroup.memoryBytes(), 0.1, 'memory');

    const statistic = (name: string) => `jobmeter_cpu_usage{$,jobmeter_statistic="${name}"}`;
    about(await value(`avg_over_time(${statistic('mean')}[30s])`), use, 0.05, 'the mean');
    const ordered = ['min', 'median', 'p95', 'max'];
    for (const [index, upper] of [...ordered.entries()].slice(1)) {
      const both = `${statistic(ordered[index - 1]!)} <= ignoring(jobmeter_statistic) ${statistic(upper)}`;
      assert.ok((await value(`count_over_time((${both})[50s:1s])`)) >= 50, `${ordered[index - 1]} <= ${upper}`);
    }
    const between = `${statistic('min')} <= ignoring(jobmeter_statistic) (${statistic('mean')} <= ignoring(jobmeter_statistic) ${statistic('max')})`;
    assert.ok((await value(`count_over_time((${between})[50s:1s])`)) >= 50, 'min <= mean <= max');
    t.diagnostic(
      `container: ${use} CPUs says the kernel, ${byTime} by CPU time, ${mean} by the distribution, p5 ${p5}, median ${median}, p95 ${p95}`,
    );
  });

  await t.test('nothing that counts goes back', async () => {
    // Other names that end in _count tell how many there are.
    const counters = '__name__=~".+_(total|bucket|sum)|.+_(distribution|duration|lateness)(_[a-z]+)?_count"';
    for (const name of jobs) {
      const named = `label_replace({job="${name}",${counters}}, "name", "$1", "__name__", "(.*)")`;
      const resets = `resets(${named}[1m:1s])`;
      assert.ok((await prometheus.value(`count(${resets})`)) > 100);
      assert.equal(await prometheus.value(`max(${resets})`), 0, name);
    }
  });

  await t.test('a new start is a reset, and no spike', async () => {
    const cpus = os.cpus().length;
    const job = 'job="restarted"';
    const most = (expression: string) => prometheus.value(`max_over_time((${expression})[50s:1s])`);
    assert.equal(
      await prometheus.value(`resets(jobmeter_agent_tick_count_total{${job},jobmeter_tick_state="on_time"}[1m])`),
      1,
    );
    assert.equal(await prometheus.value(`resets(jobmeter_cpu_usage_distribution_count{${job}}[1m])`), 1);
    assert.equal(await prometheus.value(`max(resets(system_cpu_time_seconds_total{${job}}[1m]))`), 0);
    const rate = await prometheus.value(`sum(rate(system_cpu_time_seconds_total{${job}}[30s]))`);
    about(rate, cpus, 0.1, 'CPUs by CPU time');
    const spike = await most(`sum(rate(system_cpu_time_seconds_total{${job}}[5s]))`);
    assert.ok(spike < cpus * 1.25, `${spike} CPUs`);
    assert.ok((await most(`sum(rate(jobmeter_agent_cpu_time_seconds_total{${job}}[10s]))`)) < 1);
    const ticks = await most(`rate(jobmeter_cpu_usage_distribution_count{${job}}[10s])`);
    assert.ok(ticks < 5 * 1.25, `${ticks} ticks a second, of 5`);
    assert.equal(await prometheus.value(`count(target_info{${job}})`), 1);
    assert.equal(await prometheus.value(`count(count_over_time(target_info{${job}}[1m]))`), 2, 'two instances');
    t.diagnostic(`restarted: at most ${spike} CPUs of ${cpus} over 5 s, ${ticks} ticks a second of 5`);
  });

  await t.test('the Resource joins any metric', async () => {
    const [joined, ...more] = await prometheus.query(
      'system_memory_limit_bytes{job="host"} * on (job, instance) group_left (host_name, service_name) target_info',
    );
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(joined!.labels, { host_name: os.hostname(), service_name: 'jobmeter' });
  });

  await t.test('TLS and a token, and neither without', async () => {
    type Targets = { activeTargets: { labels: { job: string }; health: string; lastError: string }[] };
    const { activeTargets } = await prometheus.api<Targets>('targets', { state: 'active' });
    const of = (name: string) => activeTargets.find(({ labels }) => labels.job === name)!;
    assert.partialDeepStrictEqual(of('secure'), { health: 'up', lastError: '' });
    assert.match(of('wrong-token').lastError, /HTTP status 401/);
    assert.match(of('no-ca').lastError, /certificate signed by unknown authority/);
    for (const name of ['wrong-token', 'no-ca']) {
      assert.equal(await prometheus.value(`max_over_time(up{job="${name}"}[1m])`), 0);
    }
  });

  await t.test('it was no trouble', () => {
    for (const { log } of [host, inCgroup, secure, afterRestart]) assert.doesNotMatch(log(), /"level":"(warn|error)"/);
  });
});
