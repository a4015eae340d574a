import { type Bytes, decimal, onlyLineEnd, ParseError } from './bytes.ts';

const COMMA = 0x2c;
const DASH = 0x2d;

/** No kernel has as many CPUs (CONFIG_NR_CPUS ends at 8192): what names this one is no list of CPUs. */
const TOO_MANY = 65_536;

/**
 * The numbers in a list such as "0-3,8" (/sys/devices/system/cpu/online, topology/thread_siblings_list), in the order
 * that they stand there. An empty list is a line without any.
 */
export function parseCpuNumbers(bytes: Bytes): readonly number[] {
  const end = onlyLineEnd(bytes);
  const cpus: number[] = [];
  if (end === 0) return cpus;
  for (let from = 0; from <= end;) {
    const comma = bytes.indexOf(COMMA, from);
    const to = comma < 0 ? end : comma;
    const dash = bytes.subarray(0, to).indexOf(DASH, from);
    const first = decimal(bytes, from, dash < 0 ? to : dash);
    const last = dash < 0 ? first : decimal(bytes, dash + 1, to);
    const previous = cpus.at(-1) ?? -1;
    if (first <= previous || last < first || last >= TOO_MANY) {
      throw new ParseError('CPUs in ascending order', bytes, from);
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
    from = to + 1;
  }
  return cpus;
}
