// Real cgroups that end with the test, and what runs in them.

import { spawn } from 'node:child_process';
import { ended } from '../test/support/process.ts';
import type { Cleanup } from './agents.ts';
import { createCgroup, removeWhenEmpty, type Limits, type TestCgroup } from './cgroups.ts';

/** A cgroup that ends with the test, after all that was started in it. */
export function cgroupFor(t: Cleanup, name: string, limits: Limits): TestCgroup & { readonly name: string } {
  const full = `jobmeter-test-${process.pid}-${name}`;
  const cgroup = createCgroup(full, limits);
  t.after(() => removeWhenEmpty(cgroup));
  return { ...cgroup, name: full };
}

/** A command that runs in the cgroup until the test ends. */
export function startIn(t: Cleanup, cgroup: TestCgroup, command: string): void {
  const shell = spawn('sh', ['-c', `${cgroup.enter} && ${command}`], { stdio: 'ignore', detached: true });
  const over = ended(shell);
  t.after(async () => {
    process.kill(-shell.pid!, 'SIGKILL');
    await over;
  });
}
