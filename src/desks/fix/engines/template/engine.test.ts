import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceTree } from '../../locate/tree.ts';
import { cases } from './cases/cases.ts';
import { createTemplateEngine, proposeIn } from './engine.ts';
import { candidatesFor, contextOf } from './fixture.ts';

describe('the template engine', () => {
  it('is always there', () => {
    expect(createTemplateEngine().unavailable()).toBeNull();
  });

  it.each([
    ['Error', 'connect ECONNREFUSED 127.0.0.1:5432'],
    ['error', 'password authentication failed for user "app"'],
    ['Error', 'ENOSPC: no space left on device, write'],
  ])('proposes nothing for %s: %s', (type, error) => {
    const test = { ...cases['express: a row that is not there']!, type, error };
    expect(candidatesFor(test)).toEqual([]);
  });

  it('keeps the line ends of a file', () => {
    const test = cases['express: a row that is not there']!;
    const files = { 'server.js': test.files['server.js']!.replaceAll('\n', '\r\n') };
    const [first] = candidatesFor({ ...test, files });
    expect(first!.changes['server.js']!.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('takes seconds at most for an app of 200 files', () => {
    const test = cases['express: an optional relation in another file']!;
    const files: Record<string, string> = { ...test.files };
    for (let i = 0; i < 200; i++)
      files[`src/more/${i}.js`] = test.files['src/routes.js']!.replaceAll('/checkout', `/checkout${i}`);
    const started = process.cpuUsage();
    expect(proposeIn(contextOf({ ...test, files }), new SourceTree(files)).length).toBeGreaterThan(0);
    // Of the processor, not of the clock: the machine that runs this may be busy with other tests.
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  it('is not brought down by frames that point anywhere, or by messages that lie', () => {
    const all = Object.values(cases);
    fc.assert(
      fc.property(
        fc.nat(all.length - 1),
        fc.nat(all.length - 1),
        fc.nat(40),
        fc.nat(80),
        (code, message, line, column) => {
          const test = all[code]!;
          const context = contextOf({ ...test, error: all[message]!.error, frames: [] });
          const file = Object.keys(test.files)[0]!;
          context.error.frames.push({
            function: null,
            file,
            line: line + 1,
            column: column + 1,
            inApp: true,
          });
          for (const each of proposeIn(context, new SourceTree(test.files)))
            expect(Object.keys(each.changes).length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 80 },
    );
  });
});
