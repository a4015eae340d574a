import { readFileSync } from 'node:fs';
import { startAgent } from './agent.ts';
import { systemClock } from './clock.ts';
import { check, describeReport } from './commands/check.ts';
import { describeMetrics } from './commands/metrics.ts';
import { type CommandLine, readCommandLine } from './config/command-line.ts';
import { helpText } from './config/help.ts';
import { load } from './config/load.ts';
import { ConfigError } from './config/setting.ts';
import { type CountingLog, createLog } from './log.ts';
import { openOutput, standInFor, writeAll } from './output.ts';
import { type AgentConfig, checks, schema } from './settings.ts';
import { listenToOpenTelemetry } from './telemetry/pipeline.ts';
import { VERSION } from './version.ts';

// The only file that ends the process.

const USAGE_ERROR = 2;
const SIGNALS = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;

const stderr = openOutput(2);
standInFor('stdout', openOutput(1));
standInFor('stderr', stderr);

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

async function run(config: AgentConfig): Promise<number> {
  const signal = onceSignalled();
  const agent = await startAgent({
    config,
    clock: systemClock,
    log,
    isWatched: stderr.isTerminal,
    isPretty: isPretty(config.values),
    output: stderr,
    instanceId: await randomId(),
  });
  await (config.values.once ? Promise.race([agent.ready, signal]) : signal);
  const isComplete = await agent.stop();
  return config.values.once && !isComplete ? 1 : 0;
}

/** Milliseconds: Ctrl-C reaches us from the terminal, and once more from npm, which passes it on. */
const SAME_SIGNAL = 1000;

/** The first signal to end ends in good order; a later one at once. */
function onceSignalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let first: number | undefined;
  const ignored = ignoredSignals();
  for (const [signal, number] of Object.entries(SIGNALS)) {
    if (signal !== 'SIGTERM' && ((ignored >> BigInt(number - 1)) & 1n) === 1n) {
      process.on(signal, () => {});
      continue;
    }
    process.on(signal, () => {
      const now = systemClock.monotonic();
      first ??= now;
      if (now - first > SAME_SIGNAL) process.exit(128 + number);
      resolve();
    });
  }
  return promise;
}

type LogValues = Pick<AgentConfig['values'], 'otel.log.level' | 'log.format'>;

function isPretty({ 'log.format': format }: LogValues): boolean {
  return format === 'pretty' || (format === 'auto' && stderr.isTerminal);
}

function logOf(values: LogValues): CountingLog {
  const write = (line: string) => stderr.write(line);
  return createLog({ write, clock: systemClock, level: values['otel.log.level'], isPretty: isPretty(values) });
}

async function runCommand(commandLine: CommandLine): Promise<number> {
  const loading = load(schema, checks, commandLine, process.env);
  if (commandLine.kind === 'check') {
    const report = await check(loading);
    writeAll(commandLine.isJson ? `${JSON.stringify(report, undefined, 2)}\n` : describeReport(report));
    return report.isOk ? 0 : 1;
  }
  const config = await loading;
  if (commandLine.kind === 'metrics') {
    writeAll(describeMetrics(config, commandLine.isJson));
    return 0;
  }
  log = logOf(config.values);
  listenToOpenTelemetry(log);
  return run(config);
}

function main(): Promise<number> | number {
  const commandLine = readCommandLine(schema, process.argv.slice(2));
  // What is wrong with the settings is said in the format that they ask for, if that much is right.
  const format = commandLine.flags.get('--log-format') ?? process.env['JOBMETER_LOG_FORMAT'] ?? '';
  log = logOf({ 'log.format': schema['log.format'].parse(format, '', () => {}) ?? 'auto', 'otel.log.level': 'info' });
  if (commandLine.kind === 'help' || commandLine.kind === 'version') {
    writeAll(commandLine.kind === 'help' ? helpText(schema, VERSION) : `jobmeter ${VERSION}\n`);
    return 0;
  }
  return runCommand(commandLine);
}

let log = logOf({ 'log.format': 'auto', 'otel.log.level': 'info' });
try {
  process.exitCode = await main();
} catch (error) {
  const isUsers = error instanceof ConfigError;
  const lines = isUsers ? error.problems : [`internal error: ${(error as Error).stack}`];
  for (const line of lines) log.error(line);
  process.exitCode = isUsers ? USAGE_ERROR : 1;
}
log.flush();
process.exit();
