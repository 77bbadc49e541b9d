import { useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Exchange } from '../../../src/protocol/port.ts';
import type { Slice } from '../../../src/record/model.ts';
import { ExchangeMessages } from '../exchange/message.tsx';
import { outcomeOf, statusOf } from '../exchange/read.ts';
import { took } from '../lib/time.ts';
import { useWidth } from '../lib/use-width.ts';
import { lanesOf, timeScale, type Scale } from './scale.ts';

const ROW = 30;
/** Room above the bars for the failing moment and, below it, the axis. */
const TOP = 42;
const MAX_CALLS = 60;
const MAX_OTHERS = 600;
const STARTUP_LANES = 6;
/** Below this there is no room for names beside the bars: they stand above them. */
const NARROW = 620;

/** The recording around one failure: its request and the calls that this made, over time. */
export function SliceTimeline({
  slice,
  failedAt,
  errorType,
}: {
  slice: Slice;
  /** When the error was printed, microseconds. */
  failedAt: number | null;
  errorType: string;
}): ReactNode {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [shown, setShown] = useState<Exchange>();
  const [pinned, setPinned] = useState<Exchange>();
  const byId = new Map(slice.exchanges.map((exchange) => [exchange.id, exchange]));
  const failing = slice.failing === null ? undefined : byId.get(slice.failing);
  const startup = pick(slice.startup, byId);
  const others = slice.exchanges.filter(({ direction }) => direction === 'inbound');
  const choose: Choose = {
    show: setShown,
    pin: (one) => setPinned((now) => (now === one ? undefined : one)),
    pinned,
  };
  const told = shown ?? pinned;
  return (
    <div ref={ref} className="min-w-0">
      {width > 0 && (
        <>
          {others.length > 1 && <Requests slice={slice} others={others} width={width} choose={choose} />}
          {failing && (
            <FailingRequest
              failing={failing}
              calls={pick(slice.callsOf[failing.id] ?? [], byId)}
              shared={new Set(slice.shared)}
              width={width}
              failedAt={failedAt}
              errorType={errorType}
              choose={choose}
            />
          )}
          {startup.length > 0 && <Startup calls={startup} width={width} choose={choose} />}
        </>
      )}
      <p aria-live="polite" className="wrap-any mt-2 min-h-11 border-t border-line pt-2 text-sm text-soft">
        {told ? describe(told) : 'Point at a bar, or move to it with Tab, to see what it is; Enter opens it.'}
      </p>
      {pinned && (
        <div className="mt-2 rounded-md border border-line p-3">
          <ExchangeMessages exchange={pinned} />
        </div>
      )}
    </div>
  );
}

interface Choose {
  show: (exchange: Exchange | undefined) => void;
  pin: (exchange: Exchange) => void;
  pinned: Exchange | undefined;
}

/** All recorded requests of the slice on one line, the one that failed among them. */
function Requests({
  slice,
  others,
  width,
  choose,
}: {
  slice: Slice;
  others: readonly Exchange[];
  width: number;
  choose: Choose;
}): ReactNode {
  const from = others[0]!.startedAt;
  const to = Math.max(...others.map(endOf));
  const scale = timeScale({ from, to, zero: from }, 6, width - 12);
  const failing = others.find(({ id }) => id === slice.failing);
  const drawn = others.slice(0, MAX_OTHERS).filter((one) => one !== failing);
  return (
    <figure className="mb-4">
      <figcaption className="mb-1 text-xs font-semibold tracking-wide text-faint uppercase">
        {others.length} recorded requests · the one that failed is marked
      </figcaption>
      <svg width={width} height={44} role="group" aria-label="Recorded requests over time" className="block">
        <line x1={0} x2={width} y1={26} y2={26} className="stroke-line-strong" />
        {drawn.map((one) => {
          const status = statusOf(one.response);
          const bad = status === null || status >= 500;
          const x = scale.place(one.startedAt);
          return (
            <rect
              key={one.id}
              x={x}
              y={bad ? 14 : 18}
              width={Math.max(3, scale.place(endOf(one)) - x)}
              height={bad ? 24 : 16}
              rx={1}
              className={`${bad ? 'fill-bad' : 'fill-info'} opacity-55 hover:opacity-100`}
              onMouseEnter={() => choose.show(one)}
              onMouseLeave={() => choose.show(undefined)}
            />
          );
        })}
        {failing && <Marker x={scale.place(failing.startedAt)} top={2} bottom={40} />}
      </svg>
    </figure>
  );
}

function Marker({ x, top, bottom }: { x: number; top: number; bottom: number }): ReactNode {
  return (
    <g className="pointer-events-none">
      <line x1={x} x2={x} y1={top} y2={bottom} className="stroke-bad" strokeWidth={2} />
      <path d={`M${x - 6} ${top}h12l-6 8z`} className="fill-bad" />
    </g>
  );
}

function FailingRequest({
  failing,
  calls,
  shared,
  width,
  failedAt,
  errorType,
  choose,
}: {
  failing: Exchange;
  calls: readonly Exchange[];
  shared: ReadonlySet<string>;
  width: number;
  failedAt: number | null;
  errorType: string;
  choose: Choose;
}): ReactNode {
  const drawn = [failing, ...calls.slice(0, MAX_CALLS)];
  const zero = failing.startedAt;
  const last = Math.max(...drawn.map(endOf));
  const from = Math.min(...drawn.map(({ startedAt }) => startedAt));
  // An error that is printed soon after the answer is marked where it was, a later one at the edge.
  const soon = failedAt !== null && failedAt < last + (last - from) * 0.5 ? failedAt : last;
  const to = Math.max(last, soon) + (last - from) * 0.02;
  const narrow = width < NARROW;
  const row = narrow ? ROW + 14 : ROW;
  const left = narrow ? 4 : Math.min(380, Math.round(width * 0.36));
  const scale = timeScale({ from, to, zero }, left, width - left - 76);
  const height = TOP + drawn.length * row + 6;
  return (
    <figure className="mb-3">
      <figcaption className="mb-1 text-xs font-semibold tracking-wide text-faint uppercase">
        The failing request and {calls.length === 1 ? 'the call' : `the ${calls.length} calls`} that it made
      </figcaption>
      <svg
        width={width}
        height={height}
        role="group"
        aria-label="The failing request over time"
        className="block"
      >
        <Axis scale={scale} height={height} />
        {failedAt !== null && (
          <g className="pointer-events-none">
            <line
              x1={scale.place(failedAt)}
              x2={scale.place(failedAt)}
              y1={16}
              y2={height}
              className="stroke-bad"
              strokeWidth={1.5}
              strokeDasharray="4 3"
            />
            <text
              x={scale.place(failedAt)}
              y={12}
              textAnchor={scale.place(failedAt) > width - 90 ? 'end' : 'middle'}
              className="fill-bad text-[11px] font-bold"
            >
              ✕ {errorType.slice(0, 40)}
            </text>
          </g>
        )}
        {drawn.map((exchange, at) => (
          <Bar
            key={exchange.id}
            exchange={exchange}
            y={TOP + at * row}
            row={row}
            left={left}
            narrow={narrow}
            scale={scale}
            failing={at === 0}
            shared={shared.has(exchange.id)}
            choose={choose}
          />
        ))}
      </svg>
      {calls.length > MAX_CALLS && (
        <p className="text-sm text-soft">… and {calls.length - MAX_CALLS} calls more</p>
      )}
    </figure>
  );
}

function Axis({ scale, height }: { scale: Scale; height: number }): ReactNode {
  return scale.ticks.map(({ at, x, label }) => (
    <g key={at}>
      <line x1={x} x2={x} y1={TOP - 4} y2={height} className="stroke-line" />
      <text x={x} y={TOP - 8} textAnchor="middle" className="fill-faint text-[11px]">
        {label}
      </text>
    </g>
  ));
}

function Bar({
  exchange,
  y,
  row,
  left,
  narrow,
  scale,
  failing,
  shared,
  choose,
}: {
  exchange: Exchange;
  y: number;
  row: number;
  left: number;
  narrow: boolean;
  scale: Scale;
  failing: boolean;
  shared: boolean;
  choose: Choose;
}): ReactNode {
  const x = scale.place(exchange.startedAt);
  const end = scale.place(endOf(exchange));
  const outcome = outcomeOf(exchange.protocol, exchange.response);
  const bad = failing || outcome.failed;
  const name = `${failing ? '' : `${exchange.protocol}  `}${exchange.summary}`;
  const room = Math.floor(
    ((narrow ? scale.place(Infinity) + 70 : left - 16) - (failing || narrow ? 0 : 10)) / 7,
  );
  const middle = narrow ? y + row - 12 : y + row / 2;
  return (
    <g
      role="button"
      tabIndex={0}
      aria-label={describe(exchange)}
      aria-pressed={choose.pinned === exchange}
      className="group cursor-pointer outline-none"
      {...handlers(exchange, choose)}
    >
      <rect
        x={0}
        y={y + 1}
        width="100%"
        height={row - 2}
        rx={4}
        className={`group-hover:fill-sunken group-focus-visible:fill-accent-wash group-focus-visible:stroke-accent ${choose.pinned === exchange ? 'fill-sunken' : 'fill-transparent'}`}
      />
      <text
        x={failing || narrow ? 4 : 14}
        y={narrow ? y + 14 : middle + 4}
        className={`font-mono text-[12px] ${failing ? 'fill-ink font-bold' : 'fill-soft'}`}
      >
        {shorten(name, room)}
      </text>
      <rect
        x={x}
        y={middle - 7}
        width={Math.max(3, end - x)}
        height={14}
        rx={3}
        className={bad ? 'fill-bad' : 'fill-info'}
        opacity={failing ? 0.85 : 1}
        strokeDasharray={shared ? '3 2' : undefined}
      />
      <text
        x={end + 6}
        y={middle + 4}
        className={`stroke-panel stroke-4 text-[11px] [paint-order:stroke] ${bad ? 'fill-bad font-bold' : 'fill-soft'}`}
      >
        {bad ? '✕ ' : ''}
        {outcome.word}
      </text>
    </g>
  );
}

/** Calls before the first request, on a scale of their own: they may be hours older. */
function Startup({
  calls,
  width,
  choose,
}: {
  calls: readonly Exchange[];
  width: number;
  choose: Choose;
}): ReactNode {
  const from = calls[0]!.startedAt;
  const to = Math.max(...calls.map(endOf));
  const scale = timeScale({ from, to, zero: from }, 4, width - 8);
  const placed = lanesOf(
    calls.slice(0, MAX_OTHERS),
    (one) => [scale.place(one.startedAt), Math.max(scale.place(one.startedAt) + 6, scale.place(endOf(one)))],
    STARTUP_LANES,
  );
  const lanes = Math.max(...placed.map(({ lane }) => lane)) + 1;
  return (
    <figure className="mb-3">
      <figcaption className="mb-1 text-xs font-semibold tracking-wide text-faint uppercase">
        Start-up and timers: {calls.length} {calls.length === 1 ? 'call' : 'calls'} outside any request, on a
        scale of its own
      </figcaption>
      <svg
        width={width}
        height={lanes * 16 + 6}
        role="group"
        aria-label="Calls outside any request"
        className="block rounded bg-sunken"
      >
        {placed.map(({ item, lane }) => {
          const x = scale.place(item.startedAt);
          return (
            <rect
              key={item.id}
              role="button"
              tabIndex={0}
              aria-label={describe(item)}
              aria-pressed={choose.pinned === item}
              x={x}
              y={lane * 16 + 5}
              width={Math.max(5, scale.place(endOf(item)) - x)}
              height={11}
              rx={2}
              className="cursor-pointer fill-faint hover:fill-info focus-visible:fill-info"
              {...handlers(item, choose)}
            />
          );
        })}
      </svg>
    </figure>
  );
}

function handlers(exchange: Exchange, choose: Choose): Record<string, unknown> {
  return {
    onMouseEnter: () => choose.show(exchange),
    onMouseLeave: () => choose.show(undefined),
    onFocus: () => choose.show(exchange),
    onBlur: () => choose.show(undefined),
    onClick: () => choose.pin(exchange),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose.pin(exchange);
    },
  };
}

function describe(exchange: Exchange): string {
  const { protocol, destination, startedAt, endedAt, summary, response, direction } = exchange;
  const time = endedAt === null ? 'never ended' : `took ${took((endedAt - startedAt) / 1000)}`;
  const to = direction === 'outbound' ? ` to ${destination.host}:${destination.port}` : '';
  return `${protocol}${to}: ${shorten(summary, 300)} · ${outcomeOf(protocol, response).word} · ${time}`;
}

function pick(ids: readonly string[], byId: ReadonlyMap<string, Exchange>): Exchange[] {
  return ids.flatMap((id) => byId.get(id) ?? []).sort((a, b) => a.startedAt - b.startedAt);
}

function endOf({ startedAt, endedAt }: Exchange): number {
  return endedAt ?? startedAt;
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text;
}
