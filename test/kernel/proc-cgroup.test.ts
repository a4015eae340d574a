import { parseProcCgroup } from '../../instrumentation/kernel/proc-cgroup.ts';
import { parses, refuses } from '../support/parser-table.ts';

const v2 = (path: string) => [{ controllers: [], path }];

parses(parseProcCgroup, {
  nothing: ['', []],
  v2: ['0::/user.slice/user-0.slice/session-1.scope\n', v2('/user.slice/user-0.slice/session-1.scope')],
  'the root of v2, or of a namespace': ['0::/\n', v2('/')],
  'outside of the namespace': ['0::/../../other\n', v2('/../../other')],
  'a cgroup that was removed': ['0::/job/7 (deleted)\n', v2('/job/7 (deleted)')],
  'colons in the path, as of containerd without systemd': [
    '0::/system.slice:cri-containerd:34dc0b5e\n',
    v2('/system.slice:cri-containerd:34dc0b5e'),
  ],
  'blanks in the path': ['0::/my jobs/a  b \n', v2('/my jobs/a  b ')],
  'a name in another script': ['0::/задание/作業\n', v2('/задание/作業')],
  'a carriage return, which is part of the name': ['0::/job\r\n', v2('/job\r')],
  'a NUL, which no name has': ['0::/jo\0b\n', v2('/jo\0b')],
  'v1 apart and mounted together, named hierarchies, v2': [
    '12:name=systemd:/init.scope\n5:cpu,cpuacct:/docker/34dc\n4:memory:/docker/34dc\n1:name=my_own:/\n0::/init.scope\n',
    [
      { controllers: ['name=systemd'], path: '/init.scope' },
      { controllers: ['cpu', 'cpuacct'], path: '/docker/34dc' },
      { controllers: ['memory'], path: '/docker/34dc' },
      { controllers: ['name=my_own'], path: '/' },
      { controllers: [], path: '/init.scope' },
    ],
  ],
});

refuses(parseProcCgroup, {
  'an empty line': '0::/\n\n',
  'a line without a newline': '5:cpu:/docker\n0::/docker/34',
  'a line that was cut off before the path': '0:\n',
  'no path': '0::\n',
  'a path that does not begin at the root': '0::docker\n',
  'no number': '::/\n',
  'a word for a number': 'x::/\n',
  'a NUL before the number': '\x000::/\n',
  'something else altogether': 'cpu  1 2 3 4\n',
});
