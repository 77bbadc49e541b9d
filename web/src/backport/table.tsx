import {
  memo,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useRef,
  useSyncExternalStore,
  type ChangeEvent,
  type MouseEvent,
  type ReactNode,
} from 'react';
import { letterOf } from './calls.ts';
import { Row } from './row.tsx';
import type { Review } from './store.ts';
import { plainText } from './text.ts';

/** Drawn at once; the others follow, without holding up anything. */
const FIRST_ROWS = 60;

/** All rows are in the page, for searching in it and for printing; the browser draws those that are in sight. */
export function Table({ review }: { review: Review }): ReactNode {
  const start = useSyncExternalStore(review.onView, () => review.view().start);
  const branch = useSyncExternalStore(review.onView, () => review.view().branch);
  const count = review.model.count;
  const all = useDeferredValue(true, false);
  const table = useRef<HTMLTableElement>(null);
  useEffect(() => {
    // Of the radio buttons of one name the browser itself clears all but one.
    const radio = table.current?.querySelector<HTMLInputElement>(`.bp-start[value="${start}"]`);
    if (radio) radio.checked = true;
    else
      for (const one of table.current!.querySelectorAll<HTMLInputElement>('.bp-start:checked'))
        one.checked = false;
  }, [start, all]);
  useLayoutEffect(() => {
    const named = review.model.data.branches[branch] ?? '';
    document.title = plainText(`${named}: ${review.model.data.title}`);
  }, [review, branch]);

  const onChange = ({ target }: ChangeEvent<HTMLElement>): void => {
    if (!(target instanceof HTMLInputElement) || target.type !== 'radio') return;
    if (target.name === 'start') return review.startAt(Number(target.value));
    const call = letterOf(target.value);
    const row = rowOf(target);
    if (call !== undefined && row !== undefined) review.say(row, call);
  };
  const onClick = ({ target }: MouseEvent<HTMLElement>): void => {
    if (!(target instanceof HTMLElement)) return;
    const { reset } = target.closest<HTMLElement>('[data-reset]')?.dataset ?? {};
    if (reset !== undefined) return review.say(Number(reset), null);
    const row = rowOf(target);
    if (row === undefined) return;
    // A choice that was made already is said by a person when it is clicked.
    if (target instanceof HTMLInputElement && target.type === 'radio' && target.name !== 'start') {
      const call = letterOf(target.value);
      if (call !== undefined && review.row(row).call === call) review.say(row, call);
    }
    review.moveTo(row);
  };
  return (
    <table
      ref={table}
      role="table"
      aria-label="Commits"
      aria-rowcount={count + 1}
      className="bp-table"
      onChange={onChange}
      onClick={onClick}
      onFocus={({ target }) => {
        const row = rowOf(target);
        if (row !== undefined) review.moveTo(row);
      }}
      onDoubleClick={({ target }) => {
        const row = rowOf(target as HTMLElement);
        if (row !== undefined && !(target as HTMLElement).closest('a, button, input')) review.toggle(row);
      }}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1} className="bp-head">
          <th role="columnheader" scope="col">
            <label>
              All
              <input
                type="radio"
                name="start"
                className="bp-start"
                value={0}
                aria-label="All: the review starts at the first row"
              />
            </label>
          </th>
          <th role="columnheader" scope="col">
            CID
          </th>
          <th role="columnheader" scope="col">
            Subject
          </th>
          <th role="columnheader" scope="col">
            Verdict
          </th>
          <th role="columnheader" scope="col">
            Reason
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        <Rows review={review} all={all} />
      </tbody>
    </table>
  );
}

const Rows = memo(function Rows({ review, all }: { review: Review; all: boolean }): ReactNode {
  const from = all ? 0 : Math.max(0, review.view().start - 1);
  const length = Math.max(0, Math.min(all ? Infinity : FIRST_ROWS, review.model.count - from));
  return Array.from({ length }, (_, i) => <Row key={from + i} review={review} row={from + i} />);
});

function rowOf(element: Element): number | undefined {
  const row = element.closest<HTMLElement>('[data-row]')?.dataset['row'];
  return row === undefined ? undefined : Number(row);
}
