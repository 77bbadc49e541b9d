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
    ['Do not forget to backport this one.', 'asks'],
    ["It's not deemed as sufficient to be backported.", 'declines'],
    ['While this is sufficient for a simple fix to be backported, it leaves the FD polled.', 'remark'],
    ['Backporting: 2.9, 2.8', 'asks'],
    ['Must be backported to 2.7 where "show quic" has already been backported.', 'asks', ['already']],
    ['This patch must be backported everywhere the above commit was backported.', 'asks', ['if-other']],
    ['The above commit was backported to 2.4, thus this one should also be backported.', 'asks'],
    ['Given that the patch above was backported as far as 1.8, this one will have to be backported.', 'asks'],
    ['The first one will not be backported, the second one was backported as far as 1.8.', 'declines'],
    ['This does not need to be backported as d9c7188 was not marked for backports.', 'declines'],
    ['It was pushed 2 years ago and backported to all stable versions.', 'remark'],
    ['It adds the minimally needed restart point so that it can easily be backported.', 'remark'],
    ['This should only be backported if explicitly required by another commit.', 'asks', ['if-needed']],
    ["It's worth noting that backporting it without the other would do harm.", 'remark'],
    ['It might be worth backporting the relevant parts.', 'may'],
    ['This patch (and the previous one) should be backported at least to 2.6.', 'asks', ['as-far-as']],
    ['It is probably a good idea to not backport it too far, and with some delay.', 'may', ['after-a-while']],
    ['It is 2.6-specific, no backport is needed.', 'declines'],
    ['No backport needed, 2.7 only.', 'declines', ['development-only']],
    [
      'Better wait for at least one extra -dev version before backporting though.',
      'remark',
      ['after-a-while'],
    ],
    ['So be careful during the backports.', 'remark', ['careful']],
    ['But to ease backports, it is forbidden for now.', 'remark'],
    ['This likely should not be backported, because scripts might rely on it.', 'declines'],
    ['It may have to be backported if that one is backported.', 'may', ['if-other']],
    ['I suggest to not backport it to 2.7.', 'declines'],
    ['This patch could be backported but most users will never notice.', 'may'],
    ['No Backported needed.', 'declines'],
    ['This must be backported everywhere the above commit is.', 'asks', ['if-other']],
    ['If the reverted commit is backported, this one must be backported too.', 'asks', ['if-other']],
    ['There is no reason to backport it for now except if it is required to fix a bug.', 'declines'],
    ['Should be backported until 2.2 (at least)', 'asks', ['as-far-as']],
    ['Could be backported if a fix depends on it.', 'may', ['if-needed']],
    ['To be backported only if the test failed.', 'asks', ['if-needed']],
    ['This commit is a backport of xxhash commit a470f2ef.', 'remark'],
    ['It probably does not need to be backported since this code is antique.', 'declines'],
    ['Must be backported in 2.5 + 2.6.', 'asks'],
    ['This could be backported until 1.9, but it is not so important.', 'may', ['not-important']],
    ['It was backported as far as 2.0.', 'remark', ['already']],
    ['Wait a little bit before backporting.', 'remark', ['after-a-while']],
    ['Backport should be done to all stable releases.', 'asks'],
    ['To be backported where the commit above was backported.', 'asks'],
    ['Given the patches above were tagged for backporting to 2.0, this one should be as well.', 'asks'],
    ['If any of the patches above is backported, this one will need to as well.', 'asks'],
    [
      'Since the commit above is tagged for backporting, this one will need to be backported along with it.',
      'asks',
    ],
    ['This patch must be backported to 2.6 and may be backported as far as 2.0.', 'asks'],
    ['This would need to be backported as far as 2.0 along with the next commit.', 'asks'],
    ['Thus it must be adapted to the legacy mode and backported to all other stable versions.', 'asks'],
    ['This patch must be backported as far as 2.2 and must be evaluated for 2.0.', 'asks'],
    ["It is marked as a bug so that we don't forget to backport it to stable branches.", 'asks'],
    ['This patch must only be bacported if the commit above is backported.', 'asks', ['if-other']],
    ['Should be back ported to 2.6', 'asks'],
    ['Must be merged into 2.6.', 'asks'],
    ['It maybe be backported but is probably not worth it.', 'may'],
    ['Should be interesting to backport this commit to 2.8.', 'may'],
    ['A backport to all stable versions could be considered at some point.', 'may'],
    ['A backport may be done to 2.4 if a problem is encountered.', 'may', ['if-needed']],
    ['A backport might be useful, but reporting a warning only.', 'may'],
    ['So the need to backport this patch must be evaluated for each branch.', 'may'],
    ['This patch is simple enough to be backported as far as 2.0.', 'may'],
    ['This remains extremely simple and should be easily backportable.', 'may'],
    [
      'While it should be easy to backport it as far as 2.2, it will have to be rewritten for lower versions.',
      'may',
    ],
    ["It's better to backport it to stable branches.", 'may'],
    ['It is probably best to not backport this beyond 2.6.', 'may'],
    [
      'There is no point in backporting this far away, but it would make sense to backport this fix at least there.',
      'may',
    ],
    [
      "It can be backported as far as 2.4, but there is little value in insisting if it doesn't backport easily.",
      'may',
    ],
    ["It's not certain it should be backported, because it's a bit sensitive.", 'may'],
    ["There's no real need to backport this though it will not hurt.", 'declines'],
    ["This doens't need to be backported though it would not harm either.", 'declines'],
    ['This not needs to be backported, as related to the rework.', 'declines'],
    ['Backport is useless because there is currently less than 32 of them.', 'declines'],
    ['They are not likely well suited for backporting.', 'declines'],
    ['It was not backported yet and it is thus probably a good idea to not do so.', 'declines'],
    ["It's probably wise to refrain from backporting it until it's reported.", 'declines'],
    ["Until there's any proof that it needs to be backported, better not do it.", 'declines'],
    ['So there is no reason to backport all these patches further than 2.9.', 'remark'],
    ['It is probably useless to backport it further.', 'remark'],
    ['But it will probably not be possible to backport them as far as 2.4.', 'remark'],
    ['However if for any reason this commit cannot be backported, a lock can be taken.', 'remark'],
    ['This patch should not be backported as-is, to avoid breaking the API.', 'remark'],
    ['This was found to be quite effective and later backported to 2.3.7.', 'remark'],
    ['So users of the last fix (backported to 2.3.8) may experience it again.', 'remark'],
    ['See comments in the aforementioned commit for backport hints if needed.', 'remark'],
    ['It has been mostly used during backport sessions but was apparently never committed!', 'remark'],
    ['The invocation must be removed for the backport to prevent a compilation error.', 'remark'],
    ['That part should just be ignored when backporting.', 'remark'],
    ['The commit above is marked to be backported as far as 2.0.', 'remark'],
    ['Old patches that have not yet been backported can be shown.', 'remark'],
    ['Nothing about it here.', null],
  ];
  it.each(rows)('%s', (...row) => check(haproxy, row));

  // What has to be there before this one is no ask for this one.
  const others: Row[] = [
    ['In this case, the previous commit should be backported before :', 'remark'],
    ['If it is backported, the commits above must be backported too.', 'remark'],
    ['These 2 commits need to be backported first:', 'remark'],
    ['Require the "host_only" converter to be backported.', 'remark'],
    ['It depends on these two previous patches which will then also have to be backported:', 'remark'],
    ['[in 2.4, commit b0281a49 ("MINOR: proxy: check if p is NULL") must be backported first]', 'remark'],
    ['To backport this change, it is required to backport first the following commits:', 'remark'],
    ['This patch depends on the previous patch and must be backported to 2.6.', 'asks'],
    ['Both this one and the previous one must be backported to 2.6.', 'asks'],
  ];
  it.each(others)('%s', (...row) => check(haproxy, row));

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

  it('keeps a quoted subject in one sentence, also over lines and with a colon at the end of one', () => {
    const said = (body: string): string[] => read(body).said.map(({ text }) => text);
    expect(
      said(
        'It can be backported.\nIf so, the commit ("MINOR: stream:\nSave the last rule") must be backported first.',
      ),
    ).toEqual([
      'It can be backported.',
      'If so, the commit ("MINOR: stream: Save the last rule") must be backported first.',
    ]);
    expect(said('It is like ("never closed:\nThis must be backported.\nNo more.').at(-1)).toContain(
      'must be backported',
    );
  });

  it('is quick on messages made to be slow', () => {
    const bombs = [
      'no '.repeat(2e6),
      '("'.repeat(2e6),
      '("A: '.repeat(1e6),
      '("a:\nA'.repeat(1e6),
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
