import { type Bytes, lineEnd, text } from '../kernel/bytes.ts';
import type { Host } from '../source.ts';

/**
 * Whether this /proc shows the processes of the host, all of them: not those of a container alone, and not only our own
 * (hidepid of proc(5)). Kernel threads live in the initial PID namespace only, and the second process of a kernel is the
 * one that makes them; who may look at it may look at all. False does not say that this is a container: the processes may
 * be hidden.
 */
export function showsHost(host: Host): boolean {
  // Asked first, so that what hidepid forbids is no failure.
  return host.isReadable(COMM) && host.readOnce(COMM, parseComm) === 'kthreadd';
}

const COMM = '/proc/2/comm';

function parseComm(bytes: Bytes): string {
  return text(bytes.subarray(0, lineEnd(bytes, 0)));
}
