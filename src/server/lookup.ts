import { VouchError } from '../lib/errors.ts';
import type { Store } from '../store/store.ts';

const KINDS = {
  incident: { table: 'incidents', list: 'vouch incidents' },
  proposal: { table: 'proposals', list: 'vouch proposals' },
  recording: { table: 'slices', list: 'vouch recordings APP' },
  trace: { table: 'traces', list: 'vouch traces list' },
} as const;

/** The whole id that `text` is, or is the only beginning of. Throws `not-found`, or `usage` when several begin so. */
export async function lookUp(store: Store, kind: keyof typeof KINDS, text: string): Promise<string> {
  const { table, list } = KINDS[kind];
  const missing = new VouchError('not-found', `${kind} ${text.slice(0, 80)}: there is none`, {
    hint: `\`${list}\` lists them`,
  });
  if (!/^[a-z]{2,5}_[0-9a-z]{0,16}$/.test(text)) throw missing;
  const found = await store.db
    .selectFrom(table)
    .select('id')
    .where('id', '>=', text)
    .where('id', '<', `${text}~`)
    .limit(2)
    .execute();
  if (found.length === 0) throw missing;
  if (found.length > 1 && found[0]!.id !== text) {
    throw new VouchError('usage', `${kind} ${text}: several begin so`, {
      hint: `give more of it; \`${list}\` lists them`,
    });
  }
  return found[0]!.id;
}
