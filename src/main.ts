import { readFileSync } from 'node:fs';
import { startAgent } from './agent.ts';
import { systemClock } from './clock.ts';
import { helpText } from './config/help.ts';
import { type Config, load } from './config/load.ts';
import { ConfigError } from './config/setting.ts';
import { createLog } from './log.ts';
import { openOutput, standInFor } from './output.ts';
import { schema } from './settings.ts';
import { listenToOpenTelemetry } from './telemetry/pipeline.ts';
import { VERSION } from './version.ts';

// The only file that ends the process.

const USAGE_ERROR = 2;
const SIGNALS = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;

const stdout = openOutput(1);
const stderr = openOutput(2);
standInFor('stdout', stdout);
standInFor('stderr', stderr);
const log = createLog((line) => stderr.write(line));

/** A random UUID of the kernel's (random(4)): loading node:crypto for it would cost 3 MB. */
async function randomId(): Promise<string> {
  try {
    return readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
  } catch {
    return (await import('node:crypto')).randomUUID();
  }
}

/**
 * The signals that we were started to ignore (nohup, a shell's background job), as bin/jobmeter found them in
 * /proc/self/status: Node has forgotten them by now.
 */
function ignoredSignals(): bigint {
  const mask = process.env['_JOBMETER_IGNORED_SIGNALS'] ?? '';
  return /^[0-9a-f]{1,16}$/.test(mask) ? BigInt(`0x${mask}`) : 0n;
}

async function run(config: Config<typeof schema>): Promise<number> {
  const signal = onceSignalled();
  const agent = await startAgent({
    config,
    clock: systemClock,
    log,
    isWatched: stderr.isTerminal,
    instanceId: await randomId(),
  });
  await (config.values.once ? Promise.race([agent.twoSamples, signal]) : signal);
  const isComplete = await agent.stop();
  return config.values.once && !isComplete ? 1 : 0;
}

/** The first signal to end ends in good order; a second one at once. */
function onceSignalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isFirst = true;
  const ignored = ignoredSignals();
  for (const [signal, number] of Object.entries(SIGNALS)) {
    if (signal !== 'SIGTERM' && ((ignored >> BigInt(number - 1)) & 1n) === 1n) {
      process.on(signal, () => {});
      continue;
    }
    process.on(signal, () => {
      if (!isFirst) process.exit(128 + number);
      isFirst = false;
      resolve();
    });
  }
  return promise;
}

function main(): Promise<number> | number {
  listenToOpenTelemetry((line) => log.warn(line));
  const command = load(schema, process.env, process.argv.slice(2));
  if (command.kind === 'run') return run(command.config);
  stdout.write(command.kind === 'help' ? helpText(schema, VERSION) : `jobmeter ${VERSION}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsers = error instanceof ConfigError;
  log.error(isUsers ? error.message : `internal error: ${(error as Error).stack}`);
  process.exitCode = isUsers ? USAGE_ERROR : 1;
}
process.exit();
