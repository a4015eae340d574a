import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { containerId } from '../../instrumentation/cgroup/container-id.ts';
import { identify } from '../../instrumentation/host/identity.ts';
import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { parseProcCgroup } from '../../instrumentation/kernel/proc-cgroup.ts';
import type { Host } from '../../instrumentation/source.ts';

/** The version of semantic conventions whose names jobmeter uses. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.44.0';

/** Node's names for processors, as the conventions spell them. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm32',
  ia32: 'x86',
  s390x: 's390x',
  ppc64: 'ppc64',
};

/**
 * Who the numbers are about. Everything here is read from local files, at once, so it is settled before the first
 * export; what is not known is left out. `configured` (OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME) wins.
 */
export function createResource(
  host: Host,
  options: {
    readonly version: string;
    readonly instanceId: string;
    readonly architecture: string;
    readonly configured: Readonly<Record<string, string>>;
    /** In a task of ECS the mounted network files can be another container's: only the cgroup tells then. */
    readonly isEcs: boolean;
  },
): Resource {
  const { name, id, os } = identify(host);
  const memberships = host.read('/proc/self/cgroup', parseProcCgroup) ?? [];
  const mounts = options.isEcs ? undefined : host.read('/proc/self/mountinfo', parseMountinfo);
  const container = containerId(memberships, mounts ?? []);
  const attributes = {
    'service.name': 'jobmeter',
    'service.version': options.version,
    'service.instance.id': options.instanceId,
    'telemetry.distro.name': 'jobmeter',
    'telemetry.distro.version': options.version,
    'host.name': name,
    'host.id': id,
    'host.arch': ARCHITECTURES[options.architecture],
    'os.type': 'linux',
    'os.name': os.name,
    'os.version': os.version,
    'os.description': os.description,
    'container.id': container?.id,
    'container.runtime.name': container?.runtime,
    ...options.configured,
  };
  const known = Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined);
  // The SDK's own part says telemetry.sdk.*; ours wins where both say something.
  return defaultResource().merge(resourceFromAttributes(Object.fromEntries(known), { schemaUrl: SCHEMA_URL }));
}
