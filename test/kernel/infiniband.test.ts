import { parseIsActive, parsePortCounter, parseRate } from '../../instrumentation/kernel/infiniband.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parsePortCounter, {
  'a counter': ['3000000000000\n', 3e12],
  'none, in the words of the kernel': ['N/A (no PMA)\n', undefined],
});
refuses(parsePortCounter, { 'an empty counter': '', 'a counter without its end': '300', 'half a word': 'N/A (no' });

parses(parseIsActive, {
  'a port that is up': ['4: ACTIVE\n', true],
  'a port that is down': ['1: DOWN\n', false],
  'a port that gets ready': ['3: ARMED\n', false],
  'a port that waits': ['5: ACTIVE_DEFER\n', false],
});
refuses(parseIsActive, { 'a state without a number': 'ACTIVE\n', 'an empty state': '\n', 'half a state': '4: ACT' });

parses(parseRate, {
  'a rate': ['100 Gb/sec (4X EDR)\n', 12.5e9],
  'half a gigabit': ['2.5 Gb/sec (1X SDR)\n', 312.5e6],
  'the newest': ['1600 Gb/sec (8X XDR)\n', 200e9],
});
refuses(parseRate, { 'a rate of another unit': '100 Mb/sec\n', 'no rate': '\n', 'half a rate': '100 Gb/sec' });
