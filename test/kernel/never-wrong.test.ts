import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, NEWLINE, parseNumber, ParseError } from '../../instrumentation/kernel/bytes.ts';
import { parseCpuList, parseCpuMax, parseLimit, parseQuota } from '../../instrumentation/kernel/cgroup.ts';
import { parseFileNr } from '../../instrumentation/kernel/file-nr.ts';
import { parseDiskstats } from '../../instrumentation/kernel/diskstats.ts';
import { parseIsActive, parsePortCounter, parseRate } from '../../instrumentation/kernel/infiniband.ts';
import { parseCpuNumbers } from '../../instrumentation/kernel/cpu-list.ts';
import { parseMillidegrees, parseName } from '../../instrumentation/kernel/hwmon.ts';
import { parseBlkio } from '../../instrumentation/kernel/blkio.ts';
import { parseDeviceNames } from '../../instrumentation/kernel/device-names.ts';
import { parseIoStat } from '../../instrumentation/kernel/io-stat.ts';
import { parseStartTime } from '../../instrumentation/kernel/start-time.ts';
import { keyed } from '../../instrumentation/kernel/keyed.ts';
import { parseLoadavg } from '../../instrumentation/kernel/loadavg.ts';
import { parseMeminfo } from '../../instrumentation/kernel/meminfo.ts';
import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { parseMountstats } from '../../instrumentation/kernel/mountstats.ts';
import { parseNetDev } from '../../instrumentation/kernel/net-dev.ts';
import { parseTcp } from '../../instrumentation/kernel/net-tcp.ts';
import { parseOsRelease } from '../../instrumentation/kernel/os-release.ts';
import { parsePressure } from '../../instrumentation/kernel/pressure.ts';
import { parseProcCgroup } from '../../instrumentation/kernel/proc-cgroup.ts';
import { parseProcessState } from '../../instrumentation/kernel/process-state.ts';
import { parseRpcNfs } from '../../instrumentation/kernel/rpc-nfs.ts';
import { counters } from '../../instrumentation/kernel/snmp.ts';
import { parseSockstat } from '../../instrumentation/kernel/sockstat.ts';
import { parseRelease } from '../../instrumentation/kernel/release.ts';
import { parseStat, parseStatByCpu } from '../../instrumentation/kernel/stat.ts';
import { parseSwaps } from '../../instrumentation/kernel/swaps.ts';
import { parseUptime } from '../../instrumentation/kernel/uptime.ts';
import { parseVmstat } from '../../instrumentation/kernel/vmstat.ts';
import { parseEcsLimits } from '../../instrumentation/platform/ecs-metadata.ts';
import { bytesOf } from '../support/parser-table.ts';

interface Parser {
  readonly parse: (bytes: Bytes) => unknown;
  readonly samples: readonly string[];
  /** The captured files that it applies to, by the end of the path. */
  readonly captured: RegExp;
  /** Infinity is an answer here: no limit. */
  readonly limits?: boolean;
  /** A number below zero is an answer here. */
  readonly signed?: boolean;
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
    captured: /\/(?:memory\.(?:current|usage_in_bytes)|cpuacct\.usage|cpu\.cfs_period_us|block\/[^/]+\/size)$/,
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
  'memory.events': {
    parse: keyed(['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill']),
    scale: 1,
    samples: ['low 0\nhigh 3\nmax 17\noom 2\noom_kill 1\noom_group_kill 0\n'],
    captured: /\/(?:memory\.(?:swap\.)?events|pids\.events|memory\.oom_control)$/,
    partial: true,
  },
  'io.stat': {
    parse: parseIoStat,
    samples: [
      '8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n7:7 7:6 8:0 rbytes=5 wbytes=6\n254:0 ',
    ],
    captured: /\/io\.stat$/,
    partial: true,
  },
  'blkio.throttle': {
    parse: parseBlkio,
    samples: ['8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n(unknown) Read 5\n8:0 Total 30\nTotal 30\n'],
    captured: /\/blkio\.throttle\.io_service/,
  },
  'names in /proc/diskstats': {
    parse: (bytes) => [...parseDeviceNames(bytes)],
    samples: ['   8       0 sda 1 2 3 4\n 253       1 dm-1 5 6 7 8\n'],
    captured: /^proc\/diskstats$/,
    partial: true,
  },
  'starttime in /proc/PID/stat': {
    parse: parseStartTime,
    samples: ['1 (a) b) S 0 1 1 0 -1 4194560 5 6 7 8 9 10 11 12 20 0 1 0 8640012 5\n'],
    captured: /^proc\/self\/stat$/,
  },
  '/proc/stat': {
    parse: parseStat,
    samples: [
      'cpu  100 200 300 400\ncpu0 50 100 150 200\ncpu1 50 100 150 200\ncpu10 0 0 0 0\nctxt 5198\n',
      'cpu  86547 327 24321 291456 1689 0 256 267 0 0\ncpu0 41875 164 11438 148684 135 0 43 122 0 0\nintr 1 2\n',
    ],
    captured: /^proc\/stat$/,
    partial: true,
  },
  '/proc/stat by CPU': {
    parse: parseStatByCpu,
    samples: ['cpu  1 2 3 4\ncpu0 50 100 150 200\ncpu10 1 2 3 4 5 6 7 8 9\nctxt 5198\nbtime 7\nprocesses 36870\n'],
    captured: /^proc\/stat$/,
    partial: true,
  },
  'CPU numbers': {
    parse: parseCpuNumbers,
    samples: ['\n', '0\n', '0-3,8,10-11\n'],
    captured: /\/(?:cpu\/online|topology\/(?:thread|core)_siblings_list)$/,
  },
  osrelease: {
    parse: parseRelease,
    samples: ['6.1.0-13-amd64\n', '5.19\n'],
    captured: /^proc\/sys\/kernel\/osrelease$/,
  },
  temperature: {
    parse: parseMillidegrees,
    scale: 1,
    signed: true,
    samples: ['45125\n', '0\n', '-1250\n'],
    captured: /\/temp\d+_input$/,
  },
  'device name': {
    parse: parseName,
    samples: ['coretemp\n', 'Package id 0\n', 'intel-rapl:0\n'],
    captured: /\/(?:hwmon\d+\/name|temp\d+_label)$/,
  },
  '/proc/meminfo': {
    parse: (bytes) => only(parseMeminfo(bytes), (key) => !key.startsWith('HugePages_')),
    scale: 1024,
    samples: [
      'MemTotal:       24684092 kB\nMemFree:        23062316 kB\nActive(anon):       1536 kB\nHugePages_Total: 0\n',
    ],
    captured: /^proc\/meminfo$/,
    partial: true,
  },
  '/proc/meminfo, pages': {
    parse: (bytes) => only(parseMeminfo(bytes), (key) => key.startsWith('HugePages_')),
    scale: 1,
    samples: ['HugePages_Total:       9\nHugePages_Free:        7\nHugepagesize:       2048 kB\n'],
    captured: /^proc\/meminfo$/,
    partial: true,
  },
  '/proc/vmstat': {
    parse: parseVmstat,
    scale: 1,
    samples: ['pgpgin 7\npswpin 1\npgfault 33299280\npgmajfault 3583\noom_kill 0\n'],
    captured: /^proc\/vmstat$/,
    partial: true,
  },
  '/proc/swaps': {
    parse: parseSwaps,
    scale: 1024,
    samples: [
      'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/tmp/sw\\040ap/file                      file\t\t4092\t\t12\t\t-2\n',
    ],
    captured: /^proc\/swaps$/,
    partial: true,
  },
  '/proc/pressure': {
    parse: parsePressure,
    samples: [
      'some avg10=12.34 avg60=0.07 avg300=100.00 total=314622957\nfull avg10=0.29 avg60=0.58 avg300=0.01 total=3\n',
    ],
    captured: /(?:^proc\/pressure\/\w+|\.pressure)$/,
    partial: true,
  },
  '/proc/sys/fs/file-nr': {
    parse: parseFileNr,
    scale: 1,
    samples: ['662\t0\t2466186\n', '1184\t0\t9223372036854775807\n'],
    captured: /^proc\/sys\/fs\/file-nr$/,
    limits: true,
  },
  '/proc/PID/stat': {
    parse: parseProcessState,
    samples: ['1 (systemd) S 0 1 1 0 -1 4194560\n', '7 (a) R (b) Z 1 7\n'],
    captured: /^proc\/(?:self|\d+)\/stat$/,
  },
  '/proc/diskstats': {
    parse: parseDiskstats,
    scale: 1,
    samples: [
      '   8       0 sda 1 2 3 4 5 6 7 8 0 9 10\n   8       1 sda1 11 12 13 14\n 104 0 cciss/c0d0 1 2 3 4 5 6 7 8 -1 9 10 11 12 13 14 15 16\n',
    ],
    captured: /^proc\/diskstats$/,
    partial: true,
  },
  '/proc/net/dev': {
    parse: parseNetDev,
    scale: 1,
    samples: [
      `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:   17      18    1    2    0     0          0         0       19      20    3    4    0     0       0          0
`,
    ],
    captured: /^proc\/(?:1|self)\/net\/dev$/,
    partial: true,
  },
  '/proc/net/snmp': {
    parse: counters('Tcp', ['InSegs', 'OutSegs', 'RetransSegs']),
    scale: 1,
    samples: ['Ip: Forwarding\nIp: 2\nTcp: MaxConn InSegs OutSegs RetransSegs\nTcp: -1 17804628 17726936 114693\n'],
    captured: /^proc\/(?:1|self)\/net\/snmp$/,
    partial: true,
  },
  '/proc/net/netstat': {
    parse: counters('TcpExt', ['ListenOverflows']),
    scale: 1,
    samples: ['TcpExt: TW ListenOverflows\nTcpExt: 7 99803\n'],
    captured: /^proc\/(?:1|self)\/net\/netstat$/,
    partial: true,
  },
  '/proc/net/sockstat': {
    parse: parseSockstat,
    scale: 1,
    samples: ['sockets: used 16\nTCP: inuse 1 orphan 0 tw 22 alloc 1 mem 255\n', 'TCP6: inuse 3\nUDP6: inuse 0\n'],
    captured: /^proc\/(?:1|self)\/net\/sockstat6?$/,
    partial: true,
  },
  '/proc/net/tcp': {
    parse: parseTcp,
    samples: [
      '  sl  local_address rem_address   st\n   0: 0100007F:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 636 1\n',
    ],
    captured: /^proc\/(?:1|self)\/net\/tcp6?$/,
    partial: true,
  },
  '/proc/net/rpc/nfs': {
    parse: parseRpcNfs,
    scale: 1,
    samples: ['net 4 1 3 2\nrpc 61188150 17 61190227\nproc3 2 0 9\nproc4 3 0 8 7\n'],
    captured: /proc\/1\/net\/rpc\/nfs$/,
    partial: true,
  },
  '/proc/self/mountstats': {
    parse: parseMountstats,
    scale: 1,
    samples: [
      'device s:/a mounted on /mnt with fstype nfs4 statvers=1.1\n\tage:\t9\n\tbytes:\t1 2 3 4 50 60 7 8 \n\tper-op statistics\n',
    ],
    captured: /proc\/1\/mountstats$/,
    partial: true,
  },
  'InfiniBand counter': {
    parse: parsePortCounter,
    scale: 1,
    samples: ['3000000000000\n', 'N/A (no PMA)\n'],
    captured: /\/(?:hw_)?counters\/\w+$/,
  },
  'InfiniBand state': {
    parse: parseIsActive,
    samples: ['4: ACTIVE\n', '1: DOWN\n'],
    captured: /\/ports\/\d+\/state$/,
  },
  'InfiniBand rate': {
    parse: parseRate,
    scale: 1e9 / 8,
    samples: ['100 Gb/sec (4X EDR)\n', '2.5 Gb/sec (1X SDR)\n'],
    captured: /\/ports\/\d+\/rate$/,
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
  'ECS task metadata': {
    parse: parseEcsLimits,
    samples: ['{"TaskARN":"arn:aws:ecs","Limits":{"CPU":0.25,"Memory":512},"Containers":[]}'],
    captured: /\/ecs\/(?:task|container)\.json$/,
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

/** Without those that differ from another one in numbers alone: the machines that were captured have most files in common. */
function differentlyShaped(contents: readonly Bytes[]): readonly Bytes[] {
  const shape = (bytes: Bytes) => Buffer.from(bytes).toString('latin1').replaceAll(/\d+/g, '0');
  return [...new Map(contents.map((bytes) => [shape(bytes), bytes])).values()];
}

suite('a file that was cut off gives no value or a true one', () => {
  for (const [name, { parse, samples, captured, partial }] of Object.entries(parsers)) {
    test(name, () => {
      const found = captures(captured);
      assert.ok(found.length > 0, 'nothing captured has such a name');
      const contents = found.map((file) => readFileSync(path.join(trees, file)));
      for (const sample of differentlyShaped([...samples.map(bytesOf), ...contents])) {
        const whole = parse(sample);
        for (let length = 0; length < sample.length; length += length < 4096 ? 1 : 7) {
          const part = parseOrRefuse(parse, sample.subarray(0, length));
          if (part !== refused) assert.deepEqual(part, partial ? samePartOf(whole, part) : whole, `${length} bytes`);
        }
      }
    });
  }
});

suite('bytes that no kernel writes are refused or give possible numbers, and nothing else is thrown', () => {
  for (const [name, { parse, samples, limits = false, signed = false, scale }] of Object.entries(parsers)) {
    const inputs = { 'any bytes': fc.uint8Array({ maxLength: 100 }), words: words(samples), damaged: damaged(samples) };
    for (const [kind, arbitrary] of Object.entries(inputs)) {
      const check = (bytes: Bytes) => {
        for (const number of numbersIn(parseOrRefuse(parse, bytes))) {
          assert.ok((signed || number >= 0) && (limits || Math.abs(number) < Infinity), `${number}`);
          if (scale !== undefined && number < Infinity) {
            assert.ok(numbersOf(bytes).has(Math.abs(number) / scale), `${number} does not stand there`);
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

function only(found: object, isWanted: (key: string) => boolean): unknown {
  return Object.fromEntries(Object.entries(found).filter(([key]) => isWanted(key)));
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
