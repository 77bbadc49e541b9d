/** What the recording benchmark found, as JSON and as lines to read. */

/** One quantity without and with the tap. */
export interface Spread {
  off: number;
  on: number;
  /** Median of the ratios on : off of neighbouring runs, and the quartiles around it. */
  ratio: number;
  quartiles: [number, number];
  /** By what factor neighbouring runs differ that are both without the tap: the noise. */
  offAgainstOff: { median: number; worst: number };
}

export interface Result {
  version: 2;
  quick: boolean;
  machine: { cores: number; kernel: string; node: string };
  highestPerSecond: number;
  half: {
    perSecond: number;
    pairs: number;
    requestsPerRun: number;
    /** Microseconds. */
    p50: Spread;
    p99: Spread;
    /** Microseconds of processor time for a request, in the app's cgroup: what the kernel's programs cost is in it. */
    appCpu: Spread;
    lostBytes: number;
    recorderCores: number;
  };
  recorder: {
    /** `shop`, or `little` when the shop cannot do the rate here. */
    subject: string;
    asked: number;
    perSecond: number;
    cores: number;
    appCoresMore: number;
    eventsPerRequest: number;
    bytesPerRequest: number;
    lostBytes: number;
    /** Bytes resident: its own, and what it shares: the ring with the kernel (64 MiB), node's program with every other. */
    memory: { own: number; shared: number };
  };
  saturated: { throughput: Spread; recordedBytes: number; lostBytes: number; recorderCores: number };
}

const BARS = { p50: 1.05, p99: 1.15, lostBytes: 0, cores: 0.25, rate: 2000 };

/** Lines of text, and whether every bar is met that this run can tell anything about. */
export function table(result: Result): { text: string; met: boolean } {
  const { half, recorder, saturated, machine } = result;
  let met = true;
  const verdict = (value: number, bar: number, noise = 0): string => {
    if (noise > bar) return `≤ ${bar}: cannot be told, the noise is larger`;
    if (value <= bar) return `≤ ${bar}: met`;
    met = false;
    return `≤ ${bar}: NOT MET`;
  };
  const row = (what: string, off: string, on: string, ratio: string, noise: string, bar = ''): string =>
    `${what.padEnd(44)}${off.padStart(9)}${on.padStart(9)}${ratio.padStart(9)}${noise.padStart(17)}   ${bar}`.trimEnd();
  const compared = (what: string, found: Spread, digits: number, bar?: number): string => {
    const { off, on, ratio, offAgainstOff: noise } = found;
    const apart = `${noise.median.toFixed(3)} … ${noise.worst.toFixed(3)}`;
    const said = bar === undefined ? '' : verdict(ratio, bar, noise.median);
    return row(what, off.toFixed(digits), on.toFixed(digits), ratio.toFixed(3), apart, said);
  };
  const single = (what: string, value: string, bar = ''): string => row(what, '', value, '', '', bar);
  const rate = recorder.asked === BARS.rate ? '' : `; ${BARS.rate}/s cannot be had on this machine`;
  const lines = [
    `${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}; the shop does ${result.highestPerSecond.toFixed(0)} requests/s`,
    ...(result.quick ? ['QUICK: too short to mean anything'] : []),
    row('', 'off', 'on', 'ratio', 'off : off'),
    `at ${half.perSecond}/s, ${half.pairs} pairs of runs of ${half.requestsPerRun.toFixed(0)} requests`,
    compared('  p50 µs', half.p50, 0, BARS.p50),
    compared('  p99 µs', half.p99, 0, BARS.p99),
    compared('  processor time of the app for a request, µs', half.appCpu, 0),
    single('  lost bytes', String(half.lostBytes), verdict(half.lostBytes, BARS.lostBytes)),
    single('  recorder, cores', half.recorderCores.toFixed(3)),
    `at ${recorder.asked}/s (${recorder.subject === 'shop' ? 'the shop' : `${recorder.subject}: the shop is too slow for it here`}${rate})`,
    single('  recorder, cores', recorder.cores.toFixed(3), verdict(recorder.cores, BARS.cores)),
    single('  and in the app', recorder.appCoresMore.toFixed(3)),
    single('  events for a request', recorder.eventsPerRequest.toFixed(1)),
    single('  bytes for a request', recorder.bytesPerRequest.toFixed(0)),
    single('  recorder, resident MB of its own', (recorder.memory.own / 1e6).toFixed(0)),
    single('  and shared: the ring, the program', (recorder.memory.shared / 1e6).toFixed(0)),
    'saturated',
    compared('  requests/s', saturated.throughput, 0),
    single('  recorded MB', (saturated.recordedBytes / 1e6).toFixed(1)),
    single('  lost bytes, each counted', String(saturated.lostBytes)),
    single('  recorder, cores', saturated.recorderCores.toFixed(3)),
  ];
  return { text: lines.join('\n'), met };
}
