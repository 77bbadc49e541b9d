import { fingerprintOf } from './fingerprint.ts';
import { strictHeadline } from './headline.ts';
import { stacksInLine, type CarriedStack } from './log-line.ts';
import type { ErrorEvent, Frame } from './model.ts';
import { nodeStackReader, type Read } from './node-stack.ts';
import { pythonTracebackReader } from './python-traceback.ts';

export interface Detector {
  /**
   * One line of output, `at` in microseconds. An error comes out when its end was seen, up to three lines later: call
   * `flush` when the output has been quiet for a moment.
   */
  line(stream: 'stdout' | 'stderr', text: string, at: number): ErrorEvent[];
  /** The process ended without being asked to. Nothing when an error that it printed last explains it. */
  exit(exit: { code: number | null; signal: string | null; outOfMemory: boolean }, at: number): ErrorEvent[];
  /** Ends what is under way. */
  flush(at: number): ErrorEvent[];
}

export interface DetectorOptions {
  /** Where the program sees its own tree. */
  appRoot?: string;
}

/** Structured logs hold their stack within this; plain lines are cut further by the readers. */
const MAX_LINE = 256 * 1024;
const MAX_PLAIN_LINE = 2000;
/** An error printed so shortly before the end is what ended the process. Microseconds. */
const LAST_WORDS = 1_000_000;
const LAST_LINES = 20;

/** Finds errors in the output of one process, line by line. Memory is bounded whatever is printed. */
export function createDetector(options: DetectorOptions = {}): Detector {
  const appRoot = options.appRoot ?? '/app';
  let events: ErrorEvent[] = [];
  let lastError: ErrorEvent | null = null;
  let last: string[] = [];
  const emit = (read: Read): void => {
    lastError = toEvent(read);
    events.push(lastError);
  };
  const streams = { stdout: textReader(appRoot, emit), stderr: textReader(appRoot, emit) };
  const take = (): ErrorEvent[] => {
    const taken = events;
    events = [];
    return taken;
  };

  return {
    line(stream, text, at) {
      const cut = text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text;
      const carried = stacksInLine(cut);
      const plain = cut.slice(0, MAX_PLAIN_LINE);
      if (carried.length > 0) {
        for (const read of readCarried(carried, appRoot, at, plain)) emit(read);
        return take();
      }
      last.push(plain);
      if (last.length > LAST_LINES) last.shift();
      streams[stream].line(clean(plain), at);
      return take();
    },
    flush() {
      streams.stdout.flush();
      streams.stderr.flush();
      return take();
    },
    exit(exit, at) {
      streams.stdout.flush();
      streams.stderr.flush();
      const explained = lastError !== null && at - lastError.at <= LAST_WORDS && !exit.outOfMemory;
      const asked = exit.code === 0 || exit.signal === 'SIGTERM' || exit.signal === 'SIGINT';
      if (!explained && (!asked || exit.outOfMemory)) events.push(exitEvent(exit, last, appRoot, at));
      last = [];
      return take();
    },
  };
}

interface TextReader {
  line(text: string, at: number): void;
  flush(): void;
}

function textReader(appRoot: string, onError: (read: Read) => void): TextReader {
  const node = nodeStackReader(appRoot, onError);
  const python = pythonTracebackReader(appRoot, onError);
  return {
    line(text, at) {
      if (!python.line(text, at)) node.line(text, at);
    },
    flush() {
      node.flush();
      python.flush();
    },
  };
}

/** The errors of one structured line: the first of a chain is the error, the nested ones its causes. */
function readCarried(carried: readonly CarriedStack[], appRoot: string, at: number, raw: string): Read[] {
  const found: Read[] = [];
  for (const { text, nested } of carried) {
    const own: Read[] = [];
    const reader = textReader(appRoot, (read) => own.push(read));
    for (const line of text.split('\n').slice(0, 500)) reader.line(clean(line.slice(0, MAX_PLAIN_LINE)), at);
    reader.flush();
    const outer = found.at(-1);
    if (nested && outer !== undefined) {
      outer.causes.push(...own.map(({ type, message, frames }) => ({ type, message, frames })));
    } else {
      found.push(...own.map((read) => ({ ...read, raw: read.raw === '' ? raw : read.raw })));
    }
  }
  return found;
}

function toEvent(read: Read): ErrorEvent {
  const detector = read.fromPromise ? 'unhandled-rejection' : read.fatal ? 'crash' : 'stack';
  return {
    detector,
    type: read.type,
    message: read.message,
    frames: [...read.frames],
    causes: read.causes.map((cause) => ({ ...cause, frames: [...cause.frames] })),
    at: read.at,
    raw: read.raw,
    fingerprint: fingerprintOf(read),
  };
}

/** The end of a process that printed no stack, told by its last lines where they say more than the status. */
function exitEvent(
  exit: { code: number | null; signal: string | null; outOfMemory: boolean },
  last: readonly string[],
  appRoot: string,
  at: number,
): ErrorEvent {
  const said = lastWords(last, appRoot);
  const status = exit.signal === null ? `exited with status ${exit.code}` : `killed by ${exit.signal}`;
  const memory = exit.outOfMemory || last.some((line) => line.includes('JavaScript heap out of memory'));
  const error = memory
    ? {
        type: 'OutOfMemory',
        message: exit.outOfMemory ? 'memory limit reached' : 'JavaScript heap out of memory',
        frames: [],
      }
    : { type: said.type ?? 'Exit', message: said.message ?? status, frames: said.frames };
  return {
    detector: said.promise ? 'unhandled-rejection' : 'crash',
    ...error,
    causes: [],
    at,
    raw: [...last, status].join('\n').slice(-8192),
    fingerprint: fingerprintOf(error),
  };
}

interface LastWords {
  type: string | null;
  message: string | null;
  frames: Frame[];
  promise: boolean;
}

/** A thrown value that is no Error has no stack; Node prints where (`file:line` above a caret) and what. */
function lastWords(last: readonly string[], appRoot: string): LastWords {
  const said: LastWords = { type: null, message: null, frames: [], promise: false };
  for (const [index, line] of last.entries()) {
    if (index < last.length - 8) continue;
    const rejected = /^\[?(?:Error \[ERR_)?UNHANDLED_?PROMISE_?REJECTION\b[^:]*: (.*?)\]?(?: \{)?$/i.exec(
      line,
    );
    if (rejected !== null)
      Object.assign(said, { type: 'UnhandledPromiseRejection', message: rejected[1], promise: true });
    const headline = strictHeadline(line);
    if (rejected === null && headline !== null) Object.assign(said, headline);
    const caret = /^\s*\^+\s*$/.test(line);
    const thrown = caret ? last.slice(index + 1).find((one) => one.trim() !== '') : undefined;
    if (thrown !== undefined) Object.assign(said, { type: 'Uncaught', message: thrown.trim() });
    const place = caret ? /^(?:file:\/\/)?(\/.+):(\d+)$/.exec(last[index - 2] ?? '') : null;
    const root = appRoot.endsWith('/') ? appRoot : `${appRoot}/`;
    if (place !== null && place[1]!.startsWith(root)) {
      const file = place[1]!.slice(root.length);
      said.frames = [
        {
          function: null,
          file,
          line: Number(place[2]),
          column: null,
          inApp: !file.includes('node_modules/'),
        },
      ];
    }
  }
  return said;
}

/** Without colours, and without the quotes of a text that `util.inspect` broke into lines. */
function clean(line: string): string {
  const plain = line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
  const quoted = /^(\s*(?:\[?\w+\]?: )?)(['"`])(.*?)(?:\\n)?\2(?: \+|,)?$/.exec(plain);
  if (quoted === null || !/^\s+at |Error|Exception/.test(quoted[3]!)) return plain;
  return `${quoted[1]!}${quoted[3]!}`;
}
