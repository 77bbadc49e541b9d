import type { Raised } from './fingerprint.ts';
import { parsePythonFrame } from './frames.ts';
import type { Frame } from './model.ts';
import type { Read } from './node-stack.ts';

const MAX_FRAMES = 50;
const MAX_CAUSES = 8;
const MAX_RAW = 8192;
const FOREIGN = 3;
const START = 'Traceback (most recent call last):';

/** Reads Python tracebacks (https://docs.python.org/3/library/traceback.html) out of lines, chained ones as causes. */
export function pythonTracebackReader(
  appRoot: string,
  onError: (error: Read) => void,
): { line(text: string, at: number): boolean; flush(): void } {
  let done: Raised[] = [];
  let frames: Frame[] | null = null;
  let indent = 0;
  let foreign = 0;
  let raw = '';
  let startedAt = 0;

  /** True when the line was part of a traceback. */
  function line(printed: string, at: number): boolean {
    // Exception groups (PEP 654) draw a margin before each line.
    const text = printed.replace(/^\s*(?:\| |\+-+(?:[ +]|$)|\+ (?=Exception Group))/, '');
    const start = text.indexOf(START);
    if (start !== -1) {
      if (frames === null && done.length === 0) startedAt = at;
      frames = [];
      indent = text.slice(0, start).trim() === '' ? start : 0;
      keep(text);
      return true;
    }
    if (frames !== null) return inside(frames, text);
    if (done.length === 0) return false;
    if (/^\s*(?:During handling of the above|The above exception was the direct cause)/.test(text))
      foreign = -2;
    else if (text.trim() !== '' && ++foreign > FOREIGN) flush();
    return text.trim() === '' || foreign < 0;
  }

  function inside(current: Frame[], text: string): boolean {
    keep(text);
    const frame = parsePythonFrame(text, appRoot);
    if (frame !== null) {
      // Printed outermost first; of an endless one the innermost count.
      current.push(frame);
      if (current.length > MAX_FRAMES) current.shift();
      return true;
    }
    const depth = text.length - text.trimStart().length;
    if (text.trim() === '' || depth > indent) return true;
    frames = null;
    foreign = 0;
    const found = /^\s*([A-Za-z_][\w.]*)(?:: (.*))?$/.exec(text);
    if (found === null) return false;
    done.push({ type: found[1]!, message: (found[2] ?? '').slice(0, 2000), frames: current.reverse() });
    if (done.length > MAX_CAUSES + 1) done.shift();
    return true;
  }

  function flush(): void {
    const [error, ...causes] = done.reverse();
    done = [];
    frames = null;
    if (error !== undefined) {
      onError({
        ...error,
        frames: [...error.frames],
        causes,
        at: startedAt,
        raw,
        fatal: false,
        fromPromise: false,
      });
    }
    raw = '';
  }

  function keep(text: string): void {
    if (raw.length + text.length < MAX_RAW) raw += raw === '' ? text : `\n${text}`;
  }

  return { line, flush };
}
