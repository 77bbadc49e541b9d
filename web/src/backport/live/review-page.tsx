import { useEffect, useState, type ReactNode } from 'react';
import { call } from '../../api/client.ts';
import { useRefusal } from '../../lib/role.ts';
import { PageHead } from '../../ui/page.tsx';
import { Failure, Loading } from '../../ui/states.tsx';
import { App } from '../app.tsx';
import '../backport.css';
import { openLive, type LiveReview } from './live-review.ts';
import { Notices } from './notices.tsx';
import { NameDialog, Who } from './who.tsx';

/** One page that several people review at once: the same as the page in a file, kept by the server. */
export function ReviewPage({ id }: { id: string }): ReactNode {
  const refusal = useRefusal();
  const [tries, setTries] = useState(0);
  const [live, setLive] = useState<LiveReview | Error | null>(null);
  const again = (): void => setTries(tries + 1);
  useEffect(() => {
    const leaving = new AbortController();
    let opened: LiveReview | undefined;
    // Megabytes, once: what changes is asked for by itself.
    call('getReview', { params: { review: id } }, { signal: leaving.signal }).then(
      (answer) => {
        if (leaving.signal.aborted) return;
        opened = openLive(id, answer, refusal);
        setLive(opened);
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) setLive(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return () => {
      leaving.abort();
      opened?.close();
      setLive(null);
    };
  }, [id, refusal, tries]);
  if (live === null) return <Loading what="the review" />;
  if (live instanceof Error)
    return (
      <>
        <PageHead title="Review" />
        <Failure error={live} retry={again} />
      </>
    );
  return (
    <>
      <App review={live.review} who={<Who live={live} />} notices={<Notices live={live} reload={again} />} />
      <NameDialog live={live} />
    </>
  );
}
