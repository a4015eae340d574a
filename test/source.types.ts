// Checked by the compiler, never run: mistakes that defineSource must refuse.

import { defineSource, type Source } from '../instrumentation/source.ts';

const time = {
  name: 'x.time',
  kind: 'counter',
  unit: 's',
  value: 'double',
  description: 'x',
  from: 'x',
  attributes: { 'cpu.mode': ['user', 'system'] },
} as const;
const count = { name: 'x.count', kind: 'gauge', unit: '1', value: 'int', description: 'x', from: 'x' } as const;

export const refused: Source<number> = defineSource({
  name: 'refused',
  since: 'boot',
  metrics: { time, count },
  read: () => 1,
  observe(value: number, emit) {
    emit('count', value);
    emit('count', undefined);
    emit('time', value, { 'cpu.mode': 'user' });
    // @ts-expect-error no such metric
    emit('other', value);
    // @ts-expect-error an attribute is missing
    emit('time', value);
    // @ts-expect-error another attribute
    emit('time', value, { 'cpu.state': 'user' });
    // @ts-expect-error one attribute too many
    emit('time', value, { 'cpu.mode': 'user', host: 'a' });
    // @ts-expect-error a value that the attribute does not have
    emit('time', value, { 'cpu.mode': 'idle' });
    // @ts-expect-error attributes for a metric without
    emit('count', value, { 'cpu.mode': 'user' });
    // @ts-expect-error not a number
    emit('count', '1');
  },
});

export const wrongSnapshot: Source<number> = defineSource({
  name: 'wrong',
  since: 'boot',
  metrics: { count },
  // @ts-expect-error observe takes numbers
  read: () => 'text',
  observe(_value: number) {},
});
