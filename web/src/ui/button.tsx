import type { ComponentProps, ReactNode } from 'react';

const KINDS = {
  primary: 'bg-accent text-accent-ink border-accent hover:opacity-90',
  plain: 'bg-panel text-ink border-line-strong hover:bg-sunken',
  danger: 'bg-panel text-bad border-bad hover:bg-bad-wash',
} as const;

/** `refused` says why it cannot be used now: shown beside it, since a dead button that says nothing helps nobody. */
export function Button({
  kind = 'plain',
  refused,
  className = '',
  ...props
}: ComponentProps<'button'> & { kind?: keyof typeof KINDS; refused?: string | undefined }): ReactNode {
  return (
    <button
      type="button"
      {...props}
      disabled={props.disabled === true || refused !== undefined}
      title={refused ?? props.title}
      className={`inline-flex items-center justify-center gap-1.5 rounded-md border px-3 py-1.5 text-sm font-semibold disabled:cursor-not-allowed disabled:opacity-55 ${KINDS[kind]} ${className}`}
    />
  );
}
