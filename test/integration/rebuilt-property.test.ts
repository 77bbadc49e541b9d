import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPostgres, startPostgres, type PostgresServer } from '../../src/eval/services/postgres.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { gather, judge } from '../corpus/rebuilt/play.ts';
import { needs } from '../needs.ts';

const CASES = 4;
const CALLS = 130;

needs((await findPostgres()) !== null, 'PostgreSQL: apt-get install postgresql')(
  'PostgreSQL, rebuilt from what was recorded',
  () => {
    let folder: string;
    let server: PostgresServer;

    beforeAll(async () => {
      folder = await scratchDir('rebuilt-pg');
      server = await startPostgres(join(folder, 'pg'));
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('dares no answer that is not the real one', async () => {
      let [calls, dared] = [0, 0];
      for (let seed = 1; seed <= CASES; seed++) {
        const played = await judge(await gather(server, seed, CALLS));
        expect(played.wrong).toEqual([]);
        for (const tally of played.byKind.values()) {
          calls += tally.calls;
          dared += tally.dared;
        }
      }
      expect(calls).toBeGreaterThan(400);
      // Silence is never wrong either.
      expect(dared / calls).toBeGreaterThan(0.25);
    });
  },
);
