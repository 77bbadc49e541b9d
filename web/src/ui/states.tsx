import { useQuery, type UseQueryOptions } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { Button } from './button.tsx';
import { Icon } from './icons.tsx';

/** What happened, where, and what to do about it. */
export function Failure({ error, retry }: { error: Error; retry?: (() => void) | undefined }): ReactNode {
  const hint = error instanceof ApiError ? error.hint : undefined;
  return (
    <div role="alert" className="my-3 rounded-lg border border-bad bg-bad-wash p-4">
      <p className="wrap-any flex gap-2 font-semibold text-bad">
        <Icon name="alert" className="mt-1" />
        {error.message}
      </p>
      {hint !== undefined && (
        <p className="wrap-any mt-1">
          What to do: <span className="font-mono text-sm">{hint}</span>
        </p>
      )}
      {retry && (
        <Button onClick={retry} className="mt-3">
          Try again
        </Button>
      )}
    </div>
  );
}

export function Loading({ what }: { what: string }): ReactNode {
  return (
    <p role="status" className="animate-pulse py-6 text-faint">
      Loading {what}…
    </p>
  );
}

export function Empty({ children }: { children: ReactNode }): ReactNode {
  return <div className="rounded-lg border border-dashed border-line-strong p-5 text-soft">{children}</div>;
}

/** Asks, and shows waiting and failure; what has been seen stays while it is asked again. */
export function Asked<T>({
  query,
  what,
  children,
}: {
  query: UseQueryOptions<T, Error, T, readonly unknown[]>;
  what: string;
  children: (value: T) => ReactNode;
}): ReactNode {
  const { data, error, refetch } = useQuery(query);
  if (data !== undefined) {
    return (
      <>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {children(data)}
      </>
    );
  }
  return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what={what} />;
}
