import { useEffect, type ReactNode } from 'react';

/** A page's head; its title is the tab's too. */
export function PageHead({
  title,
  above,
  beside,
  children,
}: {
  title: string;
  above?: ReactNode;
  beside?: ReactNode;
  children?: ReactNode;
}): ReactNode {
  useEffect(() => {
    document.title = `${title.slice(0, 80)} · Vouch`;
  }, [title]);
  return (
    <header className="mb-5">
      {above && <p className="mb-1 text-sm text-soft">{above}</p>}
      <div className="flex flex-wrap items-start justify-between gap-3">
        <h1 className="wrap-any text-2xl leading-tight font-bold">{title}</h1>
        {beside && <div className="flex flex-wrap items-center gap-2">{beside}</div>}
      </div>
      {children && <div className="mt-2 text-soft">{children}</div>}
    </header>
  );
}

/** A titled part of a page. */
export function Section({
  title,
  note,
  beside,
  children,
  flush = false,
}: {
  title: string;
  note?: ReactNode;
  beside?: ReactNode;
  children: ReactNode;
  /** Without padding, for tables and code that reach the edge. */
  flush?: boolean;
}): ReactNode {
  return (
    <section
      aria-label={title}
      className="mb-5 relative min-w-0 overflow-hidden rounded-lg border border-line bg-panel"
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2.5">
        <h2 className="text-base font-bold">{title}</h2>
        {note && <p className="wrap-any text-sm text-soft">{note}</p>}
        {beside}
      </div>
      <div className={flush ? '' : 'p-4'}>{children}</div>
    </section>
  );
}

/** Names and values side by side. */
export function Facts({ of }: { of: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
      {of.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-faint">{name}</dt>
          <dd className="wrap-any">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
