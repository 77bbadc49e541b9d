import type { ReactNode } from 'react';
import type { Exchange } from '../../../src/protocol/port.ts';
import { ExchangeMessages } from '../exchange/message.tsx';
import { outcomeOf } from '../exchange/read.ts';
import { took } from '../lib/time.ts';
import { Badge } from '../ui/badge.tsx';
import { Icon } from '../ui/icons.tsx';

/** The calls of a request, one a line; each opens to what was asked and answered. */
export function Calls({ calls }: { calls: readonly Exchange[] }): ReactNode {
  return (
    <ul className="divide-y divide-line">
      {calls.map((exchange) => (
        <li key={exchange.id}>
          <details className="group">
            <summary className="flex list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm hover:bg-sunken">
              <Icon name="down" className="-rotate-90 text-faint group-open:rotate-0" />
              <Badge>{exchange.protocol}</Badge>
              <code className="wrap-any order-last grow basis-full font-mono sm:order-none sm:basis-40 text-[13px]">
                {exchange.summary}
              </code>
              <span className="grow sm:hidden" />
              <Outcome exchange={exchange} />
              <span className="text-right text-soft tabular-nums sm:w-16">
                {exchange.endedAt === null ? '-' : took((exchange.endedAt - exchange.startedAt) / 1000)}
              </span>
            </summary>
            <div className="px-4 pt-1 pb-4">
              <p className="wrap-any mb-2 text-sm text-soft">
                to {exchange.destination.host}:{exchange.destination.port} · exchange {exchange.id}
              </p>
              <ExchangeMessages exchange={exchange} />
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
}

function Outcome({ exchange }: { exchange: Exchange }): ReactNode {
  const { word, failed } = outcomeOf(exchange.protocol, exchange.response);
  return (
    <Badge tone={failed ? 'bad' : 'plain'} icon={failed ? 'cross' : undefined}>
      {word}
    </Badge>
  );
}
