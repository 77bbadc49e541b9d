import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Commit, Verdict } from '../model.ts';
import { triageByRules } from './engine.ts';
import { loadProject } from './project.ts';

const haproxy = await loadProject('haproxy');
const NOW = Date.parse('2024-06-01T00:00:00Z');
let count = 0;

function commit(subject: string, body: string, over: Partial<Commit> = {}): Commit {
  count++;
  const sha = `abc${count.toString(16).padStart(5, '0')}`.padEnd(40, 'e');
  const date = new Date(Date.parse('2024-01-01T00:00:00Z') + count * 3_600_000).toISOString();
  return {
    sha,
    date,
    subject,
    body,
    files: [{ path: 'src/mux.c', added: 3, removed: 1 }],
    author: null,
    ...over,
  };
}

function calls(commits: Commit[], branches = ['2.9'], now = NOW): Verdict[] {
  return triageByRules(haproxy, commits, branches, now);
}

describe('the rules engine', () => {
  it('answers for each commit and branch, in the order given, and quotes why', () => {
    const commits = [
      commit('BUG/MEDIUM: mux: fix a crash', 'It must be backported as far as 2.8.'),
      commit('MINOR: mux: add a keyword', 'A new keyword.'),
      commit('BUG/MINOR: mux: fix the new keyword', 'No backport needed.'),
    ].toReversed();
    const verdicts = calls(commits, ['2.9', '2.6']);
    expect(verdicts.map(({ branch, verdict }) => `${branch} ${verdict}`)).toEqual([
      '2.9 no',
      '2.6 no',
      '2.9 no',
      '2.6 no',
      '2.9 yes',
      '2.6 no',
    ]);
    expect(verdicts[4]!.evidence[0]).toBe('"It must be backported as far as 2.8."');
    expect(verdicts[4]!.confidence).toBeGreaterThan(0.9);
    expect(verdicts[5]!.reason).toBe('The message asks for later branches only.');
  });

  it('waits as long as the message asks, and no longer', () => {
    const commits = [
      commit('BUG/MEDIUM: mux: fix it', 'This must be backported to 2.9 after two weeks of observation.'),
    ];
    const at = Date.parse(commits[0]!.date);
    const [early] = calls(commits, ['2.9'], at + 13 * 86_400_000);
    const [late] = calls(commits, ['2.9'], at + 15 * 86_400_000);
    expect([early!.verdict, late!.verdict]).toEqual(['wait', 'yes']);
    expect(early!.waitUntil).toBe(new Date(at + 14 * 86_400_000).toISOString());
  });

  it('raises what a wanted commit names as needed, and lists it there', () => {
    const needed = commit('MINOR: mux: add mux_helper()', 'It does a thing.');
    const alone = calls([needed])[0]!;
    const fix = commit(
      'BUG/MAJOR: mux: use it',
      `It must be backported to 2.9. It depends on commit ${needed.sha.slice(0, 9)} ("${needed.subject}").`,
    );
    const [first, second] = calls([needed, fix]);
    expect(first!.probability).toBeGreaterThan(alone.probability + 0.3);
    expect(second!.needs).toEqual([needed.sha]);
  });

  it('raises what adds a function that a wanted fix speaks of, though neither names the other', () => {
    const helper = commit('MINOR: mux: add mux_new_helper()', 'It does a thing.', { files: [] });
    const far = Array.from({ length: 5 }, () => commit('CLEANUP: doc: x', '', { files: [] }));
    const fix = commit('BUG/MINOR: h2: a crash', 'Call mux_new_helper() first. Must be backported to 2.9.');
    const plain = calls([helper, ...far])[0]!.probability;
    expect(calls([helper, ...far, fix])[0]!.probability).toBeGreaterThan(plain);
  });

  it('takes silent commits less far back than to the newest of the branches', () => {
    const silent = commit('DOC: config: fix a typo', '');
    const [newest, older] = calls([silent], ['2.9', '2.6']);
    expect(older!.probability).toBeLessThan(newest!.probability);
    expect(calls([silent], ['2.6'])[0]!.probability).toBe(newest!.probability);
  });

  it('knows a project by its file only, and says which entry of a file is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-rules-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'own.yaml');
    const given = `name: own\nabout: [uplift*]\nsentences: [{id: uplift, says: asks, phrases: ["uplift to {version}"]}]\nmodel: {told: {base: 0, weights: {"asked:asks": 4}}, silent: {base: -4, weights: {}}}\n`;
    await writeFile(file, given);
    const own = await loadProject(file);
    const [verdict] = triageByRules(own, [commit('x', 'Please uplift to 2.9.')], ['2.9'], NOW);
    expect(verdict).toMatchObject({
      verdict: 'yes',
      evidence: ['"Please uplift to 2.9."', 'rule asked:asks +4.0'],
    });
    await writeFile(file, given.replace('{version}', '{versoin}'));
    await expect(loadProject(file)).rejects.toThrow(
      /own\.yaml: sentences\.0\.phrases\.0: \{versoin\}: must be of/,
    );
    await writeFile(file, 'a: [');
    await expect(loadProject(file)).rejects.toThrow(/own\.yaml: /);
    await expect(loadProject('nowhere')).rejects.toThrow('nowhere: no such rules');
  });
});
