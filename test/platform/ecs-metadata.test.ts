import { parseEcsLimits } from '../../instrumentation/platform/ecs-metadata.ts';
import { parses, refuses } from '../support/parser-table.ts';

const MIB = 2 ** 20;

parses(parseEcsLimits, {
  'both limits': ['{"Limits":{"CPU":0.25,"Memory":512}}', { cpu: 0.25, memory: 512 * MIB }],
  'one of them': ['{"Limits":{"Memory":4096}}\n', { memory: 4096 * MIB }],
  'no limits at all': ['{"TaskARN":"arn"}', {}],
  'limits that are null': ['{"Limits":null}', {}],
  'a limit that is null': ['{"Limits":{"CPU":2,"Memory":null}}', { cpu: 2 }],
  'zero as none': ['{"Limits":{"CPU":0,"Memory":0}}', {}],
  'a limit without end as none': ['{"Limits":{"Memory":9223372036854771712}}', {}],
  'bytes without end, said in MiB, as none': ['{"Limits":{"Memory":8796093022207}}', {}],
  'texts in another alphabet beside them': ['{"Family":"задание","Limits":{"CPU":1}}', { cpu: 1 }],
});

refuses(parseEcsLimits, {
  nothing: '',
  'what is no JSON': '<html>Not found</html>',
  'what was cut off': '{"Limits":{"CPU":0.25',
  null: 'null',
  'a list': '[{"Limits":{"CPU":1}}]',
  'a number': '4',
  'limits in a list': '{"Limits":[1,2]}',
  'limits in a text': '{"Limits":"none"}',
  'a number in a text': '{"Limits":{"CPU":"0.25"}}',
  'a number below zero': '{"Limits":{"CPU":-1}}',
  'a number beyond all': '{"Limits":{"Memory":1e999}}',
  'true as a number': '{"Limits":{"Memory":true}}',
  'an error that is JSON': '"unable to get task metadata"',
});
