// Real network namespaces for tests. Only root can make them.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { ended, root } from '../test/support/process.ts';
import type { Cleanup } from './agents.ts';
import { says } from './theirs.ts';

export interface TestNetwork {
  readonly name: string;
  /** The command that runs another one in there. */
  readonly enter: readonly [string, ...string[]];
  says(program: string, ...args: readonly string[]): Promise<string>;
}

export interface TestNetworks {
  /** Two namespaces with a cable between them: a0 with {@link A}, b0 with {@link B}. */
  readonly a: TestNetwork;
  readonly b: TestNetwork;
}

export const A = '192.0.2.1';
export const B = '192.0.2.2';

async function create(t: Cleanup, name: string): Promise<TestNetwork> {
  await says('ip', 'netns', 'add', name);
  t.after(() => says('ip', 'netns', 'delete', name));
  const enter = ['ip', 'netns', 'exec', name] as const;
  const [program, ...args] = enter;
  const network: TestNetwork = { name, enter: [...enter], says: (...command) => says(program, ...args, ...command) };
  // Neighbour discovery would send packets whenever it likes.
  await network.says('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');
  await says('ip', '-n', name, 'link', 'set', 'lo', 'up');
  return network;
}

export async function createNetworks(t: Cleanup): Promise<TestNetworks> {
  const a = await create(t, `jobmeter-a-${process.pid}`);
  const b = await create(t, `jobmeter-b-${process.pid}`);
  await says('ip', '-n', a.name, 'link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'b0', 'netns', b.name);
  for (const [{ name }, link, address] of [
    [a, 'a0', A],
    [b, 'b0', B],
  ] as const) {
    await says('ip', '-n', name, 'address', 'add', `${address}/24`, 'dev', link);
    await says('ip', '-n', name, 'link', 'set', link, 'up');
  }
  return { a, b };
}

/** What a source of instrumentation/ reads behind `enter`, as `metric attribute` -> value; undefined where it is not here. */
export async function readSource(
  enter: readonly [string, ...string[]],
  file: string,
  name: string,
): Promise<Readonly<Record<string, number>> | undefined> {
  const at = (module: string) => JSON.stringify(path.join(root, module));
  const code = `
    const { openKernelFiles } = await import(${at('src/host.ts')});
    const { systemClock } = await import(${at('src/clock.ts')});
    const { emitted } = await import(${at('test/support/emitted.ts')});
    const { ${name}: source } = await import(${at(`instrumentation/${file}`)});
    const files = openKernelFiles('/', systemClock);
    const snapshot = source.read(files.host);
    const failures = files.takeFailures();
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    console.log(JSON.stringify(snapshot === undefined ? null : emitted(source, snapshot)));
  `;
  const [program, ...args] = enter;
  const text = await says(program, ...args, process.execPath, '--input-type=module', '-e', code);
  return (JSON.parse(text) as Readonly<Record<string, number>> | null) ?? undefined;
}

export interface Script {
  /** Sends a line to the script, and waits for the line that it answers. */
  ask(line: string): Promise<string>;
}

/** A Node script in a namespace that answers lines; `answer` is the body of an async function of `line` and `net`. */
export function startScript(t: Cleanup, { enter: [program, ...args] }: TestNetwork, answer: string): Script {
  const code = `
    import net from 'node:net';
    import { once } from 'node:events';
    import { createInterface } from 'node:readline';
    const kept = [];
    for await (const line of createInterface({ input: process.stdin })) {
      console.log(String(await (async () => { ${answer} })()));
    }
    process.exit();
  `;
  const child = spawn(program, [...args, process.execPath, '--input-type=module', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const over = ended(child);
  t.after(async () => {
    child.stdin.end();
    await over;
  });
  let text = '';
  let waiting: ((line: string) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  child.stdout.on('data', (more: Buffer | string) => {
    text += String(more);
    const end = text.indexOf('\n');
    if (end < 0) return;
    waiting?.(text.slice(0, end));
    text = text.slice(end + 1);
  });
  child.on('exit', (code) => fail?.(new Error(`the script ended with ${code}`)));
  return {
    ask(line) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      waiting = resolve;
      fail = reject;
      child.stdin.write(`${line}\n`);
      return promise;
    },
  };
}
