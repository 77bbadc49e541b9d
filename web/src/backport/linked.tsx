import { createContext, use, type ReactNode } from 'react';
import { safeLink } from '../lib/safe-link.ts';
import type { PageModel } from './page-model.ts';
import { partsOf, plainText } from './text.ts';

export const ModelContext = createContext<PageModel | null>(null);

export function useModel(): PageModel {
  return use(ModelContext)!;
}

/** An address outside; text alone where the page knows no address. */
export function Outside({
  template,
  blank,
  value,
  children,
}: {
  template: string | null;
  blank: '{sha}' | '{number}';
  value: string;
  children: ReactNode;
}): ReactNode {
  const href =
    template === null ? undefined : safeLink(template.replaceAll(blank, encodeURIComponent(value)));
  if (href === undefined) return children;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** Goes to a row of this page; handled by the table that it stands in, or by the page. */
export function ToRow({ row, children }: { row: number; children?: ReactNode }): ReactNode {
  const model = useModel();
  const { sha, subject } = model.commit(row);
  return (
    <button type="button" className="bp-to" data-to={row} title={plainText(subject).slice(0, 200)}>
      {children ?? model.short(sha)}
    </button>
  );
}

/** A sentence of others, with what matters to a backport emphasised and linked. */
export function Linked({ text }: { text: string }): ReactNode {
  const model = useModel();
  const { links } = model.data;
  return partsOf(plainText(text), (sha) => model.find(sha) !== undefined).map((part, i) => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'strong') return <strong key={i}>{part.text}</strong>;
    if (part.kind === 'issue')
      return (
        <Outside key={i} template={links.issue} blank="{number}" value={part.number}>
          {part.text}
        </Outside>
      );
    const row = model.find(part.sha);
    if (row !== undefined)
      return (
        <ToRow key={i} row={row}>
          {part.text}
        </ToRow>
      );
    return (
      <Outside key={i} template={links.commit} blank="{sha}" value={part.sha}>
        <code>{part.text}</code>
      </Outside>
    );
  });
}
