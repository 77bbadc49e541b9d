import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOMS } from './boundaries.ts';

const SRC = resolve(import.meta.dirname, '../../src');
const IMPORT = /^(?:import|export)\s[^'"]*?from\s+'(\.[^']+)'|^import\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gms;

function roomOf(path: string): string {
  const parts = relative(SRC, path).split('/');
  return parts[0] === 'desks' ? `desks/${parts[1]}` : parts[0]!;
}

/** Imports between rooms: `[from room, to room, file]`. Tests may reach further than the code that they test. */
function crossings(): { from: string; to: string; file: string }[] {
  const found: { from: string; to: string; file: string }[] = [];
  for (const entry of readdirSync(SRC, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    if (dirname(file) === SRC) continue; // bin.ts dispatches; it belongs to no room
    for (const match of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const target = resolve(dirname(file), (match[1] ?? match[2] ?? match[3])!);
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== to) found.push({ from, to, file: relative(SRC, file) });
    }
  }
  return found;
}

describe('the house', () => {
  const all = crossings();

  it('imports only downwards, as the table says', () => {
    const wrong = all.filter(({ from, to }) => {
      const row = ROOMS[from];
      return !row || !(row.may.includes('*') || row.may.includes(to));
    });
    expect(wrong).toEqual([]);
  });

  it('imports an adapter of a port only from its registry', () => {
    const wrong = all.filter(({ to, file }) => {
      if (!['protocol', 'sandbox', 'llm', 'forge'].includes(to)) return false;
      const source = readFileSync(join(SRC, file), 'utf8');
      return new RegExp(`from '(?:\\.\\./)+${to}/[a-z0-9_-]+/`).test(source);
    });
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it('has no row that nothing uses', () => {
    const used = new Set(all.map(({ from, to }) => `${from} -> ${to}`));
    const stale = Object.entries(ROOMS).flatMap(([from, row]) =>
      row.may.filter((to) => to !== '*' && !used.has(`${from} -> ${to}`)).map((to) => `${from} -> ${to}`),
    );
    expect(stale).toEqual([]);
  });
});
