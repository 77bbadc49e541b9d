import type { Migration } from '../migrate.ts';
import { initial } from './001-initial.ts';
import { deploy } from './002-deploy.ts';
import { traceRepairs } from './003-trace-repairs.ts';
import { backport } from './004-backport.ts';
import { backportDecisions } from './005-backport-decisions.ts';
import { backportReviews } from './006-backport-reviews.ts';
import { releaseSchemas } from './007-release-schemas.ts';

/** In order. An old migration never changes: a released one has run on somebody's data. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  deploy,
  traceRepairs,
  backport,
  backportDecisions,
  backportReviews,
  releaseSchemas,
];
