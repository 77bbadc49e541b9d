import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../lib/scratch.ts';
import type { Commit, Verdict } from '../model.ts';
import { pageDataOf, pageLinks, type PageOptions } from './data.ts';
import { renderPage, writePage } from './write.ts';

const SCRIPT = 'const end = "<\\/script>"; const style = "<style>";';
const TEMPLATE = `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="%vouch-policy%" />
<title>%vouch-title%</title><style>body{color:red}</style></head><body>
<script type="application/json" id="data">%vouch-data%</script><script type="module">${SCRIPT}</script></body></html>`;

const OPTIONS: PageOptions = {
  key: 'abc',
  title: 'v1..master',
  project: 'haproxy',
  branches: ['3.0', '__proto__'],
  autoYes: 0.9,
  generatedAt: 0,
  links: { commit: null, issue: null },
};

function commit(part: Partial<Commit> = {}): Commit {
  return {
    sha: 'a'.repeat(40),
    date: '2023-12-18T10:00:00Z',
    subject: 'BUG/MINOR: mux: mend it',
    body: '',
    files: [],
    author: { name: 'Foo', email: 'foo@haproxy.org' },
    ...part,
  };
}

function verdict(part: Partial<Verdict> = {}): Verdict {
  return {
    sha: 'a'.repeat(40),
    subject: '',
    branch: '3.0',
    verdict: 'yes',
    confidence: 0.9,
    probability: 0.9,
    reason: 'The message asks for a backport.',
    engine: 'rules',
    evidence: [],
    needs: [],
    conflicts: null,
    prerequisites: [],
    already: null,
    waitUntil: null,
    ...part,
  };
}

function jsonOf(page: string): string {
  return /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
}

describe('renderPage', () => {
  it('holds the data whatever is written in it, as one element that ends nowhere else', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '</script><script>alert(1)</script>',
        '<!--<script>',
        ']]>',
        '%vouch-data%',
        "$& $1 $` $'",
        '\u2028\u2029\0\ud800',
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (subject, title) => {
        const data = pageDataOf([commit({ subject })], [], { ...OPTIONS, title });
        const page = renderPage(TEMPLATE, data);
        const json = jsonOf(page);
        expect(json).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(data)));
        expect(page.match(/<script/g)).toHaveLength(2);
        expect(page.match(/<\/title>/g)).toHaveLength(1);
      }),
    );
  });

  it('lets only its own script and style act', () => {
    const page = renderPage(TEMPLATE, pageDataOf([], [], OPTIONS));
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const hash = (text: string): string => createHash('sha256').update(text).digest('base64');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${hash(SCRIPT)}'`,
      `style-src 'sha256-${hash('body{color:red}')}'`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it('refuses a template that lacks a blank', () => {
    const data = pageDataOf([], [], OPTIONS);
    expect(() => renderPage(TEMPLATE.replace('%vouch-data%', ''), data)).toThrow(/%vouch-data%/);
    expect(() => renderPage(TEMPLATE.replace('<style>', ''), data)).toThrow(/<style>/);
  });

  it('is written whole', async () => {
    const folder = await scratchDir('page');
    try {
      const file = join(folder, 'deep', 'review.html');
      await writePage(file, TEMPLATE, pageDataOf([commit()], [verdict()], OPTIONS));
      expect(jsonOf(await readFile(file, 'utf8'))).toContain('BUG/MINOR');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('pageDataOf', () => {
  it('has a verdict or none for each branch, in their order', () => {
    const { commits } = pageDataOf([commit()], [verdict({ branch: '__proto__', verdict: 'wait' })], OPTIONS);
    expect(commits[0]!.verdicts.map((one) => one?.verdict ?? null)).toEqual([null, 'w']);
  });

  it('shortens addresses, messages and lists of files', () => {
    const files = Array.from({ length: 25 }, (_, i) => ({ path: `f${i}`, added: 1, removed: 2 }));
    const long = commit({
      body: 'x'.repeat(2 ** 20),
      files,
      author: { name: '', email: 'a@b@example.co.uk' },
    });
    const [made] = pageDataOf([long], [], OPTIONS).commits;
    expect(made!.author).toBe('a@b@example');
    expect(made!.body).toHaveLength(4001);
    expect(made!.files).toHaveLength(20);
    expect(made!.moreFiles).toBe(5);
    expect(pageDataOf([commit({ author: null })], [], OPTIONS).commits[0]!.author).toBeNull();
  });

  it.each([
    ['BUG/MAJOR: x: y', '', true],
    ['DOC: x', '', true],
    ['fix(http)!: y', '', true],
    ['docs: y', '', true],
    ['net: y', 'Fixes: 1234567890ab ("net: x")', true],
    ['DEBUG: x', '', false],
    ['MINOR: BUG: x', '', false],
    ['fixed it', '', false],
  ])('tells bugs and documentation by their tag: %s', (subject, body, bug) => {
    expect(pageDataOf([commit({ subject, body })], [], OPTIONS).commits[0]!.bug).toBe(bug);
  });

  it('leaves out what is no commit id, and more than a browser can hold', () => {
    const needs = ['b'.repeat(40), '$(rm -rf .)', 'abc'];
    const { commits } = pageDataOf(
      [commit(), commit({ sha: '"><img>' })],
      [verdict({ needs, prerequisites: needs })],
      OPTIONS,
    );
    expect(commits).toHaveLength(1);
    expect(commits[0]!.verdicts[0]!.needs).toEqual(['b'.repeat(40)]);
    expect(commits[0]!.verdicts[0]!.prerequisites).toEqual(['b'.repeat(40)]);
    expect(() =>
      pageDataOf(
        Array.from({ length: 50_001 }, () => commit()),
        [],
        OPTIONS,
      ),
    ).toThrow(/narrower|at most/);
  });
});

describe('pageLinks', () => {
  it('takes web addresses with their blank', () => {
    expect(pageLinks({ commitUrl: 'https://example.org/c/{sha}' })).toEqual({
      commit: 'https://example.org/c/{sha}',
      issue: null,
    });
  });

  it.each([
    'javascript:alert({sha})',
    'file:///{sha}',
    '{sha}',
    '',
    'https://example.org/',
    `https://e.org/{sha}${'x'.repeat(600)}`,
  ])('refuses %s', (commitUrl) => {
    expect(() => pageLinks({ commitUrl })).toThrow(/--commit-url/);
  });
});
