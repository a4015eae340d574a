// What the task metadata endpoint of Amazon ECS answers (version 4; amazon-ecs-agent, ecs-agent/tmds/handlers/v4).

import { type Bytes, ParseError, text } from '../kernel/bytes.ts';
import { knownLimit } from '../kernel/cgroup.ts';
import { MIB } from './limits.ts';

/** `Limits` of a task or of a container; a field that is absent, null, zero or without end is no limit. */
export interface EcsLimits {
  /** vCPUs of a task. Of a container it would be shares, which limit nothing. */
  readonly cpu?: number;
  /** Bytes. */
  readonly memory?: number;
}

export function parseEcsLimits(bytes: Bytes): EcsLimits {
  const { Limits: limits } = objectOf(parseJson(bytes), bytes);
  const { CPU: cpu, Memory: memory } = limits === undefined || limits === null ? {} : objectOf(limits, bytes);
  const cpus = amountOf(cpu, bytes);
  const size = knownLimit(amountOf(memory, bytes) * MIB);
  return { ...(cpus > 0 && { cpu: cpus }), ...(size > 0 && size < Infinity && { memory: size }) };
}

function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(text(bytes));
  } catch {
    throw new ParseError('JSON', bytes);
  }
}

function objectOf(value: unknown, bytes: Bytes): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ParseError('an object with an object "Limits"', bytes);
}

function amountOf(value: unknown, bytes: Bytes): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new ParseError('numbers in "Limits"', bytes);
}
