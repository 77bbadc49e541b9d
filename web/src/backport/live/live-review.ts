import type { PageData } from '../../../../src/desks/backport/page/data.ts';
import { ApiError, call } from '../../api/client.ts';
import { onReview } from '../../api/live.ts';
import { isSignedOut, queryClient } from '../../api/queries.ts';
import type { Output } from '../../api/routes.ts';
import type { Choice } from '../journal.ts';
import { browserShelf } from '../keep.ts';
import type { Keeper } from '../keeper.ts';
import { PageModel, type Known } from '../page-model.ts';
import { Review } from '../store.ts';
import { Outbox, type Outcome } from './outbox.ts';
import type { Saying } from './saying.ts';

type Standings = Output<'listReviewDecisions'>;
const AGAIN_MS = 5000;
const SEND_MS = 60_000;
const LETTERS = { no: 'n', uncertain: 'u', wait: 'w', yes: 'y' } as const;

/** A review that several people look at, open in this page. */
export interface LiveReview {
  review: Review;
  outbox: Outbox<Standings>;
  /** Whether a newer page of the same history was published meanwhile. */
  isOld: () => boolean;
  onOld: (listener: () => void) => () => void;
  close(): void;
}

export function openLive(id: string, answer: Output<'getReview'>, refusal: string | undefined): LiveReview {
  const shelf = browserShelf();
  const outbox = new Outbox<Standings>(shelf, id, {
    send: (by, sayings) => send(id, by, sayings),
    taken(sayings, standings) {
      review.learn(standings.map(knownOf));
      review.arrived(sayings);
    },
    dropped: (sayings) => review.arrived(sayings),
  });
  // The page is as the server checked it; what people said comes beside it.
  const model = new PageModel({ ...(answer.page as PageData), decisions: [] });
  for (const one of answer.decisions) model.learn(knownOf(one));
  const review = new Review(model, {
    keeper: serverKeeper(outbox),
    shelf,
    refusal,
    readHash: () => location.hash,
    writeHash: (hash) => history.replaceState(history.state, '', hash),
    now: () => Date.now(),
  });
  let isOld = false;
  const oldListeners = new Set<() => void>();
  const news = follow(id, answer.decisions, (standings) => review.learn(standings.map(knownOf)));
  const stopListening = onReview(id, (text) => {
    isOld ||= text === null;
    for (const listener of oldListeners) listener();
    news.ask();
    // Whoever tells something can also be told something.
    if (outbox.state().trouble !== null) outbox.retry();
  });
  const onLine = (): void => {
    outbox.retry();
    news.ask();
  };
  const onAddress = (): void => review.readAddress();
  const onLeave = (): void => outbox.settle();
  const onUnload = (event: BeforeUnloadEvent): void => {
    const { waiting, isKept } = outbox.state();
    if (waiting > 0 && !isKept) event.preventDefault();
  };
  addEventListener('online', onLine);
  addEventListener('hashchange', onAddress);
  addEventListener('pagehide', onLeave);
  addEventListener('beforeunload', onUnload);
  outbox.retry();
  return {
    review,
    outbox,
    isOld: () => isOld,
    onOld(listener) {
      oldListeners.add(listener);
      return () => oldListeners.delete(listener);
    },
    close() {
      stopListening();
      removeEventListener('online', onLine);
      removeEventListener('hashchange', onAddress);
      removeEventListener('pagehide', onLeave);
      removeEventListener('beforeunload', onUnload);
      news.stop();
      outbox.settle();
      outbox.close();
    },
  };
}

/** Sends what is chosen, and keeps it until the server has it. */
function serverKeeper(outbox: Outbox<unknown>): Keeper {
  return {
    live: true,
    read: () =>
      outbox.all().map(({ branch, sha, call: letter, note, by, at, seen }) => ({
        branch,
        sha,
        choice: choiceOf(letter, { note, by, at, seen }),
      })),
    keep(changes, mark) {
      const sayings = changes.map(({ branch, sha, before, after }): Saying => {
        const { call: letter, ...rest } = after ?? { ...before!, call: null, note: '' };
        return { ...rest, branch, sha, call: letter ?? ((before?.call ?? null) === null ? null : 'x') };
      });
      outbox.add(sayings, mark);
    },
    settle: () => outbox.settle(),
    isOnlyHere: (branch, sha) => outbox.has(branch, sha),
    room: () => outbox.room(),
  };
}

function choiceOf(letter: Saying['call'], rest: Omit<Choice, 'call'>): Choice | null {
  const own = letter === 'x' ? null : letter;
  return own === null && rest.note === '' ? null : { ...rest, call: own };
}

/** Asks for all that was said since the last answer, one question at a time; again after a while when nobody answered. */
function follow(
  id: string,
  known: Standings,
  learn: (standings: Standings) => void,
): { ask: () => void; stop: () => void } {
  let last = known.reduce((most, one) => Math.max(most, one.id), 0);
  let isAsking = false;
  let isMore = false;
  let isStopped = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  const ask = async (): Promise<void> => {
    isMore = isAsking;
    if (isAsking) return;
    isAsking = true;
    clearTimeout(again);
    try {
      const said = await call('listReviewDecisions', { params: { review: id }, query: { after: last } });
      for (const one of said) last = Math.max(last, one.id);
      if (!isStopped) learn(said);
    } catch {
      // The head of the page says that the connection is lost.
      if (!isStopped) again = setTimeout(() => void ask(), AGAIN_MS);
    } finally {
      isAsking = false;
    }
    if (isMore && !isStopped) await ask();
  };
  return {
    ask: () => void ask(),
    stop() {
      isStopped = true;
      clearTimeout(again);
    },
  };
}

async function send(id: string, by: string, sayings: readonly Saying[]): Promise<Outcome<Standings>> {
  const said = sayings.map(({ sha, branch, call: letter, note, seen }) => ({
    sha,
    branch,
    call: letter,
    note,
    seen,
  }));
  try {
    const body = { by, sayings: said };
    // Sent twice is said twice, which changes nothing; an answer that never comes would hold up all that follows.
    const signal = AbortSignal.timeout(SEND_MS);
    return { kind: 'taken', answer: await call('sayOnReview', { params: { review: id }, body }, { signal }) };
  } catch (error) {
    // A session that ended shows the sign-in page; what is not saved waits in the browser.
    if (isSignedOut(error)) void queryClient.invalidateQueries({ queryKey: ['me'] });
    const why = error instanceof Error ? error.message : String(error);
    const isRefused = error instanceof ApiError && [400, 404, 409, 413, 422].includes(error.status);
    return { kind: isRefused ? 'refused' : 'later', why };
  }
}

function knownOf({ call: word, against, ...rest }: Standings[number]): Known {
  return {
    ...rest,
    call: word && LETTERS[word],
    against: against && { ...against, call: LETTERS[against.call] },
  };
}
