import { parseMillidegrees, parseName } from '../kernel/hwmon.ts';
import { defineSource, type Host, type Source } from '../source.ts';

const HWMON = '/sys/class/hwmon';

interface Driver {
  readonly inputs: RegExp;
  readonly locations: RegExp;
}

const ANY = /^temp\d+_input$/;
const DIE = /^(?:Tdie|Tccd\d+)$/;

/**
 * Which sensors of a driver are read. coretemp asks the core itself and would interrupt every one of them, so only the
 * package is read, which is always its first. "Tctl" of AMD is a value on a scale of its own to control fans by, and no
 * temperature (Documentation/hwmon/k10temp.rst).
 */
const DRIVERS: Readonly<Record<string, Driver>> = {
  coretemp: { inputs: /^temp1_input$/, locations: /^(?:Package|Physical) id \d+$/ },
  k10temp: { inputs: ANY, locations: DIE },
  zenpower: { inputs: ANY, locations: DIE },
  cpu_thermal: { inputs: ANY, locations: /^/ },
};

interface Sensor {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly celsius: number;
}

export const temperature: Source<readonly Sensor[]> = defineSource({
  name: 'temperature',
  since: 'unknown',
  // Reading a package of Intel interrupts one CPU of it.
  period: 10_000,
  metrics: {
    temperature: {
      name: 'hw.temperature',
      kind: 'gauge',
      unit: 'Cel',
      value: 'double',
      description: 'Temperature of CPU packages and dies.',
      from: '/sys/class/hwmon/hwmonN/tempN_input of coretemp (packages), k10temp, zenpower (Tdie, Tccd) and cpu_thermal',
      attributes: { 'hw.id': 'string', 'hw.name': 'string', 'hw.sensor_location': 'string' },
    },
  },
  read(host) {
    const sensors = host.list(HWMON)?.flatMap((device) => sensorsOf(host, device));
    return sensors === undefined || sensors.length === 0 ? undefined : sensors;
  },
  observe(sensors, emit) {
    for (const { id, name, location, celsius } of sensors) {
      emit('temperature', celsius, { 'hw.id': id, 'hw.name': name, 'hw.sensor_location': location });
    }
  },
});

function sensorsOf(host: Host, device: string): readonly Sensor[] {
  const directory = `${HWMON}/${device}`;
  const name = host.read(`${directory}/name`, parseName);
  const driver = name !== undefined && Object.hasOwn(DRIVERS, name) ? DRIVERS[name] : undefined;
  if (name === undefined || driver === undefined) return [];
  // hwmon2 is another device after the next start, coretemp.0 is not.
  const owner = host.link(`${directory}/device`)?.split('/').at(-1) ?? device;
  const inputs = host.list(directory)?.filter((file) => driver.inputs.test(file)) ?? [];
  return inputs.flatMap((file) => {
    const sensor = file.slice(0, -'_input'.length);
    const location = host.readOnce(`${directory}/${sensor}_label`, parseName) ?? sensor;
    if (!driver.locations.test(location)) return [];
    const millidegrees = host.read(`${directory}/${file}`, parseMillidegrees);
    return millidegrees === undefined ? [] : { id: `${owner}:${sensor}`, name, location, celsius: millidegrees / 1000 };
  });
}
