import type { Resource } from '@opentelemetry/resources';
import { uptime } from '../instrumentation/host/uptime.ts';
import { sources } from '../instrumentation/index.ts';
import type { Metric, Source } from '../instrumentation/source.ts';
import { createAsker } from './ask.ts';
import type { Clock } from './clock.ts';
import { createConsoleDestination } from './delivery/console.ts';
import type { Destination } from './delivery/destination.ts';
import { type Delivery, startDelivery } from './delivery/loop.ts';
import { deliveries as deliveryMetrics } from './delivery/metrics.ts';
import { createOtlpDestination } from './delivery/otlp.ts';
import { createElsewhere } from './elsewhere.ts';
import { type Health, livenessTrouble, readinessTrouble } from './health.ts';
import { type KernelFiles, openKernelFiles } from './host.ts';
import { serverMetrics } from './http/metrics.ts';
import type { LocalServer } from './http/server.ts';
import { createMemoryJournal } from './journal/memory.ts';
import { configuredLimits } from './limit-settings.ts';
import { isAwaited } from './limits.ts';
import type { Log } from './log.ts';
import { distributions, followMetered, metered } from './metered.ts';
import type { Output } from './output.ts';
import { hasRoomForChild } from './room.ts';
import { createRunner, type Readings } from './runner.ts';
import { createSampler, readingOf, type Sample, type Tick } from './sampler.ts';
import { attributesOf, createSelection, type Selection } from './selection.ts';
import { startLocalServer } from './serve.ts';
import { type AgentConfig, isPageServed, isServerOn, pushExporters, reasonForSilence } from './settings.ts';
import { describeInterval, describeLoss, describeScopes, describeSends, describeServed } from './status.ts';
import { createPipeline } from './telemetry/pipeline.ts';
import type { Observation } from './telemetry/points.ts';
import { createResource } from './telemetry/resource.ts';
import { readSelf, self, tickHistograms } from './telemetry/self.ts';
import { formatSeconds } from './units.ts';
import { VERSION } from './version.ts';

/** What a user agent says by OTLP's specification, with ours in front. */
export const USER_AGENT: string = `jobmeter/${VERSION} OTel-OTLP-Exporter-JavaScript/0.301.0`;

/** The journal's bound while it is in memory: more than an hour of an outage. */
const JOURNAL_BYTES = 8 * 1024 * 1024;

/** Milliseconds until a port that was taken is tried again. */
const SERVE_AGAIN = 60_000;

/** What a timer can wait for at most. */
const MOST_TIMEOUT = 2 ** 31 - 1;

/** From the order to end until the process may end: docker stop gives ten seconds. */
export const STOP_MILLISECONDS = 8000;

/** What is left of them for sending, however long the last export took on a starved machine. */
const LEAST_MILLISECONDS = 1500;

export interface Agent {
  /** Resolves when two samples were taken and, with `--once`, what is asked for in the background has come. */
  readonly ready: Promise<unknown>;
  /** Takes and exports a last sample, sends what waits, and closes everything. True where all was delivered. */
  stop(): Promise<boolean>;
}

export interface AgentOptions {
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether somebody watches and wants to see numbers. */
  readonly isWatched: boolean;
  /** Whether standard error is read by a person. */
  readonly isPretty: boolean;
  readonly instanceId: string;
  /** Takes what the exporter "console" has to say. */
  readonly output: Pick<Output, 'write' | 'flush'>;
  /** Instead of the OTLP destination of the configuration. */
  readonly destination?: Destination;
}

/** The OTLP destination of the configuration. */
export function otlpDestination({ values }: AgentConfig): Promise<Destination> {
  const [ca, cert, key] = [
    values['otel.exporter.otlp.certificate']?.content,
    values['otel.exporter.otlp.client.certificate']?.content,
    values['otel.exporter.otlp.client.key']?.content,
  ];
  return createOtlpDestination({
    url: values['otel.exporter.otlp.endpoint'],
    headers: values['otel.exporter.otlp.headers'],
    compression: values['otel.exporter.otlp.compression'],
    timeout: values['otel.exporter.otlp.timeout'],
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
    userAgent: USER_AGENT,
  });
}

function createAgentResource(config: AgentConfig, files: KernelFiles, instanceId: string, log: Log): Resource {
  const { values, platform } = config;
  const service = values['otel.service.name'];
  const resource = createResource(files.host, {
    version: VERSION,
    instanceId,
    architecture: process.arch,
    configured: { ...values['otel.resource.attributes'], ...(service !== undefined && { 'service.name': service }) },
    isEcs: platform.has('ECS_CONTAINER_METADATA_URI_V4') || platform.has('ECS_CONTAINER_METADATA_URI'),
  });
  for (const { path, message } of files.takeFailures()) log.warn(`cannot read ${path}: ${message}`);
  return resource;
}

/** Those that are always read, and those of which anybody wants something. */
export function selectedSources(selection: Selection): readonly Source[] {
  const isWanted = (metric: Metric) => selection.hasMetric(metric);
  return sources.filter(({ isTicked, metrics }) => isTicked || Object.values(metrics).some(isWanted));
}

/** Assembles the agent and starts it: the only place that knows every room. */
export async function startAgent({
  config,
  clock,
  log,
  isWatched,
  isPretty,
  instanceId,
  ...options
}: AgentOptions): Promise<Agent> {
  const { values } = config;
  const { interval } = values;
  for (const warning of config.warnings) log.warn(warning);
  log.info(`version ${VERSION}, reads every ${formatSeconds(interval)}`);

  const agentStart = clock.wall();
  const selection = createSelection(values);
  const asker = createAsker(clock);
  const limits = configuredLimits(config);
  const elsewhere = createElsewhere(clock, log, { hasRoom: () => hasRoomForChild(newest, limits) });
  const files = openKernelFiles(values['root.path'], clock, {
    platform: config.platform,
    wants: attributesOf(values),
    ask: asker.ask,
    statfsElsewhere: elsewhere.statfs,
  });
  const resource = createAgentResource(config, files, instanceId, log);
  const runner = createRunner(selectedSources(selection), files, clock, (source, { path, message }) => {
    log.warn(`${source}: cannot read ${path}: ${message}; its numbers are left out (said once)`);
  });

  const journal = createMemoryJournal(JOURNAL_BYTES);
  const destinations: Destination[] = [];
  for (const exporter of pushExporters(config)) {
    if (exporter === 'otlp') destinations.push(options.destination ?? (await otlpDestination(config)));
    else destinations.push(createConsoleDestination(options.output, isPretty));
  }
  const deliveries = destinations.map((destination) =>
    startDelivery(journal, destination, { clock, log, random: Math.random }),
  );
  const deliveryStats = () => deliveries.map(({ stats }) => stats);

  const ticksPerExport = Math.max(1, Math.round(values['otel.metric.export.interval'] / interval));
  // Exports happen at ticks, whatever was asked for.
  const exportInterval = ticksPerExport * interval;
  const follower = followMetered(ticksPerExport, interval, limits);
  let newest: Sample | undefined;
  let exported: Sample | undefined;
  let nextExport = ticksPerExport;
  let boot: number | undefined;
  let server: LocalServer | undefined;

  /** The sources that are read when they are asked for, read for this sample. */
  let others: { readonly of: Sample; readonly readings: Readings } | undefined;

  function observe(sample: Sample): readonly Observation[] {
    const now = clock.wall();
    if (others?.of !== sample) others = { of: sample, readings: runner.readOthers() };
    const readings = [...sample.readings, ...others.readings];
    return [
      ...readings.map(([set, { snapshot, wall }]) => ({ set, data: snapshot, time: wall })),
      { set: metered, data: follower.metered(), time: sample.wall },
      { set: self, data: readSelf(sampler.stats, runner.stats), time: now },
      { set: deliveryMetrics, data: { deliveries: deliveryStats(), failedExports }, time: now },
      ...(server === undefined ? [] : [{ set: serverMetrics, data: server.stats, time: now }]),
    ];
  }

  const observeNewest = () => (newest === undefined ? [] : observe(newest));
  const pipeline = createPipeline({
    resource,
    version: VERSION,
    selection,
    beginnings: () => ({ agent: agentStart, boot }),
    push:
      deliveries.length === 0
        ? undefined
        : {
            timeout: values['otel.metric.export.timeout'] || MOST_TIMEOUT,
            temporality: values['otel.exporter.otlp.temporality'],
            histogram: values['otel.exporter.otlp.histogram'],
            append: (record) => journal.append(record),
            observe() {
              const observations = observeNewest();
              follower.close();
              return observations;
            },
          },
    pull: isPageServed(config) ? { observe: observeNewest } : undefined,
  });
  const record = {
    cpu: pipeline.recorder(metered.name, distributions.cpu),
    memory: pipeline.recorder(metered.name, distributions.memory),
    duration: pipeline.recorder(self.name, tickHistograms.duration),
    lateness: pipeline.recorder(self.name, tickHistograms.lateness),
  };

  let failedExports = 0;
  let exportFailed = false;
  async function exportNewest(): Promise<void> {
    exported = newest;
    exportFailed = false;
    try {
      for (const error of await pipeline.export()) log.warn(`a part of an export failed: ${(error as Error).message}`);
    } catch (error) {
      failedExports++;
      exportFailed = true;
      if (failedExports === 1) log.warn(`an export failed, a sample is lost: ${(error as Error).message} (said once)`);
    }
  }

  const twoSamples = Promise.withResolvers<void>();

  function onTick({ sample, previous, duration, lateness }: Tick): void {
    newest = sample;
    if (previous === undefined) onFirst(sample);
    else twoSamples.resolve();
    describe(sample);
    const tick = follower.add(sample);
    if (tick.cpu) record.cpu(tick.cpu.value, { 'jobmeter.scope': tick.cpu.scope });
    if (tick.memory) record.memory(tick.memory.value, { 'jobmeter.scope': tick.memory.scope });
    record.duration(duration);
    record.lateness(lateness);
    if (sample.slot < nextExport) return;
    nextExport = (Math.floor(sample.slot / ticksPerExport) + 1) * ticksPerExport;
    if (isWatched) log.info(describeInterval(follower.metered(), deliveryStats()));
    if (deliveries.length > 0) void exportNewest();
  }

  function onFirst(sample: Sample): void {
    const seconds = readingOf(sample, uptime)?.snapshot;
    boot = seconds === undefined ? undefined : sample.wall - seconds * 1000;
    // There is one export only: what is asked for in the background has to be there by then.
    if (values.once) {
      createRunner(selectedSources(selection), files, clock, () => {}).readOthers();
      answered = Promise.all([elsewhere.settled(), asker.settled()]);
    }
  }

  let answered: Promise<unknown> | undefined;

  /** What was said of the scopes; undefined when there is nothing more to say. */
  let described: readonly string[] | undefined = [];

  /** Says what is metered, and says it again where a platform has told its limits since. */
  function describe(sample: Sample): void {
    if (described === undefined) return;
    const lines = describeScopes(sample, limits);
    for (const line of lines) if (!described.includes(line)) log.info(line);
    described = isAwaited(sample) ? lines : undefined;
  }

  const health = (): Health => ({
    now: clock.monotonic(),
    interval,
    exportInterval,
    sampledAt: sampler.sampledAt,
    deliveries: deliveryStats(),
    exportFailed,
  });

  const sampler = createSampler({ interval, clock, read: () => runner.readTicked(), onTick });
  sampler.start();
  let retry: (() => void) | undefined;
  let isStopped = false;
  async function serve(): Promise<void> {
    const served = {
      newest: () => newest,
      collect: () => pipeline.collect(),
      livenessTrouble: () => livenessTrouble(health()),
      readinessTrouble: () => readinessTrouble(health()),
    };
    server = await startLocalServer(config, served, { clock, log });
    if (isStopped) return void server?.close();
    // Whoever has the port may give it back.
    if (server === undefined) retry = clock.after(SERVE_AGAIN, () => void serve());
    else log.info(describeServed(server.address, isPageServed(config)));
    return undefined;
  }
  for (const line of describeSends(destinations, exportInterval)) log.info(line);
  // Nobody waits for it: looking up the name of its host may take long.
  if (isServerOn(config)) void serve();
  else if (destinations.length === 0) log.info(`exports nothing: ${reasonForSilence(config)}`);

  return {
    ready: twoSamples.promise.then(() => answered),
    async stop() {
      const end = clock.monotonic() + STOP_MILLISECONDS;
      isStopped = true;
      sampler.stop();
      sampler.sampleNow();
      if (deliveries.length > 0 && exported !== newest) await exportNewest();
      retry?.();
      const closed = server?.close();
      await Promise.all(
        deliveries.map((delivery) => delivery.stop(Math.max(LEAST_MILLISECONDS, end - clock.monotonic()))),
      );
      await pipeline.shutdown();
      await closed;
      files.close();
      asker.close();
      if (failedExports > 0) log.warn(`${failedExports} exports failed, their samples are lost`);
      return deliveries.map((delivery) => isComplete(delivery, log)).every(Boolean) && failedExports === 0;
    },
  };
}

/** Whether everything arrived; says so where it did not. */
function isComplete({ stats, destination }: Delivery, log: Log): boolean {
  const { delivered, rejectedPoints, lost, trouble } = stats;
  const gone = [...lost.values()].reduce((sum, count) => sum + count, 0);
  if (gone > 0) log.warn(describeLoss(gone, destination.address, trouble));
  return delivered > 0 && gone === 0 && rejectedPoints === 0;
}
