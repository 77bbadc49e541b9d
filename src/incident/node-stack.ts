import type { Raised } from './fingerprint.ts';
import { parseNodeFrame } from './frames.ts';
import { beginsAnother, boxedHeadline, findHeadline } from './headline.ts';
import type { Frame } from './model.ts';

/** An error as it was read from text, before it has a fingerprint. */
export interface Read extends Raised {
  causes: Raised[];
  frames: Frame[];
  at: number;
  raw: string;
  /** The runtime printed it as its last words. */
  fatal: boolean;
  fromPromise: boolean;
}

const MAX_FRAMES = 50;
const MAX_CAUSES = 8;
const MAX_MESSAGE = 2000;
const MAX_RAW = 8192;
/** Lines of somebody else that may come between two lines of one stack. */
const FOREIGN = 3;
const MAX_BLOCK_LINES = 400;
const KEPT = 48;

interface Open extends Read {
  /** The error that frames are added to: itself or its last cause. */
  target: { frames: Frame[] };
  indent: number;
  /** Inside the `{ … }` that is printed after the frames of an error with members. */
  block: boolean;
  blockLines: number;
  /** That block has ended. */
  closed: boolean;
  foreign: number;
  /** A notice: read to its end and dropped. */
  dropped: boolean;
  /** Lines since the last frame. */
  pending: string[];
}

/**
 * Reads V8 stacks out of lines, in bounded memory. An error comes out when its end is seen, which is up to three lines
 * after its last one, since other output may come between its lines; or with `flush`.
 */
export function nodeStackReader(
  appRoot: string,
  onError: (error: Read) => void,
): { line(text: string, at: number): void; flush(): void; readonly open: boolean } {
  let recent: string[] = [];
  let open: Open | null = null;

  function line(text: string, at: number): void {
    const frame = parseNodeFrame(text, appRoot);
    if (frame !== null) return onFrame(frame, text, at);
    const boxed = open?.block === true ? null : boxedHeadline(text);
    if (boxed !== null) {
      end();
      remember(text);
      open = { ...begin(at), ...boxed, block: true, dropped: false };
    } else if (open !== null) onOther(open, text);
    else remember(text);
  }

  function onFrame(frame: Frame, text: string, at: number): void {
    if (open !== null && open.pending.some((other) => other.trim() !== '')) continueOrEnd(open);
    open ??= begin(at);
    open.pending = [];
    open.foreign = 0;
    if (open.target.frames.length < MAX_FRAMES) open.target.frames.push(frame);
    addRaw(open, text);
    if (text.endsWith('{')) open.block = true;
  }

  /** Lines came between two frames: a cause begins, another error begins, or they were somebody else's. */
  function continueOrEnd(error: Open): void {
    // After the closing bracket nothing more belongs to it.
    if (error.closed) return end();
    const lines = error.pending;
    if (error.block || lines.some(isCauseLine)) {
      const found = findHeadline(lines.map((one) => one.replace(/^\s*(?:\[cause\]|caused by): /i, '')));
      if (found === null) return;
      const cause = { type: found.type, message: found.message.slice(0, MAX_MESSAGE), frames: [] as Frame[] };
      if (error.causes.length < MAX_CAUSES) error.causes.push(cause);
      error.target = cause;
      for (const one of lines) addRaw(error, one);
      return;
    }
    if (lines.some(beginsAnother)) end();
  }

  function onOther(error: Open, text: string): void {
    if (/^\s*\.\.\. \d+ lines matching /.test(text)) return;
    if (error.block) {
      addRaw(error, text);
      if (/^\s*[}\]]/.test(text) && indentOf(text) <= error.indent) {
        error.block = false;
        error.closed = true;
        error.pending = [];
      } else {
        push(error.pending, text);
        if (++error.blockLines > MAX_BLOCK_LINES) end();
      }
      return;
    }
    if (/^Node\.js v\d/.test(text)) {
      error.fatal = true;
      return end();
    }
    push(error.pending, text);
    if (isCauseLine(text)) error.foreign = -KEPT;
    if (++error.foreign > FOREIGN) end();
  }

  function begin(at: number): Open {
    const lines = recent;
    recent = [];
    const found = findHeadline(lines);
    const head = found === null ? [] : lines.slice(found.index);
    const before = lines.slice(0, found?.index ?? 0);
    const frames: Frame[] = [];
    const error: Open = {
      type: found?.type ?? '',
      message: (found?.message ?? '').slice(0, MAX_MESSAGE),
      frames,
      causes: [],
      at,
      raw: '',
      fatal: before.slice(-4).some((one) => /^\s*\^+\s*$/.test(one)),
      fromPromise: [...before, ...head].some(isPromiseNotice),
      target: { frames },
      indent: indentOf(head[0] ?? ''),
      block: false,
      blockLines: 0,
      closed: false,
      foreign: 0,
      dropped: found === null,
      pending: [],
    };
    for (const one of head) addRaw(error, one);
    return error;
  }

  function end(): void {
    if (open === null) return;
    const {
      target: _t,
      indent: _i,
      block: _b,
      blockLines: _l,
      foreign: _f,
      dropped,
      pending,
      ...error
    } = open;
    open = null;
    for (const text of pending) remember(text);
    if (!dropped) onError(error);
  }

  function remember(text: string): void {
    push(recent, text);
  }

  return {
    line,
    flush: end,
    get open() {
      return open !== null;
    },
  };
}

function push(lines: string[], text: string): void {
  lines.push(text);
  if (lines.length > KEPT) lines.shift();
}

function addRaw(error: Open, text: string): void {
  if (error.raw.length + text.length < MAX_RAW) error.raw += error.raw === '' ? text : `\n${text}`;
}

function isCauseLine(text: string): boolean {
  return /^\s*(?:\[cause\]|caused by): /i.test(text);
}

function isPromiseNotice(text: string): boolean {
  return /triggerUncaughtException\(err, true|UnhandledPromiseRejection|unhandled ?rejection/i.test(text);
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}
