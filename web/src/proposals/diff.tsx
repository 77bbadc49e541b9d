import type { ReactNode } from 'react';
import { Pre } from '../exchange/message.tsx';
import { diffFiles, type DiffLine } from './diff-lines.ts';

const LOOK: Record<DiffLine['kind'], string> = {
  added: 'bg-good-wash',
  removed: 'bg-bad-wash',
  same: '',
  note: 'text-faint italic',
};
const SIGN: Record<DiffLine['kind'], string> = { added: '+', removed: '−', same: ' ', note: ' ' };
const SAID: Record<DiffLine['kind'], string> = { added: 'added: ', removed: 'removed: ', same: '', note: '' };

/** The change, file by file, with line numbers; long lines wrap. */
export function Diff({ patch }: { patch: string }): ReactNode {
  const files = diffFiles(patch);
  if (!files) {
    return (
      <div className="p-4">
        <Pre label="Patch">{patch === '' ? '(no change)' : patch}</Pre>
      </div>
    );
  }
  return files.map(({ name, hunks }, at) => (
    <div key={at} className={at > 0 ? 'border-t border-line' : ''}>
      <h3 className="wrap-any border-b border-line bg-sunken px-4 py-1.5 font-mono text-[13px] font-semibold">
        {name}
      </h3>
      {hunks.map(({ head, lines }, index) => (
        <div key={index}>
          {index > 0 && <p className="bg-info-wash px-4 py-0.5 font-mono text-xs text-info">{head}</p>}
          <table className="w-full table-fixed border-collapse font-mono text-[13px] leading-relaxed">
            <caption className="sr-only">
              {name}, {head}
            </caption>
            <colgroup>
              <col className="w-11" />
              <col className="w-11" />
              <col className="w-5" />
              <col />
            </colgroup>
            <tbody>
              {lines.map(({ kind, before, after, text }, line) => (
                <tr key={line} className={LOOK[kind]}>
                  <td className="pr-2 text-right align-top text-xs leading-[1.8] text-faint select-none">
                    {before}
                  </td>
                  <td className="pr-2 text-right align-top text-xs leading-[1.8] text-faint select-none">
                    {after}
                  </td>
                  <td
                    aria-hidden="true"
                    className={`align-top font-bold select-none ${kind === 'added' ? 'text-good' : 'text-bad'}`}
                  >
                    {SIGN[kind]}
                  </td>
                  <td className="wrap-any pr-3 whitespace-pre-wrap">
                    <span className="sr-only">{SAID[kind]}</span>
                    {text}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
    </div>
  ));
}
