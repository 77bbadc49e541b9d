import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ask } from '../api/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { Copyable } from '../ui/copy.tsx';
import { Facts, PageHead, Section } from '../ui/page.tsx';
import { Asked } from '../ui/states.tsx';
import { AppLink } from './apps-page.tsx';
import { Deployments } from './deployments.tsx';
import { Health } from './health.tsx';
import { Logs } from './logs.tsx';
import { Releases } from './releases.tsx';
import { useRefusal } from '../lib/role.ts';

export function AppPage({ name }: { name: string }): ReactNode {
  const refusal = useRefusal();
  return (
    <Asked query={ask('getApp', { params: { app: name } })} what={`app ${name}`}>
      {(app) => (
        <>
          <PageHead
            title={app.name}
            above={
              <Link to="/apps" className="hover:underline">
                Apps
              </Link>
            }
            beside={
              <>
                <Health app={app} />
                <Link to="/incidents" search={{ app: name }}>
                  <Badge
                    tone={app.openIncidents > 0 ? 'bad' : 'good'}
                    icon={app.openIncidents > 0 ? 'alert' : 'check'}
                  >
                    {app.openIncidents} open {app.openIncidents === 1 ? 'incident' : 'incidents'}
                  </Badge>
                </Link>
              </>
            }
          />
          <div className="grid gap-x-5 lg:grid-cols-[1fr_20rem]">
            <div className="min-w-0">
              <Section title="Releases">
                <Releases app={app} />
              </Section>
              <Section title="Deployments">
                <Deployments app={name} limit={20} />
              </Section>
              <Logs app={name} />
            </div>
            <div className="min-w-0">
              <Section title="Address">
                <div className="space-y-3 text-sm">
                  <AppLink url={app.url} />
                  <p className="text-soft">Push branch {app.settings.branch} to deploy:</p>
                  <Copyable text={app.remote} label="the address to push to" />
                </div>
              </Section>
              <Section title="Environment" note="Values are secrets; only names are shown">
                {refusal === undefined ? (
                  <EnvNames app={name} />
                ) : (
                  <p className="text-sm text-soft">{refusal}.</p>
                )}
              </Section>
              <Section title="Settings">
                <Facts
                  of={[
                    ['start', app.settings.start ?? 'as package.json says'],
                    ['health', app.settings.healthPath ?? 'accepts connections'],
                    ['install scripts', app.settings.installScripts ? 'run' : 'not run'],
                    ['memory', `${Math.round(app.settings.memoryBytes / 2 ** 20)} MiB`],
                    ['processes', app.settings.processes],
                    ['CPUs', app.settings.cpus],
                    ['hosts', app.settings.hosts.join(', ') || '-'],
                  ]}
                />
              </Section>
            </div>
          </div>
        </>
      )}
    </Asked>
  );
}

function EnvNames({ app }: { app: string }): ReactNode {
  return (
    <Asked query={ask('listEnv', { params: { app } })} what="names">
      {(names) =>
        names.length === 0 ? (
          <p className="wrap-any text-sm text-soft">
            None. <code className="font-mono">npx vouch env {app} set NAME=VALUE</code>
          </p>
        ) : (
          <ul className="space-y-1 font-mono text-sm">
            {names.map((each) => (
              <li key={each} className="wrap-any">
                {each}
              </li>
            ))}
          </ul>
        )
      }
    </Asked>
  );
}
