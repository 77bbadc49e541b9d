import { randomBytes } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { VouchError, messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { API, OTHER_ROUTES, type Route, type RouteName } from './api.ts';
import { failure } from './failure.ts';
import { guard, type Env, type GuardOptions } from './guard.ts';
import type { Call, Handlers } from './handlers.ts';
import { readJson } from './input.ts';
import { streamResult } from './ndjson.ts';
import { pagesFrom } from './pages.ts';
import { appRoutes } from './routes/apps.ts';
import { backportRoutes } from './routes/backport.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { proposalRoutes } from './routes/proposals.ts';
import { systemRoutes } from './routes/system.ts';
import type { Services } from './services.ts';
import { signIn, signOut } from './sessions.ts';

const HANDLERS: Handlers = {
  ...appRoutes,
  ...backportRoutes,
  ...incidentRoutes,
  ...proposalRoutes,
  ...systemRoutes,
};

export interface AppOptions extends GuardOptions {
  services: Services;
  /** Folder of the built pages. */
  pages: string;
  log: Logger;
  /** Ends what is streamed. */
  ending: AbortSignal;
}

/** The whole HTTP side, for a socket (`serve.ts`) as for the command line in one process (`app.fetch`). */
export function createApp(options: AppOptions): Hono<Env> {
  const { services, log } = options;
  const app = new Hono<Env>();
  app.use('*', guard(options));
  app.onError((error, c) => answerError(c, error, log));
  app.notFound((c) =>
    failure(c, 404, { code: 'not-found', message: `${c.req.path}: there is no such thing here` }),
  );

  for (const [name, route] of Object.entries(API)) {
    app.on(route.method, route.path, (c) => handle(c, name as RouteName, route, options));
  }

  app.get(OTHER_ROUTES.health.path, (c) => c.json({ ok: true }));
  app.post(OTHER_ROUTES.signIn.path, (c) => signIn(c, services.store));
  app.delete(OTHER_ROUTES.signOut.path, (c) => signOut(c, services.store));
  app.get(OTHER_ROUTES.events.path, (c) => events(c, options));
  for (const route of [OTHER_ROUTES.gitRefs, OTHER_ROUTES.gitFetch, OTHER_ROUTES.gitPush]) {
    const inside = route.path.slice('/git/:app/'.length);
    app.on(route.method, route.path, async (c) => {
      const name = c.req.param('app')!.replace(/\.git$/, '');
      const response = await services.deployer.gitHttp(c.req.raw, name, inside);
      if (route !== OTHER_ROUTES.gitPush) return response;
      const told = (): void =>
        services.events.publish({ topic: 'deployment', id: name, app: name, text: null });
      return afterBody(response, told);
    });
  }
  const pages = pagesFrom(options.pages);
  app.get(OTHER_ROUTES.pages.path, (c) => pages(c, services.store));
  return app;
}

async function handle(
  c: Context<Env>,
  name: RouteName,
  route: Route,
  options: AppOptions,
): Promise<Response> {
  const { services, log } = options;
  const identity = c.get('identity');
  // The guard has let another route pass, or none: it and the router must agree, or nothing is answered.
  if (c.get('route') !== name || !identity) throw new VouchError('forbidden', `${c.req.path}: not allowed`);
  if (route.serving && !services.serving) {
    throw new VouchError('unavailable', 'no server runs on this data folder', {
      hint: 'start it with `vouch serve`',
    });
  }
  const input = {
    params: c.req.param(),
    query: route.query && check(route.query, c.req.query(), 'query'),
    body: route.body && check(route.body, await readJson(c.req.raw, route.maxBody), 'body'),
  };
  // Each handler has its own types; which one it is, only the name says.
  const handler = HANDLERS[name] as (call: Call<RouteName>) => Promise<unknown>;
  const call = (work: Call<RouteName>['work']): Promise<unknown> =>
    handler({ input: input as unknown as Call<RouteName>['input'], identity, services, work });
  if (route.stream) {
    return streamResult(
      (work) => call(work).then((result) => route.response.parse(result)),
      [c.req.raw.signal, options.ending],
      (error) => explainError(error, log).body,
    );
  }
  const result = await call({
    signal: AbortSignal.any([c.req.raw.signal, options.ending]),
    onProgress: () => {},
  });
  return Response.json(route.response.parse(result));
}

/** The same response, and a call when its body has ended, however. */
function afterBody(response: Response, ended: () => void): Response {
  if (!response.body) {
    ended();
    return response;
  }
  const tap = new TransformStream<Uint8Array, Uint8Array>({ flush: ended });
  const body = response.body.pipeThrough(tap);
  return new Response(body, { status: response.status, headers: response.headers });
}

function check(schema: NonNullable<Route['body']>, value: unknown, part: string): unknown {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  throw new VouchError('usage', `${[part, ...issue.path].join('.')}: ${issue.message}`);
}

function events(c: Context<Env>, { services, ending }: AppOptions): Response {
  return streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const beat = setInterval(() => void stream.writeSSE({ event: 'beat', data: '' }), 20_000);
    try {
      await stream.writeSSE({ event: 'ready', data: '' });
      for await (const change of services.events.subscribe(AbortSignal.any([gone.signal, ending]))) {
        await stream.writeSSE({ event: 'change', data: JSON.stringify(change) });
      }
    } finally {
      clearInterval(beat);
    }
  });
}

const STATUS = {
  usage: 400,
  'not-found': 404,
  conflict: 409,
  no: 422,
  inconclusive: 422,
  'missing-part': 501,
  forbidden: 403,
  unavailable: 503,
} as const satisfies Record<VouchError['code'], number>;

interface Explained {
  status: number;
  body: { code: string; message: string; hint?: string };
}

/** The one place where errors become answers. A bug keeps its story in the log, under an id. */
function explainError(error: unknown, log: Logger): Explained {
  if (error instanceof VouchError) {
    return {
      status: STATUS[error.code],
      body: { code: error.code, message: error.message, hint: error.hint },
    };
  }
  const id = randomBytes(6).toString('hex');
  log.error({ id, err: error }, messageOf(error));
  return { status: 500, body: { code: 'bug', message: `an error of ours, ${id} in the server's log` } };
}

function answerError(c: Context, error: unknown, log: Logger): Response {
  const { status, body } = explainError(error, log);
  return failure(c, status, body);
}
