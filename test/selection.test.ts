import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPatterns, createSelection, type Selection, selectionSettings } from '../src/selection.ts';

type Values = Parameters<typeof createSelection>[0];

const defaults = Object.fromEntries(
  Object.entries(selectionSettings).map(([name, setting]) => [name, setting.default]),
) as unknown as Values;

const select = (values: Partial<Values> = {}): Selection => createSelection({ ...defaults, ...values });

/** Whether the pattern is one of this name. */
const matches = (pattern: string, name: string) => select({ metrics: [pattern] }).hasMetric({ name });

test('patterns', () => {
  const table: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
    ['system.cpu.time', ['system.cpu.time'], ['system.cpu.times', 'xsystem.cpu.time', 'systemxcpu.time', 'system.cpu']],
    ['system.*', ['system.', 'system.cpu.time'], ['system', 'a.system.cpu']],
    ['*.time', ['.time', 'a.b.time'], ['time', 'a.time.b']],
    ['*cpu*', ['cpu', 'system.cpu.time', 'cpucpu'], ['cp', 'c.p.u']],
    ['a*b*c', ['abc', 'axbxc', 'abbcc', 'aabbcbc'], ['ab', 'acb', 'abcd']],
    ['*', ['a', ''], []],
    ['**', ['a', ''], []],
    ['?', ['a', '.'], ['', 'ab']],
    ['a?c', ['abc', 'a.c', 'a?c'], ['ac', 'abbc']],
    ['?*?', ['ab', 'abc'], ['a', '']],
    ['eth0', ['eth0'], ['eth01', 'ETH0']],
    ['br-*', ['br-0a'], ['br0a']],
    ['a.b', ['a.b'], ['axb']],
    ['a+', ['a+'], ['aa', 'a']],
    ['(a|b)', ['(a|b)'], ['a', 'b']],
    ['[ab]', ['[ab]'], ['a', 'b']],
    ['a{2}', ['a{2}'], ['aa']],
    ['^a$', ['^a$'], ['a']],
    [String.raw`\d\*`, [String.raw`\d\ `, String.raw`\d\*`], ['1*', 'd*']],
    ['/mnt/my-disk', ['/mnt/my-disk'], ['/mnt/my-disk/x']],
    ['/mnt/*', ['/mnt/a', '/mnt/a/b', '/mnt/a\nb'], ['/mnt']],
    ['größe-?', ['größe-1'], ['groesse-1']],
  ];
  for (const [pattern, yes, no] of table) {
    for (const name of yes) assert.equal(matches(pattern, name), true, `${pattern} ${name}`);
    for (const name of no) assert.equal(matches(pattern, name), false, `${pattern} ${name}`);
  }
});

test('no pattern is slow', { timeout: 10_000 }, () => {
  const patterns = ['*a'.repeat(40) + 'b', '*'.repeat(500) + 'b', 'a*'.repeat(100) + 'c', '*?'.repeat(60) + 'b'];
  const started = performance.now();
  for (const pattern of patterns) assert.equal(matches(pattern, 'a'.repeat(4096)), false);
  const took = performance.now() - started;
  assert.ok(took < 2000, `${took} ms`);
});

test('metrics: those of the default, more by name, less by exclusion', () => {
  const metrics = [
    { name: 'a.on' },
    { name: 'b.on' },
    { name: 'a.off', isOptIn: true },
    { name: 'b.off', isOptIn: true },
  ];
  const chosen = (values: Partial<Values>) => {
    const { hasMetric } = select(values);
    return metrics.filter((metric) => hasMetric(metric as never)).map(({ name }) => name);
  };
  assert.deepEqual(chosen({}), ['a.on', 'b.on']);
  assert.deepEqual(chosen({ metrics: ['default', 'a.off'] }), ['a.on', 'b.on', 'a.off']);
  assert.deepEqual(chosen({ metrics: ['*.off', 'default'] }), ['a.on', 'b.on', 'a.off', 'b.off']);
  assert.deepEqual(chosen({ metrics: ['a.*'] }), ['a.on', 'a.off']);
  assert.deepEqual(chosen({ metrics: ['*'] }), ['a.on', 'b.on', 'a.off', 'b.off']);
  assert.deepEqual(chosen({ 'exclude.metrics': ['a.*'] }), ['b.on']);
  assert.deepEqual(chosen({ metrics: ['*'], 'exclude.metrics': ['*.off', 'b.on'] }), ['a.on']);
  assert.deepEqual(chosen({ 'exclude.metrics': ['*'] }), []);
  assert.deepEqual(chosen({ metrics: [] }), []);
});

for (const [setting, name, key] of [
  ['devices', 'container.disk.io', 'system.device'],
  ['interfaces', 'system.network.io', 'network.interface.name'],
  ['interfaces', 'system.network.packet.count', 'system.device'],
  ['mounts', 'system.filesystem.usage', 'system.filesystem.mountpoint'],
  ['mounts', 'jobmeter.host.nfs.io', 'system.filesystem.mountpoint'],
] as const) {
  test(`${setting} are chosen by ${key} of ${name}`, () => {
    const has = (values: Partial<Values>, value: string) =>
      select(values).hasPoint({ name }, { [key]: value, other: 'x' });
    assert.equal(has({}, 'any'), true);
    assert.equal(has({ [setting]: ['a*'] }, 'ab'), true);
    assert.equal(has({ [setting]: ['a*'] }, 'b'), false);
    assert.equal(has({ [setting]: ['a', 'b'] }, 'b'), true);
    assert.equal(has({ [`exclude.${setting}`]: ['a*'] }, 'ab'), false);
    assert.equal(has({ [`exclude.${setting}`]: ['a*'] }, 'b'), true);
    assert.equal(has({ [setting]: ['a*'], [`exclude.${setting}`]: ['ab'] }, 'ab'), false);
    assert.equal(has({ [setting]: ['a*'], [`exclude.${setting}`]: ['ab'] }, 'ac'), true);
    // What has no such attribute is not about one, and other metrics may mean something else by it.
    assert.equal(select({ [setting]: ['a*'] }).hasPoint({ name }, { other: 'b' }), true);
    assert.equal(select({ [setting]: ['a*'] }).hasPoint({ name }, {}), true);
    assert.equal(select({ [setting]: ['a*'] }).hasPoint({ name: 'system.paging.usage' }, { [key]: 'b' }), true);
  });
}

test('the devices, interfaces and mounts of the default', () => {
  const table: readonly (readonly [name: string, key: string, yes: readonly string[], no: readonly string[]])[] = [
    [
      'system.disk.io',
      'system.device',
      ['sda', 'vdb', 'xvda', 'nvme0n1', 'nvme10n2', 'mmcblk0', 'dm-0', 'md127', 'nbd3', 'sdaa', 'rbd0', 'dasda'],
      ['sda1', 'vdb12', 'xvda1', 'nvme0n1p1', 'mmcblk0p2', 'md127p1', 'nbd3p1', 'loop0', 'ram7', 'zram0', 'sr0', 'fd0'],
    ],
    [
      'system.disk.io',
      'system.device',
      ['zd0', 'zd16', 'bcache0', 'cciss/c0d0', 'drbd0', 'md_d0', 'md_backup', 'pmem0', 'pmem0.1', 'etherd/e0.0'],
      ['zd0p1', 'bcache0p1', 'cciss/c0d0p1', 'drbd0p1', 'md_d0p1', 'pmem0p1', 'pmem0.1p2', 'etherd/e0.0p1', 'loop0p1'],
    ],
    [
      'system.disk.io',
      'system.device',
      ['pmem0s', 'pmem0.1s', 'rssda', 'scma', 'ubda', 'ublkb0'],
      ['pmem0s1', 'pmem0.1s2', 'rssda1', 'scma1', 'ubda1', 'ublkb0p12', 'dasda1', 'hda2', 'rbd0p1'],
    ],
    [
      'system.disk.io',
      'system.device',
      [],
      ['mmcblk0boot0', 'mmcblk1boot1', 'mmcblk0rpmb', 'nvme0c0n1', 'nvme10c12n3'],
    ],
    ['system.network.io', 'network.interface.name', ['eth0', 'lo1', 'ib0', 'wlan0', 'veth1'], ['lo']],
    ['system.filesystem.usage', 'system.filesystem.mountpoint', ['/', '/boot', '/mnt/loop0'], []],
  ];
  for (const [name, key, yes, no] of table) {
    for (const value of yes) assert.equal(select().hasPoint({ name }, { [key]: value }), true, value);
    for (const value of no) assert.equal(select().hasPoint({ name }, { [key]: value }), false, value);
  }
  const device = (devices: readonly string[], value: string) =>
    select({ devices }).hasPoint({ name: 'system.disk.io' }, { 'system.device': value });
  assert.equal(device(['*'], 'sda1'), true);
  assert.equal(device(['default', 'loop*'], 'loop1'), true);
  assert.equal(device(['default', 'loop*'], 'sda1'), false);
  assert.equal(
    select({ interfaces: ['default', 'lo'] }).hasPoint({ name: 'a.network.io' }, { 'network.interface.name': 'lo' }),
    true,
  );
});

test('a file system is chosen by its mount, not by its device', () => {
  const { hasPoint } = select({ devices: ['sda*'], 'exclude.mounts': ['/boot*'] });
  const has = (device: string, mount: string) =>
    hasPoint({ name: 'system.filesystem.usage' }, { 'system.device': device, 'system.filesystem.mountpoint': mount });
  assert.equal(has('sdb1', '/'), true);
  assert.equal(has('sda1', '/boot/efi'), false);
});

test('a pattern that is the name of no metric is refused', () => {
  const check = checkPatterns([
    { name: 'system.cpu.time', optInAttributes: { 'cpu.logical_number': 'int' } },
    { name: 'system.memory.usage' },
  ]);
  const problems = (values: Partial<Values>) => {
    const given = (path: string) => ({ text: '', name: `--${path}`, place: 'command line' });
    const origins = new Map(Object.keys(values).map((path) => [path, given(path)]));
    return check({ values: { ...defaults, ...values }, origins, warnings: [], platform: new Map() });
  };
  assert.deepEqual(problems({}), []);
  assert.deepEqual(
    problems({ metrics: ['default', 'system.*', '*usage'], 'exclude.metrics': ['system.cpu.????'] }),
    [],
  );
  assert.deepEqual(problems({ metrics: ['default', 'cpu', 'system.cpu'], 'exclude.metrics': ['disk*'] }), [
    '--metrics (command line): "cpu" is the name of no metric; "jobmeter metrics" lists them',
    '--metrics (command line): "system.cpu" is the name of no metric; "jobmeter metrics" lists them',
    '--exclude.metrics (command line): "disk*" is the name of no metric; "jobmeter metrics" lists them',
  ]);
  assert.deepEqual(problems({ attributes: ['cpu.*'] }), []);
  assert.deepEqual(problems({ attributes: ['cpu.mode'] }), [
    '--attributes (command line): "cpu.mode" is no attribute that is left out by default; "jobmeter metrics" lists them',
  ]);
  // The word means something only where metrics are chosen.
  assert.equal(problems({ 'exclude.metrics': ['default'] }).length, 1);
  // Nothing there may be a device that comes later.
  assert.deepEqual(problems({ devices: ['nothing'], 'exclude.mounts': ['/nowhere'] }), []);
});
