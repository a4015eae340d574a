import { parseProcessState } from '../../instrumentation/kernel/process-state.ts';
import { parses, refuses } from '../support/parser-table.ts';

const REST = '0 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n';

parses(parseProcessState, {
  'a process that sleeps': [`1 (systemd) S ${REST}`, 'S'],
  'a kernel thread without work': [`4 (kworker/R-rcu_gp) I ${REST}`, 'I'],
  'one that is a zombie': [`4408 (sleep) Z ${REST}`, 'Z'],
  'one that a debugger stopped': [`4408 (gdb) t ${REST}`, 't'],
  'a name that says that it runs': [`7 (a) R (b) S ${REST}`, 'S'],
  'a name of parentheses': [`7 ())) R ${REST}`, 'R'],
  'a name with a newline, which old kernels do not escape': [`7 (a\n1 (b) Z) D ${REST}`, 'D'],
  'no name': [`7 () S ${REST}`, 'S'],
});

refuses(parseProcessState, {
  'a line without a newline': '1 (systemd) S 0 1',
  'a name that was cut off, with a state in it': '7 (a) R (b',
  'no name': `7 S ${REST}`,
  'a state of two letters': `7 (a) SS ${REST}`,
  'a letter that it does not know': `7 (a) Q ${REST}`,
  'no state': `7 (a) ${REST}`,
  'an end after the name': '7 (a)\n',
  nothing: '',
});
