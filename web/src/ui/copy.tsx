import { useState, type ReactNode } from 'react';
import { Icon } from './icons.tsx';

/** A command or an address, with a button that copies it. */
export function Copyable({ text, label }: { text: string; label: string }): ReactNode {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // Not over plain HTTP from elsewhere, and not where the browser forbids it.
      setSaid('Select it and copy');
    }
  };
  return (
    <span className="flex max-w-full items-center gap-2">
      <code className="wrap-any rounded bg-sunken px-2 py-1 font-mono text-[13px] select-all">{text}</code>
      <button
        type="button"
        aria-label={`Copy ${label}`}
        title={`Copy ${label}`}
        onClick={() => void copy()}
        className="rounded p-1.5 text-soft hover:bg-sunken hover:text-ink"
      >
        <Icon name={said === 'Copied' ? 'check' : 'copy'} />
      </button>
      <span aria-live="polite" className="text-xs text-soft">
        {said}
      </span>
    </span>
  );
}
