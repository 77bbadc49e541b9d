import { describe, expect, it } from 'vitest';
import { loadProject, type Project } from './project.ts';
import { readMessage, readSentence, type Said } from './read-message.ts';

const haproxy = await loadProject('haproxy');

type Row = [sentence: string, call: Said['call'] | null, also?: Said['rules'][number][]];

function check(project: Project, [sentence, call, also = []]: Row): void {
  const said = readSentence(project, sentence);
  expect([sentence, said?.call ?? null]).toEqual([sentence, call]);
  for (const rule of also) expect(said?.rules, sentence).toContain(rule);
}

describe('what a sentence says of backports', () => {
  const rows: Row[] = [
    ['This should be backported as far as 2.4.', 'asks', ['as-far-as']],
    ['Must be backported to 2.6 and above.', 'asks', ['as-far-as']],
    ['To be backported in 2.5.', 'asks'],
    ['backport status: 2.2 and above', 'asks'],
    ['Need to be backported until v2.9, including v2.9.', 'asks'],
    ['It be backported as far as 2.4.', 'asks'],
    ['Should be backported to all versions.', 'asks'],
    ['It may be backported to 2.7 after a period of observation.', 'may', ['after-a-while']],
    ['Could be backported as far as 2.6.', 'may'],
    ['It might be helpful to backport this to 2.9.', 'may'],
    ['No backport needed.', 'declines'],
    ['No backport is needed, this was introduced in 2.7-dev2.', 'declines', ['development-only']],
    ["This doesn't need to be backported.", 'declines'],
    ['This patch cannot be backported.', 'declines'],
    ['There is no need to backport this.', 'declines'],
    ['It is not needed in stable versions.', 'declines'],
    ['This must not be backported, unless the above mentionned patch is.', 'declines', ['if-other']],
    ['No backport needed unless 969e212 gets backported.', 'declines', ['if-other']],
    ['It should be backported if/when the commit above is backported.', 'asks', ['if-other']],
    ['This patch was already backported to 2.8.', 'remark', ['already']],
    ['Do not forget to backport this one.', 'remark'],
    ['Nothing about it here.', null],
  ];
  it.each(rows)('%s', (...row) => check(haproxy, row));

  // The strings that HAProxy's patchbot misread, see shared/design/prior-art.md.
  it('does not take "uncertain (not stated)" for a no', () => {
    expect(readSentence(haproxy, 'uncertain (not stated)')).toBeNull();
    expect(readSentence(haproxy, 'Backport: uncertain (not stated)')?.call).toBe('remark');
  });
  it('does not take "no, since it does not say yes" for a yes', () => {
    expect(readSentence(haproxy, 'no, since it does not say yes')).toBeNull();
    expect(readSentence(haproxy, 'no backport, since it does not say yes')?.call).toBe('declines');
  });
  it('does not take "no need to wait" for a wait, nor for a no', () => {
    const said = readSentence(haproxy, 'This should be backported to 2.8, there is no need to wait.');
    expect(said?.call).toBe('asks');
    expect(said?.says.has('wait')).toBe(false);
    expect(readSentence(haproxy, 'There is no need to wait before backporting it.')?.call).not.toBe(
      'declines',
    );
  });
});

describe('what a message says', () => {
  const read = (body: string, subject = 'BUG/MINOR: mux: fix it'): ReturnType<typeof readMessage> =>
    readMessage(haproxy, { subject, body });

  it('finds instructions in wrapped lines and below others without a full stop', () => {
    expect(
      read(
        'A long explanation of what was wrong with it and why it\ntook so long to find.\nMust be\nbackported to 2.6',
      ).said,
    ).toMatchObject([{ call: 'asks', versions: ['2.6'] }]);
  });

  it.each([
    ['This should be backported after one week.', 7],
    ['Should be backported after two weeks of observation.', 14],
    ['It may be backported in a few releases.', 60],
    ['It may be backported to 2.7 after a period of observation.', 21],
    ['It may be backported to 2.7.', null],
  ])('%s', (body, days) => expect(read(body).waitDays).toBe(days));

  it('names the commits that it needs, that broke it and that it takes back', () => {
    const links = (body: string): unknown[] =>
      read(body).links.map(({ means, id, title }) => [means, id ?? title]);
    expect(links('This patch depends on commit 0123abc ("MINOR: mux: add a function").')).toEqual([
      ['needs', '0123abc'],
      ['needs', 'MINOR: mux: add a function'],
    ]);
    expect(links('This bug was introduced by commit 89abcde12.')).toEqual([['introduced', '89abcde12']]);
    expect(links('This reverts commit f2263435d71964d1aa3eb80df6464500696c0515.')).toEqual([
      ['reverts', 'f2263435d71964d1aa3eb80df6464500696c0515'],
    ]);
    expect(
      links('The following commits must be backported first:\n\n  7afa5c184 MINOR: global: define it\n'),
    ).toContainEqual(['needs', '7afa5c184']);
    expect(read('It must be backported to 2.7, along with the previous patch.').needsPrevious).toBe(true);
  });

  it('is quick on messages made to be slow', () => {
    const bombs = [
      'no '.repeat(2e6),
      '("'.repeat(2e6),
      '1.'.repeat(2e6),
      `${'a'.repeat(5e6)} backport`,
      "don't ".repeat(1e6),
      '\n'.repeat(5e6),
      '. '.repeat(2e6),
      'no backport not if unless 2.4 '.repeat(2e5),
    ];
    for (const bomb of bombs) {
      const start = performance.now();
      read(bomb);
      expect(performance.now() - start, bomb.slice(0, 10)).toBeLessThan(1500);
    }
  });

  it('reads words that every object has', () => {
    expect(read('The constructor and __proto__ of toString must be backported.').said).toHaveLength(1);
  });
});

describe('other projects', () => {
  it('reads the trailers of the kernel', async () => {
    const kernel = await loadProject('linux-stable');
    const reading = readMessage(kernel, {
      subject: 'net: fix a leak',
      body: 'It leaks.\n\nFixes: 0123abcd4567 ("net: add it")\nCc: stable@vger.kernel.org # 5.4+\nReported-by: somebody',
    });
    expect(reading.said).toMatchObject([{ call: 'asks', versions: ['5.4'] }]);
    expect(reading.links.map(({ means }) => means)).toEqual(['introduced', 'introduced']);
  });
  it('reads conventional subjects', async () => {
    const project = await loadProject('conventional-commits');
    expect(readMessage(project, { subject: 'fix(api)!: answer', body: '' }).head).toEqual({
      tags: ['fix'],
      area: 'api',
      rest: 'answer',
    });
  });
});
