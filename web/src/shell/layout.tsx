import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { signOut } from '../api/client.ts';
import { followChanges, useConnection } from '../api/live.ts';
import { ask, isSignedOut, queryClient } from '../api/queries.ts';
import type { Output } from '../api/routes.ts';
import { useTheme } from '../lib/theme.ts';
import { Icon, type IconName } from '../ui/icons.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { Help } from './help.tsx';
import { Logo } from './logo.tsx';
import { PLACES, useShortcuts } from './shortcuts.ts';
import { SignIn } from './sign-in.tsx';

const NAV = [
  ['/apps', 'Apps'],
  ['/incidents', 'Incidents'],
  ['/proposals', 'Proposals'],
  ['/recordings', 'Recordings'],
  ['/traces', 'Traces'],
  ['/backport', 'Backports'],
  ['/doctor', 'Doctor'],
] as const;

export function Layout(): ReactNode {
  const { data: me, error, refetch } = useQuery(ask('me', {}));
  if (isSignedOut(error)) return <SignIn />;
  if (me) return <SignedIn me={me} />;
  return (
    <main className="mx-auto max-w-3xl p-6">
      {error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="Vouch" />}
    </main>
  );
}

function SignedIn({ me }: { me: Output<'me'> }): ReactNode {
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  useShortcuts(
    useCallback((to: (typeof PLACES)[keyof typeof PLACES]) => void navigate({ to }), [navigate]),
    useCallback(() => setHelp(true), []),
  );
  useEffect(followChanges, []);
  return (
    <>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-20 focus:bg-panel focus:p-2"
      >
        Skip to the page
      </a>
      <header className="sticky top-0 z-10 border-b border-line bg-panel">
        <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-5 px-4 md:px-6">
          <Link to="/" className="py-2" aria-label="Vouch, overview">
            <Logo />
          </Link>
          <nav
            aria-label="Pages"
            className="order-last -mx-4 flex w-[calc(100%+2rem)] overflow-x-auto border-t border-line px-2 md:order-none md:mx-0 md:w-auto md:border-0 md:px-0"
          >
            {NAV.map(([to, name]) => (
              <Link
                key={to}
                to={to}
                className="border-b-2 border-transparent px-2.5 py-2 text-sm font-semibold text-soft hover:text-ink md:py-3"
                activeProps={{ className: '!border-accent !text-ink' }}
              >
                {name}
              </Link>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-1 text-sm">
            <Live />
            <ThemeButton />
            <HeadButton label="Keyboard help" icon="keyboard" onClick={() => setHelp(true)} />
            <Account me={me} />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-7xl p-4 outline-none md:px-6 md:py-6">
        <Outlet />
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  );
}

function Live(): ReactNode {
  const state = useConnection();
  const [mark, word, title] = {
    live: ['bg-good', 'Live', 'This page follows what happens'],
    connecting: ['bg-line-strong', 'Connecting', 'Asking the server to tell what happens'],
    lost: ['bg-bad', 'Offline', 'The server does not answer; what is shown may be old. Trying again.'],
  }[state] as [string, string, string];
  return (
    <span role="status" title={title} className="flex items-center gap-1.5 px-1 text-xs text-soft">
      <span className={`size-2 rounded-full ${mark}`} />
      {word}
    </span>
  );
}

function ThemeButton(): ReactNode {
  const { theme, next, choose } = useTheme();
  const icons = { system: 'system', light: 'sun', dark: 'moon' } as const;
  return (
    <HeadButton
      label={`Colours: ${theme === 'system' ? 'as the system' : theme}; change to ${next}`}
      icon={icons[theme]}
      onClick={() => choose(next)}
    />
  );
}

function HeadButton({
  label,
  icon,
  onClick,
}: {
  label: string;
  icon: IconName;
  onClick: () => void;
}): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="rounded-md p-2 text-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name={icon} className="size-[1.15em]" />
    </button>
  );
}

function Account({ me }: { me: Output<'me'> }): ReactNode {
  const leave = async (): Promise<void> => {
    await signOut();
    await queryClient.resetQueries();
  };
  return (
    <details className="relative">
      <summary className="flex list-none items-center gap-1.5 rounded-md p-2 font-semibold text-soft hover:bg-sunken hover:text-ink">
        <Icon name="user" />
        <span className="max-w-24 truncate">{me.name}</span>
      </summary>
      <div className="absolute right-0 z-20 mt-1 w-52 rounded-lg border border-line bg-panel p-3 shadow-lg">
        <p className="wrap-any text-soft">
          Token <strong className="text-ink">{me.name}</strong>, role {me.role}
        </p>
        <button
          type="button"
          onClick={() => void leave()}
          className="mt-2 w-full rounded-md border border-line-strong px-3 py-1.5 font-semibold hover:bg-sunken"
        >
          Sign out
        </button>
      </div>
    </details>
  );
}
