import type { Sandbox } from '../sandbox/port.ts';
import type { App, AppSettings, DeploymentRecord, Release } from './model.ts';

/** What deploy keeps. `store.ts` does it over Kysely; nothing else here knows the database. */
export interface ReleaseStore {
  /** Throws `conflict` when the name is taken. */
  createApp(name: string, settings: AppSettings): Promise<App>;
  findApp(name: string): Promise<App | undefined>;
  listApps(): Promise<App[]>;
  /** With everything of it. */
  deleteApp(name: string): Promise<void>;
  saveSettings(app: string, settings: AppSettings): Promise<void>;
  setCurrent(app: string, release: string | null): Promise<void>;

  /** Numbers it: one more than the app's highest. */
  createRelease(release: Omit<Release, 'number'>): Promise<Release>;
  findRelease(id: string): Promise<Release | undefined>;
  /** Newest first. */
  listReleases(app: string): Promise<Release[]>;
  updateRelease(
    id: string,
    change: Partial<Pick<Release, 'status' | 'builder' | 'launch' | 'error' | 'readyAt'>>,
  ): Promise<void>;

  createDeployment(deployment: DeploymentRecord): Promise<void>;
  updateDeployment(
    id: string,
    change: Partial<Pick<DeploymentRecord, 'state' | 'port' | 'endedAt' | 'reason'>>,
  ): Promise<void>;
  /** Newest first, at most `limit`. */
  listDeployments(app: string, limit: number): Promise<DeploymentRecord[]>;

  /** Encrypted values by name. */
  readEnvironment(app: string): Promise<Map<string, Uint8Array>>;
  /** Null removes. All or nothing. */
  writeEnvironment(app: string, changes: ReadonlyMap<string, Uint8Array | null>): Promise<void>;
}

/** Builds an image from a folder with a Dockerfile. The `oci` sandbox has one; its registry hands it over. */
export interface ImageBuilder {
  /** What runs its images. */
  readonly sandbox: Sandbox;
  available(): Promise<{ ok: true } | { ok: false; reason: string; mend: string }>;
  /** Returns the image's id. Throws a `VouchError` when the build fails; its output went to `onOutput`. */
  build(request: {
    /** Folder with the Dockerfile at its top. */
    tree: string;
    /** Names the image: `APP:REL_ID`. */
    tag: string;
    onOutput: (line: string) => void;
    timeoutMs: number;
  }): Promise<string>;
  /** One that is gone, or still in use, is fine. */
  remove(image: string): Promise<void>;
}
