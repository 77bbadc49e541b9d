import { join } from 'node:path';
import { describe } from 'vitest';
import { sandboxContract } from '../../src/sandbox/contract.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { needs } from '../needs.ts';

const { oci } = sandboxes();
const state = await oci.available();

describe.skipIf(!needs(state.ok, state.ok ? '' : `${state.reason}: ${state.mend}`))('containers', () =>
  sandboxContract(oci, join(import.meta.dirname, 'sandbox-owner-child.ts')),
);
