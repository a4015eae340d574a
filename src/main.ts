import { startAgent } from './agent.ts';
import { systemClock } from './clock.ts';
import { helpText } from './config/help.ts';
import { type Config, load } from './config/load.ts';
import { ConfigError } from './config/setting.ts';
import { randomId } from './host.ts';
import { createLog } from './log.ts';
import { schema } from './settings.ts';
import { listenToOpenTelemetry } from './telemetry/provider.ts';
import { VERSION } from './version.ts';

// The only file that ends the process.

const USAGE_ERROR = 2;
const SIGNALS = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;

const log = createLog((line) => process.stderr.write(line));

async function run(config: Config<typeof schema>): Promise<number> {
  const starting = startAgent({
    config,
    clock: systemClock,
    log,
    isWatched: process.stderr.isTTY,
    instanceId: randomId(),
  });
  const signal = onceSignalled();
  const agent = await starting;
  await (config.values.once ? Promise.race([agent.twoSamples, signal]) : signal);
  const isComplete = await agent.stop();
  return config.values.once && !isComplete ? 1 : 0;
}

/** The first signal to end ends in good order; a second one at once. */
function onceSignalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isFirst = true;
  for (const [signal, number] of Object.entries(SIGNALS)) {
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
  process.stdout.write(command.kind === 'help' ? helpText(schema, VERSION) : `jobmeter ${VERSION}\n`);
  return 0;
}

// Whoever reads our output may go away; that is no reason to end.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

try {
  process.exitCode = await main();
} catch (error) {
  const isUsers = error instanceof ConfigError;
  log.error(isUsers ? error.message : `internal error: ${(error as Error).stack}`);
  process.exitCode = isUsers ? USAGE_ERROR : 1;
}
process.exit();
