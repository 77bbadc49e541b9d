import type { ReactNode } from 'react';

/** Narrows a list; `/` comes here, Escape empties it. */
export function Search({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <label className="flex grow items-center gap-2 sm:grow-0">
      <span className="sr-only">{label}</span>
      <input
        type="search"
        value={value}
        placeholder={`${label}  ( / )`}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          onChange('');
          event.currentTarget.blur();
        }}
        className="w-full rounded-md border border-line-strong bg-panel px-3 py-1.5 text-sm sm:w-64"
      />
    </label>
  );
}

export function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <label className="flex items-center gap-2 text-sm">
      <span className="text-soft">{label}</span>
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="max-w-44 rounded-md border border-line-strong bg-panel px-2 py-1.5 text-sm"
      >
        {options.map(([key, word]) => (
          <option key={key} value={key}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Whether all words of the search are somewhere in these texts. */
export function matches(search: string, texts: readonly (string | null)[]): boolean {
  const all = texts.join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
