import { as, texts, walk, type Node } from './parse.ts';
import { NotDared, type Ref } from './scope.ts';

const SYSTEM: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid', 'oid']);

/**
 * The columns of each table that a statement may read, wherever a name could mean them: too many rather than too few.
 * A `*` that stands for all columns is one too.
 */
export function columnsRead(statement: unknown, refs: readonly Ref[]): Map<Ref, Set<number>> {
  const found = new Map(refs.map((ref) => [ref, new Set<number>()]));
  const add = (name: string, qualifier: string | undefined): void => {
    for (const ref of refs) {
      if (qualifier !== undefined && qualifier !== ref.name) continue;
      for (const column of ref.table?.columns ?? [])
        if (name === '*' || column.name === name) found.get(ref)!.add(column.number);
    }
  };
  for (const [kind, body] of walk(statement)) {
    if (kind === 'usingClause') for (const name of texts(body as unknown as Node[])) add(name, undefined);
    if (kind !== 'ColumnRef') continue;
    const fields = (body['fields'] ?? []) as Node[];
    const star = as(fields.at(-1), 'A_Star') !== undefined;
    const names = texts(fields);
    const name = star ? '*' : names.at(-1)!;
    if (!star && SYSTEM.has(name)) throw new NotDared(`${name} is the server's own`);
    add(name, fields.length >= 2 ? names.at(-2) : undefined);
    // A table's name alone is a whole row of it.
    if (!star) add('*', name);
  }
  return found;
}
