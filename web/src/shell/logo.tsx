import type { ReactNode } from 'react';

export function Logo({ large = false }: { large?: boolean }): ReactNode {
  return (
    <span className={`inline-flex items-center gap-2 font-bold ${large ? 'text-2xl' : 'text-lg'}`}>
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-[1.35em]">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path
          d="M8 16.5l5.5 5.5L24.5 10.5"
          fill="none"
          className="stroke-accent-ink"
          strokeWidth="3.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      Vouch
    </span>
  );
}
