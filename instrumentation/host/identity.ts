import { type Bytes, lineEnd } from '../kernel/bytes.ts';
import { type OsRelease, parseOsRelease } from '../kernel/os-release.ts';
import type { Host } from '../source.ts';

/** Who this machine is. It does not change while the agent runs. */
export interface HostIdentity {
  readonly name?: string | undefined;
  /** From machine-id(5): the same over restarts, another one on each machine. */
  readonly id?: string | undefined;
  readonly os: OsRelease;
}

export function identify(host: Host): HostIdentity {
  return {
    name: host.read('/proc/sys/kernel/hostname', parseLine),
    id: host.read('/etc/machine-id', parseMachineId),
    os: host.read('/etc/os-release', parseOsRelease) ?? host.read('/usr/lib/os-release', parseOsRelease) ?? {},
  };
}

function parseLine(bytes: Bytes): string | undefined {
  const line = new TextDecoder().decode(bytes.subarray(0, lineEnd(bytes, 0))).trim();
  return line === '' ? undefined : line;
}

/** 32 lower-case hexadecimal digits; while an image is not yet set up it is empty or says "uninitialized". */
function parseMachineId(bytes: Bytes): string | undefined {
  return /^[0-9a-f]{32}$/.exec(new TextDecoder().decode(bytes).trim())?.[0];
}
