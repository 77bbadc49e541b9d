import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

const KEYS: readonly [string, string][] = [
  ['g a', 'apps'],
  ['g i', 'incidents'],
  ['g p', 'proposals'],
  ['g r', 'recordings'],
  ['g t', 'traces'],
  ['g b', 'backports'],
  ['j', 'next row of a list'],
  ['k', 'row before'],
  ['Enter', 'open it'],
  ['/', 'search in the list'],
  ['?', 'this help'],
  ['Esc', 'close'],
];

export function Help({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  return (
    <Dialog title="Keyboard" open={open} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-5 gap-y-1.5">
        {KEYS.map(([keys, does]) => (
          <div key={keys} className="contents">
            <dt className="flex gap-1">
              {keys.split(' ').map((key) => (
                <kbd
                  key={key}
                  className="min-w-6 rounded border border-line-strong bg-sunken px-1.5 text-center font-mono text-sm"
                >
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div className="mt-5 text-right">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
