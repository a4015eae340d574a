import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, NEWLINE, parseNumber, ParseError } from '../../instrumentation/kernel/bytes.ts';
import { parseCpuList, parseCpuMax, parseLimit, parseQuota } from '../../instrumentation/kernel/cgroup.ts';
import { keyed } from '../../instrumentation/kernel/keyed.ts';
import { parseLoadavg } from '../../instrumentation/kernel/loadavg.ts';
import { parseMeminfo } from '../../instrumentation/kernel/meminfo.ts';
import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { parseOsRelease } from '../../instrumentation/kernel/os-release.ts';
import { parseProcCgroup } from '../../instrumentation/kernel/proc-cgroup.ts';
import { parseStat } from '../../instrumentation/kernel/stat.ts';
import { parseUptime } from '../../instrumentation/kernel/uptime.ts';
import { bytesOf } from '../support/parser-table.ts';

interface Parser {
  readonly parse: (bytes: Bytes) => unknown;
  readonly samples: readonly string[];
  /** The captured files that it applies to, by the end of the path. */
  readonly captured: RegExp;
  /** Infinity is an answer here: no limit. */
  readonly limits?: boolean;
  /** A part of the file may say a part of what the whole says; else all or nothing. */
  readonly partial?: boolean;
  /** Where each number stands in the file as it is, but for this factor. */
  readonly scale?: number;
}

const parsers: Readonly<Record<string, Parser>> = {
  number: {
    parse: parseNumber,
    scale: 1,
    samples: ['0\n', '201469952\n', '18446744073709551615\n'],
    captured: /\/(?:memory\.(?:current|usage_in_bytes)|cpuacct\.usage|cpu\.cfs_period_us)$/,
  },
  limit: {
    parse: parseLimit,
    scale: 1,
    samples: ['max\n', '134217728\n', '9223372036854771712\n'],
    captured: /\/memory\.(?:max|limit_in_bytes)$/,
    limits: true,
  },
  'cpu.max': {
    parse: parseCpuMax,
    samples: ['max 100000\n', '150000 100000\n'],
    captured: /\/cpu\.max$/,
    limits: true,
  },
  quota: {
    parse: parseQuota,
    scale: 1,
    samples: ['-1\n', '50000\n'],
    captured: /\/cpu\.cfs_quota_us$/,
    limits: true,
  },
  'CPU list': {
    parse: parseCpuList,
    samples: ['\n', '0\n', '0-3,8,10-11\n'],
    captured: /\/(?:cpuset\.cpus|cpuset\.cpus\.effective|cpuset\.effective_cpus|cpu\/online|cpu\/possible)$/,
  },
  'cpu.stat': {
    parse: keyed(['usage_usec', 'user_usec', 'system_usec', 'nr_throttled', 'throttled_usec', 'throttled_time']),
    scale: 1,
    samples: ['usage_usec 6875223\nuser_usec 2587752\nsystem_usec 4287471\nnr_periods 48\n'],
    captured: /\/cpu\.stat$/,
    partial: true,
  },
  'cpuacct.stat': {
    parse: keyed(['user', 'system']),
    scale: 1,
    samples: ['user 102\nsystem 116\n'],
    captured: /\/cpuacct\.stat$/,
    partial: true,
  },
  'memory.stat': {
    parse: keyed(['anon', 'inactive_file', 'total_inactive_file', 'hierarchical_memory_limit']),
    scale: 1,
    samples: ['anon 1\ninactive_file 2\nhierarchical_memory_limit 9223372036854771712\ntotal_inactive_file 3\n'],
    captured: /\/memory\.stat$/,
    partial: true,
  },
  '/proc/stat': {
    parse: parseStat,
    samples: [
      'cpu  100 200 300 400\ncpu0 50 100 150 200\ncpu1 50 100 150 200\ncpu10 0 0 0 0\nctxt 5198\n',
      'cpu  86547 327 24321 291456 1689 0 256 267 0 0\ncpu0 41875 164 11438 148684 135 0 43 122 0 0\nintr 1 2\n',
    ],
    captured: /^proc\/stat$/,
  },
  '/proc/meminfo': {
    parse: parseMeminfo,
    scale: 1024,
    samples: [
      'MemTotal:       24684092 kB\nMemFree:        23062316 kB\nActive(anon):       1536 kB\nHugePages_Total: 0\n',
    ],
    captured: /^proc\/meminfo$/,
    partial: true,
  },
  '/proc/loadavg': {
    parse: parseLoadavg,
    scale: 1,
    samples: ['0.51 1.50 1.23 3/103 4408\n'],
    captured: /^proc\/loadavg$/,
  },
  '/proc/uptime': {
    parse: parseUptime,
    scale: 1,
    samples: ['2030.71 2914.56\n', '3600.0 3599.0\n'],
    captured: /^proc\/uptime$/,
  },
  '/proc/self/cgroup': {
    parse: parseProcCgroup,
    samples: ['5:cpu,cpuacct:/docker/34dc\n1:name=systemd:/init.scope\n0::/a:b/задание (deleted)\n'],
    captured: /^proc\/self\/cgroup$/,
    partial: true,
  },
  '/proc/self/mountinfo': {
    parse: parseMountinfo,
    samples: [
      '47 46 0:26 /a\\040b /sys/fs/cgroup ro,nosuid shared:1 - cgroup2 cgroup rw,nsdelegate\n1 2 0:3 / /データ rw - tmpfs  rw\n',
    ],
    captured: /^proc\/self\/mountinfo$/,
    partial: true,
  },
  '/etc/os-release': {
    parse: parseOsRelease,
    samples: ['PRETTY_NAME="Some \\"Linux\\" 12"\nNAME=\'Some\'\nVERSION_ID=12\n'],
    captured: /^etc\/os-release$/,
    partial: true,
  },
};

const trees = path.join(import.meta.dirname, '../fixtures');
const files = readdirSync(trees, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(trees, path.join(entry.parentPath, entry.name)));

/** Below the two directories that name the situation and the moment. */
const captures = (name: RegExp) => files.filter((file) => name.test(file.split('/').slice(2).join('/')));

const refused = Symbol('refused');

const accidents: readonly ((bytes: Bytes, at: number, byte: number) => Bytes)[] = [
  function turnBitOver(bytes, at, byte) {
    return bytes.map((b, i) => (i === at ? b ^ (1 << (byte % 8)) : b));
  },
  function putIn(bytes, at, byte) {
    return Uint8Array.of(...bytes.subarray(0, at), byte, ...bytes.subarray(at));
  },
  function lose(bytes, at) {
    return bytes.filter((_, i) => i !== at);
  },
  function sayLineTwice(bytes, at) {
    const start = bytes.subarray(0, at).lastIndexOf(NEWLINE) + 1;
    const end = bytes.indexOf(NEWLINE, at) + 1;
    return Uint8Array.of(...bytes.subarray(0, end), ...bytes.subarray(start));
  },
];

suite('a file that was cut off gives no value or a true one', () => {
  for (const [name, { parse, samples, captured, partial }] of Object.entries(parsers)) {
    test(name, () => {
      const found = captures(captured);
      assert.ok(found.length > 0, 'nothing captured has such a name');
      for (const sample of [...samples.map(bytesOf), ...found.map((file) => readFileSync(path.join(trees, file)))]) {
        const whole = parse(sample);
        for (let length = 0; length < sample.length; length++) {
          const part = parseOrRefuse(parse, sample.subarray(0, length));
          if (part !== refused) assert.deepEqual(part, partial ? samePartOf(whole, part) : whole, `${length} bytes`);
        }
      }
    });
  }
});

suite('bytes that no kernel writes are refused or give possible numbers, and nothing else is thrown', () => {
  for (const [name, { parse, samples, limits = false, scale }] of Object.entries(parsers)) {
    const inputs = { 'any bytes': fc.uint8Array({ maxLength: 100 }), words: words(samples), damaged: damaged(samples) };
    for (const [kind, arbitrary] of Object.entries(inputs)) {
      const check = (bytes: Bytes) => {
        for (const number of numbersIn(parseOrRefuse(parse, bytes))) {
          assert.ok(number >= 0 && (limits || number < Infinity), `${number}`);
          if (scale !== undefined && number < Infinity) {
            assert.ok(numbersOf(bytes).has(number / scale), `${number} does not stand there`);
          }
        }
      };
      test(`${name}: ${kind}`, () => fc.assert(fc.property(arbitrary, check), { numRuns: 1000 }));
    }
  }
});

function parseOrRefuse(parse: Parser['parse'], bytes: Bytes): unknown {
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof ParseError) return refused;
    throw error;
  }
}

/** As much of `whole` as there is in `part`: the first elements of a list, the same keys of an object. */
function samePartOf(whole: unknown, part: unknown): unknown {
  if (Array.isArray(whole)) return whole.slice(0, (part as readonly unknown[]).length);
  return Object.fromEntries(Object.keys(part as object).map((key) => [key, (whole as Record<string, unknown>)[key]]));
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

function numbersOf(bytes: Bytes): ReadonlySet<number> {
  const text = Buffer.from(bytes).toString('latin1');
  return new Set(Array.from(text.matchAll(/\d+(?:\.\d+)?/g), ([digits]) => Number(digits)));
}

/** The words of the samples and what lies between them, with some that could stand in their place, in any order. */
function words(samples: readonly string[]): fc.Arbitrary<Bytes> {
  const known = samples.flatMap((sample) => sample.split(/(\d+|[a-z]+|\n)/i)).filter((word) => word !== '');
  const others = ['\n', ' ', '-', ',', '.', ':', '0', '9', '99999999999999999999', '\0', '\r'];
  return fc.array(fc.constantFrom(...known, ...others), { maxLength: 20 }).map((list) => bytesOf(list.join('')));
}

/** A sample after one to four accidents. */
function damaged(samples: readonly string[]): fc.Arbitrary<Bytes> {
  const accident = fc.tuple(fc.constantFrom(...accidents), fc.nat(200), fc.nat(255));
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(accident, { minLength: 1, maxLength: 4 }))
    .map(([sample, list]) =>
      list.reduce((bytes, [harm, place, byte]) => harm(bytes, place % bytes.length, byte), bytesOf(sample)),
    );
}
