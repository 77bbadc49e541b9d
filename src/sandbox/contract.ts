import { describe } from 'vitest';
import { files } from './contract/files.ts';
import { isolation } from './contract/isolation.ts';
import { life } from './contract/life.ts';
import { limits } from './contract/limits.ts';
import { network } from './contract/network.ts';
import { time } from './contract/time.ts';
import type { Sandbox } from './port.ts';

/**
 * What every adapter must do, with real programs. Needs root and what the adapter needs. `ownerProgram` is started with
 * a level and a tree, runs a sandbox of that level until it is killed, and prints `{ pid, cgroupPath }`.
 */
export function sandboxContract(sandbox: Sandbox, ownerProgram: string): void {
  describe(`sandbox ${sandbox.level}`, () => {
    describe('files', () => files(sandbox));
    describe('isolation', () => isolation(sandbox));
    describe('network', () => network(sandbox));
    describe('limits', () => limits(sandbox));
    describe('time', () => time(sandbox));
    describe('life', () => life(sandbox, ownerProgram));
  });
}
