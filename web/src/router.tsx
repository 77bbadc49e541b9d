import {
  Link,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { AppPage } from './apps/app-page.tsx';
import { AppsPage } from './apps/apps-page.tsx';
import { ReviewsPage } from './backport/live/reviews-page.tsx';
import { DoctorPage } from './doctor/doctor-page.tsx';
import { IncidentPage } from './incidents/incident-page.tsx';
import { IncidentsPage, STATUSES, type IncidentFilter } from './incidents/incidents-page.tsx';
import { ProposalPage } from './proposals/proposal-page.tsx';
import { ProposalsPage, VERDICT_NAMES, type ProposalFilter } from './proposals/proposals-page.tsx';
import { RecordingPage } from './recordings/recording-page.tsx';
import { RecordingsPage } from './recordings/recordings-page.tsx';
import { Layout } from './shell/layout.tsx';
import { TracePage } from './traces/trace-page.tsx';
import { TracesPage } from './traces/traces-page.tsx';
import { PageHead } from './ui/page.tsx';
import { Empty, Failure } from './ui/states.tsx';

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound, errorComponent: Broken });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/apps', replace: true });
  },
});
const apps = createRoute({ getParentRoute: () => root, path: '/apps', component: AppsPage });
const app = createRoute({
  getParentRoute: () => root,
  path: '/apps/$app',
  component: function OneApp() {
    return <AppPage name={app.useParams().app} />;
  },
});
const incidents = createRoute({
  getParentRoute: () => root,
  path: '/incidents',
  validateSearch: (search): IncidentFilter => ({
    app: textOf(search['app']),
    status: STATUSES.find((status) => status === search['status']),
    q: textOf(search['q']),
  }),
  component: function List() {
    return <IncidentsPage filter={incidents.useSearch()} />;
  },
});
const incident = createRoute({
  getParentRoute: () => root,
  path: '/incidents/$incident',
  component: function One() {
    return <IncidentPage id={incident.useParams().incident} />;
  },
});
const proposals = createRoute({
  getParentRoute: () => root,
  path: '/proposals',
  validateSearch: (search): ProposalFilter => ({
    verdict: VERDICT_NAMES.find((verdict) => verdict === search['verdict']),
    q: textOf(search['q']),
  }),
  component: function List() {
    return <ProposalsPage filter={proposals.useSearch()} />;
  },
});
const proposal = createRoute({
  getParentRoute: () => root,
  path: '/proposals/$proposal',
  component: function One() {
    const { proposal: id } = proposal.useParams();
    // Another proposal is another page: what was typed or is running stays with its own.
    return <ProposalPage key={id} id={id} />;
  },
});
const recordings = createRoute({
  getParentRoute: () => root,
  path: '/recordings',
  validateSearch: (search): { app?: string | undefined } => ({ app: textOf(search['app']) }),
  component: function List() {
    return <RecordingsPage app={recordings.useSearch().app} />;
  },
});
const recording = createRoute({
  getParentRoute: () => root,
  path: '/recordings/$recording',
  component: function One() {
    return <RecordingPage id={recording.useParams().recording} />;
  },
});
const traces = createRoute({ getParentRoute: () => root, path: '/traces', component: TracesPage });
const trace = createRoute({
  getParentRoute: () => root,
  path: '/traces/$trace',
  component: function One() {
    return <TracePage id={trace.useParams().trace} />;
  },
});
const reviews = createRoute({ getParentRoute: () => root, path: '/backport', component: ReviewsPage });
const review = createRoute({
  getParentRoute: () => root,
  path: '/backport/$review',
  component: lazyRouteComponent(async () => {
    const { ReviewPage } = await import('./backport/live/review-page.tsx');
    return {
      default: function One() {
        const { review: id } = review.useParams();
        return <ReviewPage key={id} id={id} />;
      },
    };
  }),
});
const doctor = createRoute({ getParentRoute: () => root, path: '/doctor', component: DoctorPage });

/** Search values are parsed as JSON where they can be: a name such as `1` comes as a number. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function NotFound(): ReactNode {
  return (
    <>
      <PageHead title="There is no such page" />
      <Empty>
        <Link to="/apps" className="font-semibold text-accent underline">
          Go to the apps
        </Link>
      </Empty>
    </>
  );
}

function Broken({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <main className="mx-auto max-w-3xl p-6">
      <h1 className="text-2xl font-bold">This page broke</h1>
      <p className="mt-1 text-soft">That is a bug of ours; the command line shows the same data.</p>
      <Failure error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    </main>
  );
}

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    apps,
    app,
    incidents,
    incident,
    proposals,
    proposal,
    recordings,
    recording,
    traces,
    trace,
    reviews,
    review,
    doctor,
  ]),
  defaultErrorComponent: Broken,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
