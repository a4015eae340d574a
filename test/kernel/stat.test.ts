import { parseStat, parseStatByCpu } from '../../instrumentation/kernel/stat.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseStat, {
  'Linux 6': [
    `\
cpu  86547 327 24321 291456 1689 0 256 267 0 0
cpu0 41875 164 11438 148684 135 0 43 122 0 0
cpu1 44672 163 12883 142771 1553 0 213 145 0 0
intr 1234 0 9 0
ctxt 5198
btime 1795257422
`,
    {
      time: {
        user: 865.47,
        nice: 3.27,
        system: 243.21,
        idle: 2914.56,
        iowait: 16.89,
        interrupt: 2.56,
        steal: 2.67,
      },
      count: 2,
      switches: 5198,
    },
  ],
  'Linux 2.4: four columns': [
    'cpu  100 200 300 400\ncpu0 100 200 300 400\npage 1 2\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4 }, count: 1 },
  ],
  'Linux 2.5.41: no interrupts': [
    'cpu  100 200 300 400 500\ncpu0 100 200 300 400 500\nintr 0\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4, iowait: 5 }, count: 1 },
  ],
  'Linux 2.6.0: no time stolen': [
    'cpu  100 200 300 400 500 600 700\ncpu0 100 200 300 400 500 600 700\nintr 0\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4, iowait: 5, interrupt: 13 }, count: 1 },
  ],
  'Linux 2.6.18: eight columns': [
    'cpu  100 200 300 400 500 600 700 800\ncpu0 100 200 300 400 500 600 700 800\nintr 0\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4, iowait: 5, interrupt: 13, steal: 8 }, count: 1 },
  ],
  'six columns, where interrupts are incomplete': [
    'cpu  100 200 300 400 500 600\ncpu0 100 200 300 400 500 600\nintr 0\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4, iowait: 5 }, count: 1 },
  ],
  'columns of a kernel to come': [
    'cpu  100 200 300 400 500 600 700 800 900 1000 1100 1200\ncpu0 1 2 3 4\nintr 0\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4, iowait: 5, interrupt: 13, steal: 8 }, count: 1 },
  ],
  'lxcfs, which writes three blanks and numbers the CPUs of the container anew': [
    'cpu   100 0 300 400 0 0 0 0 0 0\ncpu0 50 0 100 200 0 0 0 0 0 0\ncpu1 50 0 200 200 0 0 0 0 0 0\nintr 0\n',
    { time: { user: 1, nice: 0, system: 3, idle: 4, iowait: 0, interrupt: 0, steal: 0 }, count: 2 },
  ],
  'CPUs that are offline in between': [
    'cpu  100 200 300 400\ncpu0 1 2 3 4\ncpu3 1 2 3 4\ncpu17 1 2 3 4\nintr 0\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4 }, count: 3 },
  ],
  '256 CPUs': [
    `cpu  25600 0 0 51200\n${Array.from({ length: 256 }, (_, i) => `cpu${i} 100 0 0 200\n`).join('')}intr 0\n`,
    { time: { user: 256, nice: 0, system: 0, idle: 512 }, count: 256 },
  ],
  '64-bit extremes': [
    'cpu  18446744073709551615 0 0 0\ncpu0 18446744073709551615 0 0 0\nintr 0\n',
    { time: { user: 2 ** 64 / 100, nice: 0, system: 0, idle: 0 }, count: 1 },
  ],
  'anything at all below the CPUs': [
    'cpu  100 200 300 400\ncpu0 1 2 3 4\n\0\xFF -1\r\ncpu1 1 2 3 4\n',
    { time: { user: 1, nice: 2, system: 3, idle: 4 }, count: 1 },
  ],
});

parses(parseStat, {
  'the lines ctxt and processes, and none that only begin like them': [
    'cpu  1 2 3 4\ncpu0 1 2 3 4\nctxtx 1\nctxt 27461991\nprocs 2\nprocesses_x 3\nprocesses 174018\nprocs_running 2\n',
    { time: { user: 0.01, nice: 0.02, system: 0.03, idle: 0.04 }, count: 1, switches: 27_461_991, created: 174_018 },
  ],
  'an end in the number of context switches: it may have lost digits': [
    'cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 0\nctxt 2746',
    { time: { user: 0.01, nice: 0.02, system: 0.03, idle: 0.04 }, count: 1 },
  ],
});

parses(parseStatByCpu, {
  'each CPU by its number': [
    'cpu  100 200 300 400\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu17 10 20 30 40\nintr 0\nctxt 7\n',
    {
      time: { user: 1, nice: 2, system: 3, idle: 4 },
      count: 2,
      cpus: [
        {
          number: 0,
          time: { user: 0.01, nice: 0.02, system: 0.03, idle: 0.04, iowait: 0.05, interrupt: 0.13, steal: 0.08 },
        },
        { number: 17, time: { user: 0.1, nice: 0.2, system: 0.3, idle: 0.4 } },
      ],
      switches: 7,
    },
  ],
});

refuses(parseStatByCpu, {
  'a CPU without times': 'cpu  1 2 3 4\ncpu0 \nintr 0\n',
  'a CPU with three columns': 'cpu  1 2 3 4\ncpu0 1 2 3\nintr 0\n',
  'a word for the time of a CPU': 'cpu  1 2 3 4\ncpu0 1 2 three 4\nintr 0\n',
  'a word in a column of a kernel to come': 'cpu  1 2 3 4\ncpu0 1 2 3 4 5 6 7 8 9 10 x\nintr 0\n',
  'an end in the line of a CPU': 'cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2 3 4',
});

refuses(parseStat, {
  nothing: '',
  'no cpu lines': 'intr 0\nctxt 5198\n',
  'a single CPU first': 'cpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 0\n',
  'no line for each CPU': 'cpu  1 2 3 4\nintr 0\n',
  'an end after the first line': 'cpu  1 2 3 4\n',
  'an end where more CPUs may follow': 'cpu  1 2 3 4\ncpu0 1 2 3 4\n',
  'an end in the name of the next CPU': 'cpu  1 2 3 4\ncpu0 1 2 3 4\ncp',
  'an end in the line of a CPU': 'cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2',
  'an end in the line after the CPUs': 'cpu  1 2 3 4\ncpu0 1 2 3 4\nint',
  'three columns': 'cpu  1 2 3\ncpu0 1 2 3\nintr 0\n',
  'no columns': 'cpu \ncpu0 1 2 3 4\nintr 0\n',
  'a negative time': 'cpu  1 2 3 -4\ncpu0 1 2 3 4\nintr 0\n',
  'a word for a time': 'cpu  1 2 three 4\ncpu0 1 2 3 4\nintr 0\n',
  'a fraction': 'cpu  1 2 3 4.5\ncpu0 1 2 3 4\nintr 0\n',
  'CRLF after the times': 'cpu  1 2 3 4\r\ncpu0 1 2 3 4\r\nintr 0\r\n',
  'a NUL among the times': 'cpu  1 2 3\x004\ncpu0 1 2 3 4\nintr 0\n',
  'more than 64 bits': 'cpu  1 2 3 99999999999999999999\ncpu0 1 2 3 4\nintr 0\n',
  'a CPU without a number': 'cpu  1 2 3 4\ncpu0 1 2 3 4\ncpux 1 2 3 4\nintr 0\n',
  'the first line again': 'cpu  1 2 3 4\ncpu  1 2 3 4\ncpu0 1 2 3 4\nintr 0\n',
  'a CPU without times': 'cpu  1 2 3 4\ncpu0\nintr 0\n',
  'a word for the context switches': 'cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 0\nctxt many\n',
  'two numbers of processes': 'cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 0\nprocesses 1 2\n',
});
