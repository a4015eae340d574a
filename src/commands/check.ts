import { filesystem } from '../../instrumentation/host/filesystem.ts';
import type { Source } from '../../instrumentation/source.ts';
import { otlpDestination, selectedSources } from '../agent.ts';
import { createAsker } from '../ask.ts';
import { systemClock } from '../clock.ts';
import { printable } from '../config/printable.ts';
import { ConfigError, namesOf, type Setting, show } from '../config/setting.ts';
import { request } from '../delivery/http.ts';
import type { Verdict } from '../delivery/destination.ts';
import { createElsewhere } from '../elsewhere.ts';
import { openKernelFiles, type ReadFailure } from '../host.ts';
import { startServer } from '../http/server.ts';
import { configuredLimits } from '../limit-settings.ts';
import type { Log } from '../log.ts';
import { hasRoomForChild } from '../room.ts';
import { createRunner, type Readings } from '../runner.ts';
import { attributesOf, createSelection } from '../selection.ts';
import { describeListenError, serverOptions } from '../serve.ts';
import { type AgentConfig, isPageServed, isServerOn, pushExporters, schema } from '../settings.ts';
import { describeScopes } from '../status.ts';

/** One thing that was tried. */
interface Tried {
  readonly kind: 'source' | 'destination' | 'server';
  readonly name: string;
  readonly state: 'works' | 'in use' | 'not here' | 'fails';
  /** What was found; or what failed, why, and what would mend it. */
  readonly details: readonly string[];
}

interface Shown {
  readonly setting: string;
  readonly value: string;
  /** The flag, variable or key that it comes from, and its place; "default". */
  readonly source: string;
}

interface Report {
  readonly isOk: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly settings: readonly Shown[];
  readonly metered: readonly string[];
  readonly tried: readonly Tried[];
}

/** `jobmeter check`: the settings with where they come from, and whether each source and destination works. */
export async function check(loading: Promise<AgentConfig>): Promise<Report> {
  let config: AgentConfig;
  try {
    config = await loading;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { isOk: false, problems: error.problems, warnings: [], settings: [], metered: [], tried: [] };
  }
  const { metered, tried: read } = await trySources(config);
  const tried = [...read, ...(await tryDestinations(config)), ...(await tryServer(config))];
  return {
    isOk: tried.every(({ state }) => state !== 'fails'),
    problems: [],
    warnings: config.warnings,
    settings: showSettings(config),
    metered,
    tried,
  };
}

function showSettings({ values, origins }: AgentConfig): readonly Shown[] {
  return Object.entries(schema).map(([path, setting]) => {
    const given = origins.get(path);
    const { flag, variable, otelVariables } = namesOf(path, setting);
    return {
      setting: variable ?? otelVariables[0] ?? flag ?? path,
      value: printable(show(setting as Setting<unknown>, values[path as keyof typeof values])),
      source: given === undefined ? 'default' : `${given.name} (${given.place})`,
    };
  });
}

async function trySources(config: AgentConfig): Promise<{ metered: readonly string[]; tried: readonly Tried[] }> {
  const { values, platform } = config;
  const asker = createAsker(systemClock, 0);
  const hung: string[] = [];
  const limits = configuredLimits(config);
  let ticked: Readings = new Map();
  const elsewhere = createElsewhere(
    systemClock,
    { info() {}, warn: (line) => hung.push(line) },
    { hasRoom: () => hasRoomForChild({ slot: 0, wall: 0, readings: ticked }, limits) },
  );
  const files = openKernelFiles(values['root.path'], systemClock, {
    platform,
    wants: attributesOf(values),
    ask: asker.ask,
    statfsElsewhere: elsewhere.statfs,
  });
  const sources = selectedSources(createSelection(values));
  const failures = new Map<string, ReadFailure[]>();
  const runner = createRunner(sources, files, systemClock, (source, failure) => {
    failures.set(source, [...(failures.get(source) ?? []), failure]);
  });
  // What is asked for in the background is there at the second time.
  const first = createRunner(sources, files, systemClock, () => {});
  ticked = first.readTicked();
  first.readOthers();
  await Promise.all([asker.settled(), elsewhere.settled()]);
  const readings = new Map([...runner.readTicked(), ...runner.readOthers()]);
  files.close();
  const tried = sources.map((source): Tried => {
    const failed = failures.get(source.name) ?? [];
    const reading = readings.get(source);
    const details = failed.map(describeFailure);
    // A server that is silent keeps nothing else from working.
    if (source === filesystem) details.push(...hung);
    if (reading !== undefined) details.unshift(`${countNumbers(source, reading.snapshot)} numbers`);
    const state = failed.length > 0 ? 'fails' : reading === undefined ? 'not here' : 'works';
    return { kind: 'source', name: source.name, state, details };
  });
  return { metered: describeScopes({ slot: 0, wall: Date.now(), readings }, limits), tried };
}

function countNumbers(source: Source, snapshot: unknown): number {
  let count = 0;
  source.observe(snapshot, (_, value) => {
    if (value !== undefined && Number.isFinite(value)) count++;
  });
  return count;
}

const FILE_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'run it as a user who may read this, or mount it readable',
  EPERM: 'run it as a user who may read this, or mount it readable',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  parse: 'is this a file of the kernel? --root-path says where they are',
};

function describeFailure({ path, type, message }: ReadFailure): string {
  const hint = FILE_HINTS[type];
  return `cannot read ${path}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
}

async function tryDestinations(config: AgentConfig): Promise<readonly Tried[]> {
  const tried = pushExporters(config).map(async (name): Promise<Tried> => {
    if (name === 'console') return { kind: 'destination', name, state: 'works', details: ['writes to standard error'] };
    try {
      const destination = await otlpDestination(config);
      // An empty request is a valid one: it asks whether a receiver is there, and changes nothing.
      const verdict = await destination.send([], AbortSignal.timeout(PATIENCE));
      const state = verdict.kind === 'delivered' ? 'works' : 'fails';
      return {
        kind: 'destination',
        name,
        state,
        details: [printable(`${destination.address}: ${describeVerdict(verdict)}`)],
      };
    } catch (error) {
      return { kind: 'destination', name, state: 'fails', details: [(error as Error).message] };
    }
  });
  return Promise.all(tried);
}

function describeVerdict(verdict: Verdict): string {
  if (verdict.kind === 'delivered') return verdict.warning ?? 'takes requests';
  return verdict.hint === undefined ? verdict.reason : `${verdict.reason} (${verdict.hint})`;
}

/** Milliseconds that a receiver gets, whatever the timeout is: it may be without end. */
const PATIENCE = 15_000;

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

async function tryServer(config: AgentConfig): Promise<readonly Tried[]> {
  if (!isServerOn(config)) return [];
  const tried = (state: Tried['state'], detail: string): readonly Tried[] => [
    { kind: 'server', name: 'http', state, details: [detail] },
  ];
  try {
    const server = await startServer({ ...serverOptions(config), routes: [], clock: systemClock, log: SILENT });
    await server.close();
    return tried('works', `can listen: ${server.address}${isPageServed(config) ? '/metrics' : ''}`);
  } catch (error) {
    if (await isOurs(config))
      return tried('in use', 'a jobmeter listens there already; a second one would serve nothing');
    return tried('fails', describeListenError(config, error as NodeJS.ErrnoException));
  }
}

/** Whether the one that has the port is a jobmeter: the one that is being looked into, as a rule. */
async function isOurs(config: AgentConfig): Promise<boolean> {
  const { host, port, tls } = serverOptions(config);
  if (tls !== undefined) return false;
  const { Agent } = await import('node:http');
  try {
    const { headers } = await request({
      url: new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`),
      method: 'GET',
      headers: {},
      body: new Uint8Array(),
      timeout: 2000,
      agent: new Agent(),
      signal: new AbortController().signal,
    });
    return String(headers['server']).startsWith('jobmeter/');
  } catch {
    return false;
  }
}

/** The report for a person. */
export function describeReport({ isOk, problems, warnings, settings, metered, tried }: Report): string {
  const widest = Math.max(...settings.map(({ setting }) => setting.length));
  const block = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
  const lines = [
    ...block('Configuration errors', problems),
    ...block('Warnings', warnings),
    ...block(
      'Settings',
      settings.map(({ setting, value, source }) => `${setting.padEnd(widest)}  ${value || '-'}  [${source}]`),
    ),
    ...block('Metered', metered),
    ...block('Tried', tried.map(describeTried)),
    isOk ? 'All works.' : problems.length > 0 ? 'The agent would not start.' : 'Something does not work: see "fails".',
  ];
  return `${lines.join('\n')}\n`;
}

function describeTried({ kind, name, state, details }: Tried): string {
  return `${state.padEnd(8)}  ${kind} ${name}${details.length === 0 ? '' : `: ${details.join('; ')}`}`;
}
