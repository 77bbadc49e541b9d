import type { Exchange, Rebuilt } from '../../port.ts';
import { RedisKnowledge } from './knowledge.ts';
import { startRedisServer } from './server.ts';
import { RedisState } from './state.ts';

/** A redis-server that holds just the keys that the recording proves. */
export async function rebuildRedis(exchanges: readonly Exchange[]): Promise<Rebuilt> {
  const server = await startRedisServer();
  try {
    const knowledge = await RedisKnowledge.read(server, exchanges);
    return {
      at: async (moment) => RedisState.load(server, await knowledge.at(moment)),
      close: () => server.close(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
