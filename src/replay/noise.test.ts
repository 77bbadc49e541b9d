import { describe, expect, it } from 'vitest';
import { generalise, learn, learnCalls, mask } from './noise.ts';

describe('noise', () => {
  it('is what differs between equal runs, lists taken together', () => {
    expect(learn([{ rows: [{ id: 1 }, { id: 2 }] }, { rows: [{ id: 3 }, { id: 4 }] }])).toEqual([
      'rows.*.id',
    ]);
  });

  it('is never the whole value, nor a status', () => {
    expect(learn(['a', 'b'])).toEqual([]);
    expect(learn([{ status: 200 }, { status: 500 }])).toEqual([]);
  });

  it('is never a whole body, but what looks generated in a text', () => {
    expect(learn([{ body: 'a' }, { body: 'b' }])).toEqual([]);
    const at = (time: string): { body: string } => ({ body: `as of ${time}` });
    expect(learn([at('2024-01-01T10:00:00Z'), at('2024-01-01T10:00:01Z')])).toEqual(['body#tokens']);
  });

  it('covers only what looks generated where the rest of a text is the same', () => {
    const a = { text: 'order 6f9619ff-8b86-d011-b42d-00cf4fc964ff shipped' };
    const b = { text: 'order 11111111-2222-3333-4444-555555555555 shipped' };
    const rules = learn([a, b]);
    expect(rules).toEqual(['text#tokens']);
    const masked = (text: string): unknown => mask({ text }, new Set(rules));
    expect(masked(a.text)).toEqual(masked(b.text));
    expect(masked(a.text)).not.toEqual(masked('order 6f9619ff-8b86-d011-b42d-00cf4fc964ff lost'));
  });

  it('keeps the position of parameters', () => {
    expect(generalise('params.1')).toBe('params.1');
    expect(generalise('rows.1.2')).toBe('rows.*.*');
  });

  it('of calls is learned only where runs differ from each other and from the recording', () => {
    const call = (
      id: string,
      total: string,
      recorded: string[],
    ): {
      protocol: string;
      canonical: { sql: string; params: string[] };
      recorded: { sql: string; params: string[] };
    } => ({
      protocol: 'postgres',
      canonical: { sql: 'INSERT', params: [id, total] },
      recorded: { sql: 'INSERT', params: recorded },
    });
    const { noise, learned } = learnCalls([call('x', '5', ['r', '4'])], [call('y', '5', ['r', '4'])], {});
    expect(learned).toBe(true);
    expect(noise).toEqual({ 'postgres INSERT': ['params.0'] });
    expect(learnCalls([call('x', '5', ['r', '4'])], [call('y', '5', ['r', '4'])], noise).learned).toBe(false);
  });
});
