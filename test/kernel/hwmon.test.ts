import { parseMillidegrees, parseName } from '../../instrumentation/kernel/hwmon.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseMillidegrees, {
  'thousandths of a degree': ['45125\n', 45_125],
  zero: ['0\n', 0],
  'below zero': ['-1250\n', -1250],
});

refuses(parseMillidegrees, {
  nothing: '',
  'an end in the number': '4512',
  'a sign alone': '-\n',
  'two signs': '--1\n',
  'a plus': '+1\n',
  'a fraction': '45.1\n',
  'a word': 'hot\n',
});

parses(parseName, {
  'a word': ['coretemp\n', 'coretemp'],
  'some words': ['Package id 0\n', 'Package id 0'],
});

refuses(parseName, {
  nothing: '',
  'an empty line': '\n',
  'an end in the name': 'core',
  'a second line': 'core\ntemp\n',
  'a blank at the end': 'core \n',
  'what cannot be printed': 'core\u0007\n',
});
