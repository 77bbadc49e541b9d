import { join } from 'node:path';
import { describe } from 'vitest';
import { sandboxContract } from '../../src/sandbox/contract.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { needs } from '../needs.ts';

const { local } = sandboxes();
const state = await local.available();

describe.skipIf(!needs(state.ok, state.ok ? '' : `${state.reason}: ${state.mend}`))('namespaces', () =>
  sandboxContract(local, join(import.meta.dirname, 'sandbox-owner-child.ts')),
);
