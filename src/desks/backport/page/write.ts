import { createHash } from 'node:crypto';
import { writeFileAtomic } from '../../../lib/files.ts';
import type { PageData } from './data.ts';

/** Where a template holds what differs from page to page. */
const BLANKS = { policy: '%vouch-policy%', title: '%vouch-title%', data: '%vouch-data%' } as const;

/**
 * The page, whole. The template has one inline style and one inline script, which alone may act: not what is in the data, and
 * nothing may be fetched.
 */
export function renderPage(template: string, data: PageData): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(between(template, '<script type="module">', '</script>'))}'`,
    `style-src '${hashOf(between(template, '<style>', '</style>'))}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const blanks: [blank: string, content: string][] = [
    [BLANKS.policy, policy],
    [BLANKS.title, escapeText(data.title)],
    [BLANKS.data, escapeJson(JSON.stringify(data))],
  ];
  // Filled in one go from the left: what is filled in may hold the words of a blank.
  let rest = template;
  let page = '';
  for (const [blank, content] of blanks) {
    const at = rest.indexOf(blank);
    if (at === -1) throw new Error(`the template has no ${blank} in its place`);
    page += rest.slice(0, at) + content;
    rest = rest.slice(at + blank.length);
  }
  return page + rest;
}

export async function writePage(file: string, template: string, data: PageData): Promise<void> {
  await writeFileAtomic(file, renderPage(template, data));
}

/** JSON that is none of HTML's marks and can stand in a script element: the same to whoever parses it. */
function escapeJson(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[<>&"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replaceAll('\0', '');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function between(text: string, open: string, close: string): string {
  const from = text.indexOf(open);
  const to = text.indexOf(close, from);
  if (from === -1 || to === -1) throw new Error(`the template has no ${open}`);
  return text.slice(from + open.length, to);
}
