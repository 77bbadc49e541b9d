import { SourceTree } from '../../locate/tree.ts';
import type { ErrorEvent, Frame } from '../../../../incident/model.ts';
import type { Exchange } from '../../../../protocol/port.ts';
import type { Json } from '../../../../lib/json.ts';
import type { Candidate, FixContext } from '../port.ts';
import { proposeIn } from './engine.ts';

/** A small app with an error in it, for tests. Frames are given as the text that stands at their position. */
export interface Case {
  files: Record<string, string>;
  error: string;
  type?: string;
  detector?: ErrorEvent['detector'];
  raw?: string;
  /** `file` and the text at the frame's column: `['app.js', 'percent']`; a `|` in it marks the column. Innermost first. */
  frames?: [file: string, at: string][];
  request?: { method: string; target: string; body?: string };
  /** Answers of calls of the failing request. */
  calls?: { protocol: string; response: Json }[];
  suspect?: FixContext['suspect'];
}

/** A case with what must be among the first `within` candidates: the transformation, and a text that it adds. */
export interface Expectation extends Case {
  expect: [by: string, adds: string][];
  within?: number;
}

export function contextOf(test: Case): FixContext {
  const frames: Frame[] = (test.frames ?? []).map(([file, at]) => frameAt(test.files, file, at));
  const error: ErrorEvent = {
    detector: test.detector ?? 'stack',
    type: test.type ?? 'TypeError',
    message: test.error,
    frames,
    causes: [],
    at: 0,
    raw: test.raw ?? test.error,
    fingerprint: 'f',
  };
  const exchanges: Exchange[] = [];
  const exchange = (
    id: string,
    direction: Exchange['direction'],
    protocol: string,
    request: Json,
    response: Json,
    summary: string,
  ): void => {
    exchanges.push({
      version: 1,
      id,
      connection: id,
      protocol,
      direction,
      destination: { host: '127.0.0.1', port: 1 },
      startedAt: 0,
      endedAt: 1,
      request,
      response,
      summary,
      complete: true,
      incomplete: null,
    });
  };
  if (test.request !== undefined) {
    const { method, target, body } = test.request;
    exchange(
      'in.0',
      'inbound',
      'http1',
      { method, target, headers: [], body: body === undefined ? null : { text: body } },
      { status: 500, headers: [], body: null },
      `${method} ${target}`,
    );
  }
  for (const [i, call] of (test.calls ?? []).entries())
    exchange(`out.${i}`, 'outbound', call.protocol, {}, call.response, 'call');
  return {
    incident: { id: 'i', app: 'app', title: test.error },
    error,
    slice: {
      version: 1,
      app: 'app',
      release: 'r',
      deployment: 'd',
      failing: test.request === undefined ? null : 'in.0',
      confidence: 1,
      confidenceWhy: [],
      exchanges,
      callsOf: { 'in.0': (test.calls ?? []).map((_, i) => `out.${i}`) },
      shared: [],
      refused: [],
      startup: [],
      facts: {},
      undecoded: {},
      history: null,
      lostBytes: 0,
    },
    tree: '/nowhere',
    suspect: test.suspect ?? null,
    feedback: [],
    budget: { usd: 0, deadlineMs: 1000 },
    signal: new AbortController().signal,
  };
}

function frameAt(files: Record<string, string>, file: string, at: string): Frame {
  const text = files[file];
  const needle = at.replace('|', '');
  const index = text?.indexOf(needle) ?? -1;
  if (text === undefined || index < 0) throw new Error(`no "${needle}" in ${file}`);
  const offset = index + Math.max(0, at.indexOf('|'));
  const lines = text.slice(0, offset).split('\n');
  return { function: null, file, line: lines.length, column: lines.at(-1)!.length + 1, inApp: true };
}

export function candidatesFor(test: Case): Candidate[] {
  return proposeIn(contextOf(test), new SourceTree(test.files));
}

/** The lines that a candidate adds, trimmed, as one text. */
export function added(test: Case, candidate: Candidate): string {
  const lines: string[] = [];
  for (const [file, text] of Object.entries(candidate.changes)) {
    const before = new Set(test.files[file]?.split('\n').map((line) => line.trim()));
    for (const line of (text ?? '').split('\n')) if (!before.has(line.trim())) lines.push(line.trim());
  }
  return lines.join('\n');
}
