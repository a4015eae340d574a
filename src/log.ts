import type { Clock } from './clock.ts';
import { printable } from './config/printable.ts';
import { choiceSetting, type Setting } from './config/setting.ts';

/** What happens, one line an event, on standard error. */
export interface Log {
  debug(line: string): void;
  info(line: string): void;
  warn(line: string): void;
  /** For what ends the program. */
  error(line: string): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error', 'none'] as const;
export type Level = (typeof LEVELS)[number];

/** Words that OpenTelemetry's packages and its file know besides: finer levels than we have, and other names for them. */
const ALIASES: ReadonlyMap<string, Level> = new Map([
  ['verbose', 'debug'],
  ['all', 'debug'],
  ['trace', 'debug'],
  ['fatal', 'error'],
]);

type LogSettings = {
  readonly 'otel.log.level': Setting<Level>;
  readonly 'log.format': Setting<'auto' | 'pretty' | 'json'>;
};

export const logSettings: LogSettings = {
  'otel.log.level': {
    doc: 'What is said on standard error: this and what is graver.',
    allowed: 'debug, info, warn, error or none',
    default: 'info',
    placeholder: 'WORD',
    parse(text) {
      // The file has severities: "info2" is a finer "info".
      const word = text
        .trim()
        .toLowerCase()
        .replace(/[234]$/, '');
      return LEVELS.find((level) => level === word) ?? ALIASES.get(word);
    },
    otel: { variables: ['OTEL_LOG_LEVEL'], keys: ['log_level'], isLenient: true, flag: '--log-level' },
  },
  'log.format': choiceSetting({
    doc: 'Lines for a person, or one JSON document a line; auto: pretty on a terminal.',
    words: ['auto', 'pretty', 'json'],
    default: 'auto',
  }),
};

/** Milliseconds in which the same warning is not said again but counted. */
const QUIET = 60_000;
/** Foreign text may make every line another one. */
const MOST_COUNTED = 100;

const PREFIX = { debug: 'debug: ', info: '', warn: 'warning: ', error: '' } as const;

export interface CountingLog extends Log {
  /** Says what was counted and not said yet. */
  flush(): void;
}

/**
 * Control characters, which foreign text may carry, are shown and not obeyed. A warning or an error that comes again
 * within a minute is counted, and said once more, with the count, when the minute is over.
 */
export function createLog(options: {
  write(line: string): void;
  clock: Pick<Clock, 'after' | 'wall'>;
  level: Level;
  isPretty: boolean;
}): CountingLog {
  const { clock } = options;
  const least = LEVELS.indexOf(options.level);
  const counted = new Map<string, { count: number; say(): void; cancel(): void }>();

  function say(level: keyof typeof PREFIX, message: string, repeated = 0): void {
    const text = printable(message);
    if (options.isPretty) {
      const count = repeated > 0 ? ` (${repeated} more ${repeated === 1 ? 'time' : 'times'} within a minute)` : '';
      options.write(`jobmeter: ${PREFIX[level]}${text}${count}\n`);
    } else {
      const time = new Date(clock.wall()).toISOString();
      options.write(`${JSON.stringify({ time, level, message: text, ...(repeated > 0 && { repeated }) })}\n`);
    }
  }

  function count(level: 'warn' | 'error', message: string): void {
    const key = `${level} ${message}`;
    const before = counted.get(key);
    if (before !== undefined) {
      before.count++;
      return;
    }
    say(level, message);
    if (counted.size === MOST_COUNTED) counted.values().next().value!.say();
    const entry = {
      count: 0,
      say() {
        counted.delete(key);
        entry.cancel();
        if (entry.count > 0) say(level, message, entry.count);
      },
      cancel: clock.after(QUIET, () => entry.say()),
    };
    counted.set(key, entry);
  }

  const isSaid = (level: Level) => LEVELS.indexOf(level) >= least;
  return {
    debug: (message) => isSaid('debug') && say('debug', message),
    info: (message) => isSaid('info') && say('info', message),
    warn: (message) => isSaid('warn') && count('warn', message),
    error: (message) => isSaid('error') && count('error', message),
    flush() {
      for (const entry of counted.values()) entry.say();
    },
  };
}
