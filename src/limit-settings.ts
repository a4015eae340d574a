import type { Config } from './config/load.ts';
import type { Setting } from './config/setting.ts';
import type { ConfiguredLimits } from './limits.ts';

// Limits that only the user knows: where the kernel shows those of the machine, and the platform tells by variables of
// the user's choice (the downward API of Kubernetes). They are written as Kubernetes writes quantities.

type LimitSettings = {
  readonly 'limits.cpu': Setting<number | undefined>;
  readonly 'limits.memory': Setting<number | undefined>;
};

export const limitSettings: LimitSettings = {
  'limits.cpu': {
    doc: 'CPUs that the container can use at most; a tighter limit that can be read holds.',
    allowed: 'CPUs above zero, such as 2, 1.5 or 1500m',
    default: undefined,
    placeholder: 'CPUS',
    parse(text) {
      const [, number, milli] = /^(\d+(?:\.\d+)?)(m)?$/.exec(text.trim()) ?? [];
      return within(milli === undefined ? Number(number) : Number(number) / 1000);
    },
  },
  'limits.memory': {
    doc: 'Memory that the container can use at most; a tighter limit that can be read holds.',
    allowed: 'bytes above zero, such as 536870912, 512Mi, 2Gi or 500M',
    default: undefined,
    placeholder: 'SIZE',
    parse(text) {
      const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text.trim()) ?? [];
      // A part of a byte counts as one, as in Kubernetes.
      return within(Math.ceil(Number(number) * (UNITS.get(unit) ?? NaN)));
    },
  },
};

/** In Kubernetes, as in SI, kilo is a small k. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1000],
  ...['M', 'G', 'T', 'P'].map((unit, power) => [unit, 1000 ** (power + 2)] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi'].map((unit, power) => [unit, 1024 ** (power + 1)] as const),
]);

function within(value: number): number | undefined {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

export function configuredLimits({ values, origins }: Config<LimitSettings>): ConfiguredLimits {
  const limit = (path: keyof LimitSettings) => {
    const value = values[path];
    if (value === undefined) return undefined;
    return { value, source: 'configured', file: origins.get(path)?.name ?? path } as const;
  };
  return { cpu: limit('limits.cpu'), memory: limit('limits.memory') };
}
