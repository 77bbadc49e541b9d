import type { ReactNode } from 'react';

const PATHS = {
  check: 'M4 12.5l5 5L20 6.5',
  cross: 'M6 6l12 12M18 6L6 18',
  question: 'M8.5 8.5a3.5 3.5 0 1 1 5.2 3c-1 .6-1.7 1.2-1.7 2.5M12 18v.5',
  dash: 'M6 12h12',
  alert: 'M12 3.5L22 20H2L12 3.5zM12 10v4.5M12 17.2v.3',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M5 19l1.7-1.7M17.3 6.7L19 5',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  system: 'M3 4.5h18v12H3zM8.5 20.5h7M12 16.5v4',
  keyboard: 'M2.5 6h19v12h-19zM6 10h.5M10 10h.5M14 10h.5M18 10h.5M7.5 14.5h9',
  back: 'M9 6l-6 6 6 6M3 12h11a6 6 0 0 1 6 6',
  wrench:
    'M14.5 6.5a4.5 4.5 0 0 1 5.6-1.3l-3 3 1.7 1.7 3-3a4.5 4.5 0 0 1-6 5.7L8 20.4 3.6 16l7.8-7.8a4.5 4.5 0 0 1 3.1-1.7z',
  link: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  user: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c.8-4.2 4-6 8-6s7.2 1.8 8 6',
  down: 'M6 9l6 6 6-6',
} as const;
export type IconName = keyof typeof PATHS;

/** Decoration beside a word: never the only sign. */
export function Icon({ name, className = '' }: { name: IconName; className?: string }): ReactNode {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden="true"
      width="1em"
      height="1em"
      className={`inline-block shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth={2.4}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
