import type { ReactNode } from 'react';
import type { Exchange } from '../../../src/protocol/port.ts';
import { Icon } from '../ui/icons.tsx';
import { readRequest, readResponse, type Readable } from './read.ts';

/** Request and answer of one exchange, side by side where there is room. */
export function ExchangeMessages({ exchange }: { exchange: Exchange }): ReactNode {
  return (
    <div className="grid gap-4 md:grid-cols-2">
      <Message title="Request" message={readRequest(exchange.protocol, exchange.request)} />
      <Message title="Answer" message={readResponse(exchange.protocol, exchange.response)} />
      {exchange.incomplete !== null && (
        <p className="wrap-any text-sm text-unsure md:col-span-2">
          <Icon name="alert" /> Not recorded whole: {exchange.incomplete}
        </p>
      )}
    </div>
  );
}

function Message({ title, message }: { title: string; message: Readable }): ReactNode {
  const { line, headers, text, table, failed } = message;
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs font-semibold tracking-wide text-faint uppercase">{title}</h3>
      {line !== '' && (
        <p className={`wrap-any font-mono text-sm font-semibold ${failed ? 'text-bad' : ''}`}>
          {failed && <Icon name="cross" className="mr-1" />}
          {line}
        </p>
      )}
      {text !== null && <Pre label={`${title}: body`}>{text}</Pre>}
      {table && <Rows {...table} />}
      {headers.length > 0 && (
        <details className="mt-1 text-sm">
          <summary className="text-soft">
            {headers.length} {headers.length === 1 ? 'header' : 'headers'}
          </summary>
          <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3 font-mono text-xs">
            {headers.map(([name, value], at) => (
              <div key={at} className="contents">
                <dt className="text-faint">{name}</dt>
                <dd className="wrap-any">{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}

/** Text that keeps its lines and wraps; scrolls inside itself when long. */
export function Pre({ children, label }: { children: string; label: string }): ReactNode {
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className="wrap-any mt-1 max-h-96 overflow-y-auto rounded-md bg-sunken p-3 font-mono text-[13px] leading-relaxed whitespace-pre-wrap"
    >
      {children}
    </pre>
  );
}

function Rows({ columns, rows, more }: NonNullable<Readable['table']>): ReactNode {
  return (
    <div
      className="relative mt-1 overflow-x-auto rounded-md border border-line"
      tabIndex={0}
      role="region"
      aria-label="Rows"
    >
      <table className="w-full text-left font-mono text-xs">
        <thead className="bg-sunken text-soft">
          <tr>
            {columns.map((column, at) => (
              <th key={at} scope="col" className="px-2 py-1 font-semibold">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at} className="border-t border-line">
              {row.map((value, column) => (
                <td key={column} className="max-w-60 px-2 py-1 align-top">
                  <span className={value === 'NULL' ? 'text-faint italic' : 'wrap-any block'}>{value}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p className="px-2 py-1 text-xs text-faint">no rows</p>}
      {more > 0 && <p className="px-2 py-1 text-xs text-faint">… and {more} more</p>}
    </div>
  );
}
