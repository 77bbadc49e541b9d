import { useId, useState, type FormEvent, type ReactNode } from 'react';
import { signIn } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/states.tsx';
import { Logo } from './logo.tsx';

/** Asks for a token in place of the page; the page's address stays, and the page comes when the token is good. */
export function SignIn(): ReactNode {
  const id = useId();
  const [token, setToken] = useState('');
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await signIn(token.trim());
      await queryClient.resetQueries();
    } catch (caught) {
      setError(caught as Error);
      setBusy(false);
    }
  };
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center p-5">
      <div className="rounded-xl border border-line bg-panel p-6">
        <Logo large />
        <h1 className="mt-4 text-xl font-bold">Sign in</h1>
        <form onSubmit={(event) => void submit(event)} className="mt-4">
          <label htmlFor={id} className="font-semibold">
            Token
          </label>
          <input
            id={id}
            type="password"
            autoComplete="current-password"
            required
            autoFocus
            value={token}
            onChange={(event) => setToken(event.target.value)}
            className="mt-1 w-full rounded-md border border-line-strong bg-panel px-3 py-2 font-mono"
          />
          <Button type="submit" kind="primary" disabled={busy} className="mt-3 w-full py-2">
            {busy ? 'Signing in…' : 'Sign in'}
          </Button>
        </form>
        {error && <Failure error={error} />}
        <p className="mt-4 text-sm text-soft">
          <code className="font-mono">vouch serve</code> printed an admin&rsquo;s token at its first start. An
          admin makes more with <code className="font-mono">npx vouch tokens create NAME</code>.
        </p>
      </div>
    </main>
  );
}
