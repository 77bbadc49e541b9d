import type { Transformation } from './site.ts';

/** All transformations; one line each. The order says nothing: candidates are ranked. */
export const TRANSFORMATIONS: readonly Transformation[] = [];
