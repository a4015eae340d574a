import { uptime } from '../instrumentation/host/uptime.ts';
import { sources } from '../instrumentation/index.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/load.ts';
import type { Destination } from './delivery/destination.ts';
import { startDelivery } from './delivery/loop.ts';
import { deliveries } from './delivery/metrics.ts';
import { createOtlpDestination } from './delivery/otlp.ts';
import { openKernelFiles } from './host.ts';
import { createMemoryJournal } from './journal/memory.ts';
import type { Log } from './log.ts';
import { distributions, followMetered, metered } from './metered.ts';
import { createRunner } from './runner.ts';
import { createSampler, readingOf, type Sample, type Tick } from './sampler.ts';
import type { schema } from './settings.ts';
import { describeInterval, describeLoss, describeStart } from './status.ts';
import { createPipeline } from './telemetry/pipeline.ts';
import type { Observation } from './telemetry/points.ts';
import { createResource } from './telemetry/resource.ts';
import { self, tickHistograms } from './telemetry/self.ts';
import { VERSION } from './version.ts';

/** What a user agent says by OTLP's specification, with ours in front. */
export const USER_AGENT: string = `jobmeter/${VERSION} OTel-OTLP-Exporter-JavaScript/0.301.0`;

/** The journal's bound while it is in memory: more than an hour of an outage. */
const JOURNAL_BYTES = 8 * 1024 * 1024;

/** From the order to end until the process may end: docker stop gives ten seconds. */
export const STOP_MILLISECONDS = 8000;

export interface Agent {
  /** Resolves when two samples were taken. */
  readonly twoSamples: Promise<void>;
  /** Takes and exports a last sample, sends what waits, and closes everything. True where all was delivered. */
  stop(): Promise<boolean>;
}

export interface AgentOptions {
  readonly config: Config<typeof schema>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether somebody watches and wants to see numbers. */
  readonly isWatched: boolean;
  readonly instanceId: string;
  /** Instead of the OTLP destination of the configuration. */
  readonly destination?: Destination;
}

/** Assembles the agent and starts it: the only place that knows every room. */
export async function startAgent({
  config,
  clock,
  log,
  isWatched,
  instanceId,
  ...options
}: AgentOptions): Promise<Agent> {
  const { values, otel } = config;
  const { interval } = values;
  for (const warning of config.warnings) log.warn(warning);

  const agentStart = clock.wall();
  const files = openKernelFiles(values['root.path'], clock);
  const resource = createResource(files.host, {
    version: VERSION,
    instanceId,
    architecture: process.arch,
    configured: otel.resource,
    isEcs: otel.isEcs,
  });
  for (const { path, message } of files.takeFailures()) log.warn(`cannot read ${path}: ${message}`);
  const runner = createRunner(sources, files, clock, (source, { path, message }) => {
    log.warn(`${source}: cannot read ${path}: ${message}; its numbers are left out (said once)`);
  });

  const journal = createMemoryJournal(JOURNAL_BYTES);
  const destination = options.destination ?? (await createOtlpDestination({ ...otel.otlp, userAgent: USER_AGENT }));
  const delivery = startDelivery(journal, destination, { clock, log, random: Math.random });

  const ticksPerExport = Math.max(1, Math.round(otel.exportInterval / interval));
  const follower = followMetered(ticksPerExport, interval);
  let newest: Sample | undefined;
  let exported: Sample | undefined;
  let nextExport = ticksPerExport;
  let boot: number | undefined;

  function observe(sample: Sample): readonly Observation[] {
    const now = clock.wall();
    const readings = [...sample.readings].map(([set, { snapshot }]) => ({ set, data: snapshot, time: sample.wall }));
    return [
      ...readings,
      { set: metered, data: follower.metered(), time: sample.wall },
      { set: self, data: readSelf(), time: now },
      { set: deliveries, data: { deliveries: [delivery.stats], failedExports }, time: now },
    ];
  }

  function readSelf() {
    const { user, system } = process.cpuUsage();
    const cpu = { user: user / 1e6, system: system / 1e6 };
    return { cpu, rss: readRss(), ticks: sampler.stats, sources: runner.stats };
  }

  const pipeline = createPipeline({
    resource,
    version: VERSION,
    append: (record) => journal.append(record),
    beginnings: () => ({ agent: agentStart, boot }),
    observe() {
      const observations = newest === undefined ? [] : observe(newest);
      follower.close();
      return observations;
    },
  });
  const record = {
    cpu: pipeline.recorder(metered.name, distributions.cpu),
    memory: pipeline.recorder(metered.name, distributions.memory),
    duration: pipeline.recorder(self.name, tickHistograms.duration),
    lateness: pipeline.recorder(self.name, tickHistograms.lateness),
  };

  let failedExports = 0;
  async function exportNewest(): Promise<void> {
    exported = newest;
    try {
      for (const error of await pipeline.export()) log.warn(`a part of an export failed: ${(error as Error).message}`);
    } catch (error) {
      failedExports++;
      if (failedExports === 1) log.warn(`an export failed, a sample is lost: ${(error as Error).message} (said once)`);
    }
  }

  const twoSamples = Promise.withResolvers<void>();

  function onTick({ sample, previous, duration, lateness }: Tick): void {
    if (previous === undefined) onFirst(sample);
    else twoSamples.resolve();
    newest = sample;
    const tick = follower.add(sample);
    if (tick.cpu) record.cpu(tick.cpu.value, { 'jobmeter.scope': tick.cpu.scope });
    if (tick.memory) record.memory(tick.memory.value, { 'jobmeter.scope': tick.memory.scope });
    record.duration(duration);
    record.lateness(lateness);
    if (sample.slot < nextExport) return;
    nextExport = (Math.floor(sample.slot / ticksPerExport) + 1) * ticksPerExport;
    if (isWatched) log.info(describeInterval(follower.metered(), delivery.stats));
    void exportNewest();
  }

  function onFirst(sample: Sample): void {
    const seconds = readingOf(sample, uptime)?.snapshot;
    boot = seconds === undefined ? undefined : sample.wall - seconds * 1000;
    for (const line of describeStart(sample, {
      version: VERSION,
      address: destination.address,
      interval,
      // Exports happen at ticks, whatever was asked for.
      exportInterval: ticksPerExport * interval,
    }))
      log.info(line);
  }

  const sampler = createSampler({ interval, clock, read: () => runner.read(), onTick });
  sampler.start();

  return {
    twoSamples: twoSamples.promise,
    async stop() {
      const end = clock.monotonic() + STOP_MILLISECONDS;
      sampler.stop();
      sampler.sampleNow();
      if (exported !== newest) await exportNewest();
      await delivery.stop(end - clock.monotonic());
      await pipeline.shutdown();
      files.close();
      const { delivered, rejectedPoints, lost, trouble } = delivery.stats;
      const gone = [...lost.values()].reduce((sum, count) => sum + count, failedExports);
      if (gone > 0) log.warn(describeLoss(gone, destination.address, trouble));
      return delivered > 0 && gone === 0 && rejectedPoints === 0;
    },
  };
}

function readRss(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    // Without /proc, or without a descriptor for it.
    return undefined;
  }
}
