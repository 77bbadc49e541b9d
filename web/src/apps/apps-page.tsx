import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AppView } from '../../../src/server/views.ts';
import { ask } from '../api/queries.ts';
import { safeLink } from '../lib/safe-link.ts';
import { Badge } from '../ui/badge.tsx';
import { Copyable } from '../ui/copy.tsx';
import { Facts, PageHead } from '../ui/page.tsx';
import { Asked, Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { Deployments } from './deployments.tsx';
import { Health } from './health.tsx';
import { Waiting } from './waiting.tsx';

export function AppsPage(): ReactNode {
  return (
    <>
      <PageHead title="Apps" />
      <Asked query={ask('listApps', {})} what="apps">
        {(apps) =>
          apps.length === 0 ? (
            <Start />
          ) : (
            <div className="grid items-start gap-5 lg:grid-cols-2">
              <ul className="min-w-0 space-y-4">
                {apps.map((app) => (
                  <li key={app.name}>
                    <AppCard app={app} />
                  </li>
                ))}
              </ul>
              <Waiting />
            </div>
          )
        }
      </Asked>
    </>
  );
}

function Start(): ReactNode {
  return (
    <Empty>
      <p className="mb-3 text-lg font-semibold text-ink">No app yet. Two commands start one:</p>
      <ol className="list-decimal space-y-3 pl-5">
        <li>
          <Copyable label="the command that creates an app" text="npx vouch apps create shop" />
        </li>
        <li>
          <Copyable label="the command that pushes it" text={`git push ${location.origin}/git/shop main`} />
        </li>
      </ol>
      <p className="mt-3">
        Any Node.js app with a <code className="font-mono">package.json</code>, or anything with a{' '}
        <code className="font-mono">Dockerfile</code>. Git asks for a password: a token. Or watch it all
        happen on a sample shop: <code className="font-mono">npm run demo</code>
      </p>
    </Empty>
  );
}

function AppCard({ app }: { app: AppView }): ReactNode {
  const { name, current, openIncidents, remote } = app;
  return (
    <article className="rounded-lg border border-line bg-panel p-4">
      <header className="mb-3 flex flex-wrap items-center gap-2">
        <h2 className="text-lg font-bold">
          <Link data-row to="/apps/$app" params={{ app: name }} className="hover:underline">
            {name}
          </Link>
        </h2>
        <Health app={app} />
        <span className="grow" />
        <Link to="/incidents" search={{ app: name }}>
          {openIncidents > 0 ? (
            <Badge tone="bad" icon="alert">
              {openIncidents} open {openIncidents === 1 ? 'incident' : 'incidents'}
            </Badge>
          ) : (
            <Badge tone="good" icon="check">
              no open incidents
            </Badge>
          )}
        </Link>
      </header>
      <Facts
        of={[
          [
            'Release',
            current ? (
              <>
                <strong>{current.version}</strong>{' '}
                <code className="font-mono">{current.commit.slice(0, 8)}</code> {current.subject}
              </>
            ) : (
              'none yet: push to it'
            ),
          ],
          ...(current
            ? ([['Since', <When key="at" at={current.readyAt ?? current.createdAt} />]] as const)
            : []),
          ['URL', <AppLink key="url" url={app.url} />],
          ['Push to', <Copyable key="push" text={remote} label="the address to push to" />],
        ]}
      />
      <h3 className="mt-4 mb-1 text-xs font-semibold tracking-wide text-faint uppercase">Last deployments</h3>
      <Deployments app={name} limit={3} />
    </article>
  );
}

export function AppLink({ url }: { url: string }): ReactNode {
  const href = safeLink(url);
  if (href === undefined) return url;
  return (
    <a href={href} rel="noreferrer" className="text-accent underline">
      {url}
    </a>
  );
}
