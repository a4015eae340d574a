// Every setting: its default, texts that are allowed with what they mean, and texts that are not.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/process.ts';

export interface Row {
  readonly default: unknown;
  /** At least two that differ, where the setting has two values. */
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly bad: readonly string[];
  /** Where one name has texts of its own: the variable that gets a path added, the keys that hold pairs. */
  readonly own?: Readonly<Record<string, readonly (readonly [given: unknown, value: unknown])[]>>;
}

/** In everything that is secret. */
export const SECRET = 'hunter2';

const fixture = (file: string) => path.join(root, 'test/fixtures', file);
/** Words that every JavaScript object knows. */
const INHERITED = ['constructor', '__proto__', 'toString'];

const OTLP_FILE = 'meter_provider.readers[].periodic.exporter.otlp_http';

const PATTERNS = {
  good: [
    ['*cpu*', ['*cpu*']],
    ['a', ['a']],
    [' a* ,?b ', ['a*', '?b']],
  ],
  bad: [',', 'a,,b', 'a,', ',a'],
} as const;

const FILES: Row = {
  default: undefined,
  good: [fixture('tls/ca.pem'), fixture('tls/client.pem')].map((file) => [
    file,
    { path: file, content: readFileSync(file) },
  ]),
  bad: ['/nowhere/file.pem', fixture('tls')],
};

const onOff = (value: boolean): Row => ({
  default: value,
  good: [
    [String(!value), !value],
    [String(value), value],
    [' TRUE ', true],
    ['False', false],
    ['1', true],
    ['0', false],
  ],
  bad: ['maybe', 'yes', 'on', '2', 'truefalse', ...INHERITED],
});

const words = (value: string, ...other: readonly string[]): Row => ({
  default: value,
  good: [...other, value].flatMap((word) => [[word, word] as const, [` ${word.toUpperCase()} `, word] as const]),
  bad: ['nonsense', `${value} ${value}`, `${value},${other[0]}`, '1', ...INHERITED],
});

const milliseconds = (value: number, least: number, most: number): Row => ({
  default: value,
  good: [
    ['2500', 2500],
    [String(least), least],
    [String(most), most],
    [' 500 ', 500],
  ],
  bad: ['10s', '1.5', '-1', '1e3', '0x10', 'NaN', 'Infinity', '1 000', String(most + 1), ...INHERITED],
});

const PAIRS = [
  ['a=1', { a: '1' }],
  ['b=x%20y, e = 2 ,', { b: 'x y', e: '2' }],
  ['a=1,a=2', { a: '2' }],
  ['a=b=c', { a: 'b=c' }],
  ['a=', { a: '' }],
] as const;

const PAIR_ITEMS = [
  [[{ name: 'a', value: '1' }], { a: '1' }],
  [
    [
      { name: 'b', value: 'x y,=%' },
      { name: 'e', value: 1.5 },
    ],
    { b: 'x y,=%', e: '1.5' },
  ],
] as const;

export const rows: Readonly<Record<string, Row>> = {
  interval: {
    default: 1000,
    good: [
      ['500ms', 500],
      ['2', 2000],
      ['5m', 300_000],
      ['100ms', 100],
      [' 0.5s ', 500],
    ],
    bad: ['abc', '99ms', '301s', '1h', '-1', '1e9', '1 s', '1d', 'NaN', 'Infinity', 's', ...INHERITED],
  },
  once: onOff(false),
  'root.path': {
    default: '/',
    good: ['v1-container/0', 'v2-container/0'].map((name) => [fixture(name), fixture(name)]),
    bad: ['/nowhere', fixture('tls')],
  },
  metrics: { default: ['default'], ...PATTERNS },
  'exclude.metrics': { default: [], ...PATTERNS },
  devices: { default: ['default'], ...PATTERNS },
  'exclude.devices': { default: [], ...PATTERNS },
  interfaces: { default: ['default'], ...PATTERNS },
  'exclude.interfaces': { default: [], ...PATTERNS },
  mounts: { default: ['default'], ...PATTERNS },
  'exclude.mounts': { default: [], ...PATTERNS },
  attributes: { default: [], ...PATTERNS },
  'limits.cpu': {
    default: undefined,
    good: [
      ['1.5', 1.5],
      // What the downward API gives with the divisor 1, and with 1m in value: "$(CPU_MILLI)m".
      ['2', 2],
      ['1500m', 1.5],
      [' 250m ', 0.25],
      ['0.5', 0.5],
    ],
    bad: [
      '0',
      '0m',
      '0.0',
      '-1',
      '-500m',
      '1,5',
      '1.5 CPUs',
      '1e3',
      '0x2',
      'm',
      '.5',
      '100%',
      '9'.repeat(400),
      ...INHERITED,
    ],
  },
  'limits.memory': {
    default: undefined,
    good: [
      // What the downward API gives.
      ['536870912', 536_870_912],
      ['512Mi', 536_870_912],
      ['2Gi', 2 ** 31],
      ['1.5Gi', 1.5 * 2 ** 30],
      ['500M', 500_000_000],
      ['64k', 64_000],
      ['64Ki', 65_536],
      ['0.3k', 300],
      ['0.0015k', 2],
      ['1Ti', 2 ** 40],
      ['4P', 4e15],
      [' 7Pi ', 7 * 2 ** 50],
    ],
    // A thousandth of a byte is a slip, and a K is no unit of Kubernetes.
    bad: [
      '0',
      '0Gi',
      '-1',
      '512MB',
      '512MiB',
      '512 Mi',
      '1K',
      '400m',
      '2gi',
      '1e9',
      '0x10',
      'Mi',
      '9Pi',
      '1Ei',
      'max',
      ...INHERITED,
    ],
  },
  'otel.log.level': {
    default: 'info',
    good: [
      ['debug', 'debug'],
      ['WARN', 'warn'],
      [' error ', 'error'],
      ['none', 'none'],
      ['info3', 'info'],
      ['trace4', 'debug'],
      ['fatal', 'error'],
      ['verbose', 'debug'],
      ['all', 'debug'],
    ],
    bad: ['loud', '5', 'info5', 'debug,info', ...INHERITED],
  },
  'log.format': words('auto', 'pretty', 'json'),
  'http.host': {
    default: '127.0.0.1',
    good: [
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
      ['fe80::1%eth0', 'fe80::1%eth0'],
      [' node-1.example ', 'node-1.example'],
    ],
    bad: ['a b', 'http://x', '*', 'x/y', 'a,b'],
  },
  'http.port': {
    default: 9464,
    good: [
      ['0', 0],
      ['65535', 65_535],
      ['off', 'off'],
      [' OFF ', 'off'],
    ],
    bad: ['65536', '-1', '1.5', '0x10', '1e3', '999999', 'port', ':80', ...INHERITED],
  },
  'http.token': {
    default: undefined,
    good: [
      [`${SECRET}-${SECRET}`, `${SECRET}-${SECRET}`],
      [` ${SECRET}+/= `, `${SECRET}+/=`],
    ],
    bad: [SECRET, `${SECRET} with a blank`, `${SECRET}-schlüssel`],
  },
  'http.token_file': FILES,
  'http.tls.cert_file': FILES,
  'http.tls.key_file': FILES,
  'prometheus.scope_info': onOff(true),
  'prometheus.target_info': onOff(true),
  'otel.config': { default: undefined, good: [], bad: ['/nowhere/file.yaml', fixture('tls')] },
  'otel.sdk.disabled': {
    default: false,
    good: [
      ['true', true],
      ['false', false],
      [' TRUE ', true],
    ],
    // The specification: nothing else may mean true.
    bad: ['1', '0', 'yes', 'on', 'maybe', ...INHERITED],
  },
  'otel.metrics.exporter': {
    default: ['otlp', 'prometheus'],
    good: [
      ['otlp', ['otlp']],
      ['none', []],
      [' Prometheus ', ['prometheus']],
      ['console,otlp', ['otlp', 'console']],
      ['prometheus, otlp, console', ['otlp', 'prometheus', 'console']],
    ],
    bad: ['logging', 'otlp/stdout', 'zipkin', 'otlp,none', 'otlp,', 'otlp,otlp', ',', ...INHERITED],
  },
  'otel.metric.export.interval': milliseconds(10_000, 100, 86_400_000),
  'otel.metric.export.timeout': milliseconds(30_000, 0, 2 ** 31 - 1),
  'otel.exporter.otlp.temporality': {
    default: 'cumulative',
    good: [
      ['delta', 'delta'],
      ['LowMemory', 'lowmemory'],
      ['low_memory', 'lowmemory'],
      ['cumulative', 'cumulative'],
    ],
    bad: ['nonsense', 'del_ta', '_delta', 'delta,cumulative', ...INHERITED],
  },
  'otel.exporter.otlp.histogram': words('base2_exponential_bucket_histogram', 'explicit_bucket_histogram'),
  'otel.service.name': {
    default: undefined,
    good: [
      ['train', 'train'],
      [' a, b=c% ', 'a, b=c%'],
    ],
    bad: [],
  },
  'otel.resource.attributes': {
    default: {},
    good: PAIRS,
    // Not refused in a variable but named, pair by pair: see below.
    bad: [],
    own: { 'resource.attributes': PAIR_ITEMS },
  },
  'otel.exporter.otlp.endpoint': {
    default: 'http://localhost:4318/v1/metrics',
    good: [
      [`https://bob:${SECRET}@h:1/p?token=${SECRET}`, `https://bob:${SECRET}@h:1/p?token=${SECRET}`],
      [' http://h ', 'http://h/'],
      ['http://[::1]:4318/x/', 'http://[::1]:4318/x/'],
    ],
    bad: [
      `collector:4318/${SECRET}`,
      `ftp://bob:${SECRET}@h/`,
      `http://bob:${SECRET}@h:99999/`,
      `unix:///${SECRET}`,
      `//${SECRET}`,
      SECRET,
    ],
    own: {
      OTEL_EXPORTER_OTLP_ENDPOINT: [
        [`https://bob:${SECRET}@h:1?token=${SECRET}`, `https://bob:${SECRET}@h:1/v1/metrics?token=${SECRET}`],
        ['http://h/', 'http://h/v1/metrics'],
        ['http://h/a', 'http://h/a/v1/metrics'],
        ['http://h/a/', 'http://h/a/v1/metrics'],
      ],
    },
  },
  'otel.exporter.otlp.protocol': {
    default: 'http/json',
    good: [[' HTTP/JSON ', 'http/json']],
    bad: ['grpc', 'http/protobuf', 'protobuf', 'http', ...INHERITED],
    own: { [`${OTLP_FILE}.encoding`]: [['json', 'http/json']] },
  },
  'otel.exporter.otlp.headers': {
    default: {},
    good: [
      [`authorization=Bearer%20${SECRET}`, { authorization: `Bearer ${SECRET}` }],
      ...PAIRS,
      [`__proto__=${SECRET}`, Object.fromEntries([['__proto__', SECRET]])],
    ],
    bad: [
      SECRET,
      `a=1,${SECRET}`,
      `=${SECRET}`,
      `a=%zz${SECRET}`,
      // What people paste: base64 ends with "=".
      `Authorization: Basic ${SECRET}=`,
      `Bearer ${SECRET}==`,
      `a=${SECRET}%0d%0ab: c`,
      `a=%e2%82%ac${SECRET}`,
    ],
    own: { [`${OTLP_FILE}.headers`]: PAIR_ITEMS },
  },
  'otel.exporter.otlp.compression': words('none', 'gzip'),
  'otel.exporter.otlp.timeout': {
    default: 10_000,
    good: [
      ['0', 0],
      ['2500', 2500],
    ],
    bad: ['10s', '1.5', '-1', '1e3', '0x10', 'NaN', '9999999999999999', ...INHERITED],
  },
  'otel.exporter.otlp.certificate': FILES,
  'otel.exporter.otlp.client.certificate': FILES,
  'otel.exporter.otlp.client.key': FILES,
};
