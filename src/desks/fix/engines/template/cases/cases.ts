import type { Expectation } from '../fixture.ts';
import { data } from './data.ts';
import { missing } from './missing.ts';
import { slips } from './slips.ts';

export const cases: Record<string, Expectation> = { ...missing, ...data, ...slips };
