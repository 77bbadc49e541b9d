import { DEFAULT_SETTINGS, versionOf, type App, type Release } from '../../deploy/model.ts';
import { audit } from '../../proposal/audit.ts';
import type { Handlers } from '../handlers.ts';
import type { Services } from '../services.ts';
import type { AppView, ReleaseView } from '../views.ts';

export function showRelease(release: Release, app: App): ReleaseView {
  return { ...release, version: versionOf(release), current: release.id === app.currentRelease };
}

async function showApp(services: Services, app: App): Promise<AppView> {
  const { deployer, store } = services;
  const release = app.currentRelease === null ? null : await deployer.release(app.name, app.currentRelease);
  const open = await store.db
    .selectFrom('incidents')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('app', '=', app.name)
    .where('status', 'in', ['open', 'fixing', 'proposed'])
    .executeTakeFirstOrThrow();
  return {
    ...app,
    url: deployer.urlOf(app.name),
    remote: `${services.url()}/git/${app.name}`,
    current: release && showRelease(release, app),
    openIncidents: open.count,
  };
}

export const appRoutes: Pick<
  Handlers,
  | 'listApps'
  | 'createApp'
  | 'getApp'
  | 'updateApp'
  | 'destroyApp'
  | 'listReleases'
  | 'listDeployments'
  | 'rollback'
  | 'logs'
  | 'listEnv'
  | 'setEnv'
> = {
  async listApps({ services }) {
    const apps = await services.deployer.listApps();
    return Promise.all(apps.map((app) => showApp(services, app)));
  },

  async createApp({ services, input: { body }, identity }) {
    const app = await services.deployer.createApp(body.name, { ...DEFAULT_SETTINGS, ...body.settings });
    await audit(services.store.db, { actor: identity.name, action: 'app.create', subject: app.name });
    services.events.publish({ topic: 'app', id: app.name, app: app.name, text: null });
    return showApp(services, app);
  },

  async getApp({ services, input: { params } }) {
    return showApp(services, await services.deployer.app(params.app));
  },

  async updateApp({ services, input: { params, body }, identity }) {
    const app = await services.deployer.updateApp(params.app, body);
    await audit(services.store.db, {
      actor: identity.name,
      action: 'app.update',
      subject: app.name,
      detail: body,
    });
    services.events.publish({ topic: 'app', id: app.name, app: app.name, text: null });
    return showApp(services, app);
  },

  async destroyApp({ services, input: { params }, identity }) {
    const { name } = await services.deployer.app(params.app);
    await services.deployer.destroyApp(name);
    await services.store.db.transaction().execute(async (tx) => {
      // Recorded traffic goes with the app; what was proposed and decided about it stays.
      await tx.deleteFrom('incidents').where('app', '=', name).execute();
      await tx.deleteFrom('slices').where('app', '=', name).execute();
      await audit(tx, { actor: identity.name, action: 'app.destroy', subject: name });
    });
    services.events.publish({ topic: 'app', id: name, app: name, text: null });
    return { ok: true };
  },

  async listReleases({ services, input: { params } }) {
    const app = await services.deployer.app(params.app);
    return (await services.deployer.releases(app.name)).map((release) => showRelease(release, app));
  },

  async listDeployments({ services, input: { params, query } }) {
    const app = await services.deployer.app(params.app);
    return services.deployer.deployments(app.name, query.limit ?? 50);
  },

  async rollback({ services, input: { params, body }, identity, work }) {
    const { name } = await services.deployer.app(params.app);
    const result = await services.deployer.rollback(name, body.release, work.onProgress);
    await audit(services.store.db, {
      actor: identity.name,
      action: 'app.rollback',
      subject: name,
      detail: { release: versionOf(result.release) },
    });
    services.events.publish({ topic: 'deployment', id: result.deployment.id, app: name, text: null });
    const app = await services.deployer.app(name);
    return { app: name, release: showRelease(result.release, app), url: result.url, seconds: result.seconds };
  },

  async logs({ services, input: { params, query } }) {
    const { name } = await services.deployer.app(params.app);
    return services.deployer.logs(name, { lines: query.lines ?? 200 });
  },

  async listEnv({ services, input: { params } }) {
    const { name } = await services.deployer.app(params.app);
    return services.deployer.envNames(name);
  },

  async setEnv({ services, input: { params, body }, identity }) {
    const { name } = await services.deployer.app(params.app);
    await services.deployer.setEnv(name, body, { restart: services.serving });
    await audit(services.store.db, {
      actor: identity.name,
      action: 'app.env',
      subject: name,
      // Names only: values are secrets.
      detail: { names: Object.keys(body) },
    });
    return services.deployer.envNames(name);
  },
};
