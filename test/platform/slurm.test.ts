import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { slurm } from '../../instrumentation/platform/slurm.ts';
import { emitted } from '../support/emitted.ts';
import { openPlatform } from './platform.ts';

const MIB = 2 ** 20;
type Variables = Readonly<Record<string, string>>;

const open = (t: TestContext, variables: Variables) => openPlatform(t, { SLURM_JOB_ID: '4711', ...variables }, {});

suite('what Slurm gave the job', () => {
  const tables: Readonly<Record<string, readonly [variables: Variables, cpus?: number, memory?: number]>> = {
    'CPUs and memory of the node': [{ SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_NODE: '4096' }, 8, 4096 * MIB],
    'memory for each CPU': [{ SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_CPU: '1000' }, 8, 8000 * MIB],
    'memory of the node before that for each CPU': [
      { SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_NODE: '4096', SLURM_MEM_PER_CPU: '1' },
      8,
      4096 * MIB,
    ],
    'all memory of the node': [{ SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_NODE: '0' }, 8],
    'all memory of the node, said for each CPU': [{ SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_CPU: '0' }, 8],
    'all memory of the node before that for each CPU': [
      { SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_NODE: '0', SLURM_MEM_PER_CPU: '1' },
      8,
    ],
    'CPUs alone': [{ SLURM_CPUS_ON_NODE: ' 3 ' }, 3],
  };
  for (const [name, [variables, cpus, memory]] of Object.entries(tables)) {
    test(name, (t) => {
      const kernel = open(t, variables);
      assert.deepEqual(emitted(slurm, slurm.read(kernel.host)!), {
        ...(cpus !== undefined && { cpuLimit: cpus }),
        ...(memory !== undefined && { memoryLimit: memory }),
      });
      assert.deepEqual(kernel.takeFailures(), []);
    });
  }
});

test('each limit names its variables', (t) => {
  const limits = slurm.read(open(t, { SLURM_CPUS_ON_NODE: '2', SLURM_MEM_PER_CPU: '1' }).host);
  assert.deepEqual(limits, {
    cpu: [{ value: 2, source: 'slurm', file: 'SLURM_CPUS_ON_NODE' }],
    memory: [{ value: 2 * MIB, source: 'slurm', file: 'SLURM_MEM_PER_CPU × SLURM_CPUS_ON_NODE' }],
  });
});

test('outside of a job, and in the shell of salloc, which runs elsewhere, there is nothing', (t) => {
  for (const variables of [{}, { SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_NODE: '1' }]) {
    assert.equal(slurm.read(openPlatform(t, variables, {}).host), undefined);
  }
  const salloc = { SLURM_JOB_CPUS_PER_NODE: '8', SLURM_MEM_PER_NODE: '4096' };
  assert.equal(slurm.read(open(t, salloc).host), undefined);
});

suite('what is malformed is unknown, and counted by its name', () => {
  const tables: Readonly<
    Record<string, readonly [variables: Variables, cpu: boolean, memory: boolean, failed: string[]]>
  > = {
    'the CPUs': [{ SLURM_CPUS_ON_NODE: '8(x2)', SLURM_MEM_PER_NODE: '1' }, true, false, ['SLURM_CPUS_ON_NODE']],
    'the CPUs, by which memory is counted': [
      { SLURM_CPUS_ON_NODE: '-1', SLURM_MEM_PER_CPU: '1' },
      true,
      true,
      ['SLURM_CPUS_ON_NODE'],
    ],
    'the memory': [{ SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_NODE: '4G' }, false, true, ['SLURM_MEM_PER_NODE']],
    'the memory for each CPU': [
      { SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_CPU: '1e3' },
      false,
      true,
      ['SLURM_MEM_PER_CPU'],
    ],
    'both, and a number beyond all': [
      { SLURM_CPUS_ON_NODE: '1.5', SLURM_MEM_PER_NODE: '9'.repeat(400) },
      true,
      true,
      ['SLURM_CPUS_ON_NODE', 'SLURM_MEM_PER_NODE'],
    ],
  };
  for (const [name, [variables, cpu, memory, failed]] of Object.entries(tables)) {
    test(name, (t) => {
      const kernel = open(t, variables);
      const limits = slurm.read(kernel.host);
      assert.deepEqual([limits?.cpu === 'unknown', limits?.memory === 'unknown'], [cpu, memory]);
      const failures = kernel.takeFailures();
      assert.deepEqual(
        failures.map(({ path, type }) => [path, type]),
        failed.map((variable) => [variable, 'parse']),
      );
      for (const { message } of failures) assert.ok(message.length < 100, message);
    });
  }
});
