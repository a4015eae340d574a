// Every source, in words. A new one is one file and one line here.

import { container } from './cgroup/container.ts';
import { containerCpu } from './cgroup/cpu.ts';
import { containerFilesystem } from './cgroup/filesystem.ts';
import { containerIo } from './cgroup/io.ts';
import { containerMemory } from './cgroup/memory.ts';
import { containerPids } from './cgroup/pids.ts';
import { containerPressure } from './cgroup/pressure.ts';
import { containerUptime } from './host/container-uptime.ts';
import { containerNetwork } from './host/container-network.ts';
import { cpu } from './host/cpu.ts';
import { diskSize } from './host/disk-size.ts';
import { disk } from './host/disk.ts';
import { energy } from './host/energy.ts';
import { filesystem } from './host/filesystem.ts';
import { frequency } from './host/frequency.ts';
import { infiniband } from './host/infiniband.ts';
import { load } from './host/load.ts';
import { memory } from './host/memory.ts';
import { network } from './host/network.ts';
import { nfs } from './host/nfs.ts';
import { openFiles } from './host/open-files.ts';
import { paging } from './host/paging.ts';
import { pressure } from './host/pressure.ts';
import { processes } from './host/processes.ts';
import { containerTcpConnections, tcpConnections } from './host/tcp-connections.ts';
import { containerTcp, tcp } from './host/tcp.ts';
import { temperature } from './host/temperature.ts';
import { throttling } from './host/throttling.ts';
import { uptime } from './host/uptime.ts';
import { ecs } from './platform/ecs.ts';
import { slurm } from './platform/slurm.ts';
import type { Source } from './source.ts';

export const sources: readonly Source[] = [
  cpu,
  disk,
  diskSize,
  energy,
  filesystem,
  frequency,
  load,
  memory,
  openFiles,
  paging,
  pressure,
  processes,
  temperature,
  throttling,
  uptime,
  network,
  tcp,
  tcpConnections,
  nfs,
  infiniband,
  container,
  containerCpu,
  containerFilesystem,
  containerIo,
  containerMemory,
  containerPids,
  containerPressure,
  containerUptime,
  containerNetwork,
  containerTcp,
  containerTcpConnections,
  ecs,
  slurm,
];
