import { useEffect, useId, useRef, type ReactNode } from 'react';

/** A modal dialog: the browser keeps the focus inside, Escape closes, focus returns to where it was. */
export function Dialog({
  title,
  open,
  onClose,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open) dialog?.showModal();
    else dialog?.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onClose={onClose}
      className="w-[min(34rem,calc(100vw-2rem))] rounded-xl border border-line bg-panel p-5 text-ink shadow-xl"
    >
      <h2 id={id} className="wrap-any mb-3 text-lg font-bold">
        {title}
      </h2>
      {open && children}
    </dialog>
  );
}
