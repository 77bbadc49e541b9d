import type { Checked, Output, RouteName } from './api.ts';
import type { Identity } from './auth.ts';
import type { Services, Work } from './services.ts';

/** One request of a route of the API, checked and allowed. */
export interface Call<N extends RouteName> {
  input: Checked<N>;
  identity: Identity;
  services: Services;
  /** For routes that stream; others have nobody who listens to progress. */
  work: Work;
}

type Handler<N extends RouteName> = (call: Call<N>) => Promise<Output<N>>;
export type Handlers = { [N in RouteName]: Handler<N> };
