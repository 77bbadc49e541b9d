import { QueryCache, QueryClient, queryOptions, type UseQueryOptions } from '@tanstack/react-query';
import { ApiError, call } from './client.ts';
import type { Input, Output, Used } from './routes.ts';

export const queryClient: QueryClient = new QueryClient({
  // A session that ended shows the sign-in page, whoever found out.
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (isSignedOut(error) && query.queryKey[0] !== 'me')
        void queryClient.invalidateQueries({ queryKey: ['me'] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
    },
  },
});

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** A route as a query; its key begins with the route's name, which is what live changes go by. */
export function ask<N extends Used>(
  name: N,
  input: Input<N>,
): UseQueryOptions<Output<N>, Error, Output<N>, readonly unknown[]> {
  return queryOptions({
    queryKey: [name, input] as readonly unknown[],
    queryFn: ({ signal }) => call(name, input, { signal }),
  });
}
