import type { ReactNode } from 'react';
import type { Evidence } from '../../../src/verify/evidence.ts';
import { Pre } from '../exchange/message.tsx';
import { prettyText } from '../exchange/read.ts';
import { HttpStatus } from '../ui/badge.tsx';
import { compareTexts, type Piece } from './compare.ts';

type Answer = NonNullable<Evidence['before']>;

/** Differ in every run, and say nothing about the repair. */
const DULL = new Set(['date', 'content-length', 'etag', 'connection', 'keep-alive']);

/** The failing request's answer as recorded and with the change, what differs marked. */
export function Answers({ before, after }: Pick<Evidence, 'before' | 'after'>): ReactNode {
  const [old, now] = [prettyText(before?.body ?? ''), prettyText(after?.body ?? '')];
  const rows = before && after ? compareTexts(old, now) : null;
  return (
    <div className="grid gap-px bg-line md:grid-cols-2">
      <Side title="Before, as recorded" answer={before} text={old} side="before" rows={rows} />
      <Side title="After, with this change" answer={after} text={now} side="after" rows={rows} />
      <HeaderChanges before={before} after={after} />
    </div>
  );
}

function Side({
  title,
  answer,
  text,
  side,
  rows,
}: {
  title: string;
  answer: Answer | null;
  text: string;
  side: 'before' | 'after';
  rows: ReturnType<typeof compareTexts>;
}): ReactNode {
  return (
    <div className="min-w-0 bg-panel p-4">
      <h3 className="mb-2 flex items-center gap-2 text-sm font-semibold">
        {title} <HttpStatus status={answer?.status ?? null} />
      </h3>
      {answer === null && <p className="text-sm text-soft">No answer.</p>}
      {answer !== null && text === '' && <p className="text-sm text-faint">An empty body.</p>}
      {answer !== null && text !== '' && !rows && <Pre label={`${title}: body`}>{text}</Pre>}
      {answer !== null && text !== '' && rows && (
        <div
          tabIndex={0}
          role="region"
          aria-label={`${title}: body`}
          className="max-h-120 overflow-y-auto rounded-md bg-sunken py-2 font-mono text-[13px] leading-relaxed"
        >
          {rows.map((row, at) => (
            <Line key={at} pieces={row[side]} side={side} />
          ))}
        </div>
      )}
    </div>
  );
}

function Line({ pieces, side }: { pieces: readonly Piece[] | null; side: 'before' | 'after' }): ReactNode {
  if (pieces === null) return <p className="hidden px-3 md:block">&nbsp;</p>;
  const changed = pieces.some(({ differs }) => differs);
  const [wash, mark] = side === 'before' ? ['bg-bad-wash', 'bg-bad-mark'] : ['bg-good-wash', 'bg-good-mark'];
  return (
    <p className={`wrap-any px-3 whitespace-pre-wrap ${changed ? wash : ''}`}>
      <span aria-hidden="true" className="mr-2 font-bold text-soft select-none">
        {changed ? (side === 'before' ? '−' : '+') : ' '}
      </span>
      {pieces.map(({ text, differs }, at) =>
        differs ? (
          <mark key={at} className={`rounded-sm text-ink ${mark}`}>
            {text}
          </mark>
        ) : (
          <span key={at}>{text}</span>
        ),
      )}
    </p>
  );
}

function HeaderChanges({ before, after }: Pick<Evidence, 'before' | 'after'>): ReactNode {
  if (!before || !after) return null;
  const [old, now] = [lower(before.headers), lower(after.headers)];
  const changed = [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => !DULL.has(name) && old.get(name) !== now.get(name))
    .sort();
  if (changed.length === 0) return null;
  return (
    <div className="bg-panel p-4 text-sm md:col-span-2">
      <h3 className="mb-1 font-semibold">Headers that differ</h3>
      <dl className="space-y-1 font-mono text-[13px]">
        {changed.map((name) => (
          <div key={name} className="wrap-any">
            <dt className="inline text-faint">{name}: </dt>
            <dd className="inline">
              <del className="bg-bad-wash">{old.get(name) ?? '(none)'}</del> →{' '}
              <ins className="bg-good-wash no-underline">{now.get(name) ?? '(none)'}</ins>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function lower(headers: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
