import { useState, type ReactNode } from 'react';
import type { AppView, ReleaseView } from '../../../src/server/views.ts';
import { call } from '../api/client.ts';
import { ask, queryClient } from '../api/queries.ts';
import type { Output } from '../api/routes.ts';
import { useRefusal } from '../lib/role.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { Asked, Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { WorkReport, useWork } from '../ui/work.tsx';

const STATUSES: Record<ReleaseView['status'], { tone: Tone; icon: IconName; word: string }> = {
  building: { tone: 'info', icon: 'wrench', word: 'building' },
  accepted: { tone: 'info', icon: 'wrench', word: 'accepted' },
  ready: { tone: 'plain', icon: 'check', word: 'ready' },
  failed: { tone: 'bad', icon: 'cross', word: 'failed' },
  removed: { tone: 'plain', icon: 'dash', word: 'removed' },
};

/** Releases on a line through time, newest first, each one click from running again. */
export function Releases({ app }: { app: AppView }): ReactNode {
  const [chosen, setChosen] = useState<ReleaseView>();
  const refusal = useRefusal();
  return (
    <Asked query={ask('listReleases', { params: { app: app.name } })} what="releases">
      {(releases) => (
        <>
          {releases.length === 0 && (
            <Empty>None yet. Push a commit and it is built, checked and started.</Empty>
          )}
          <ol className="ml-1.5 border-l-2 border-line">
            {[...releases]
              .sort((a, b) => b.createdAt - a.createdAt)
              .map((release) => (
                <li
                  key={release.id}
                  className="relative flex flex-wrap items-start gap-x-3 gap-y-1 pb-4 pl-5 last:pb-0"
                >
                  <span
                    className={`absolute top-1.5 -left-[7px] size-3 rounded-full border-2 border-panel ${release.current ? 'bg-good ring-2 ring-good' : release.status === 'failed' ? 'bg-bad' : 'bg-line-strong'}`}
                  />
                  <div className="min-w-0 grow basis-60">
                    <p className="flex flex-wrap items-center gap-2">
                      <strong>{release.version}</strong>
                      {release.current ? (
                        <Badge tone="good" icon="check">
                          runs now
                        </Badge>
                      ) : (
                        <Badge tone={STATUSES[release.status].tone} icon={STATUSES[release.status].icon}>
                          {STATUSES[release.status].word}
                        </Badge>
                      )}
                      <code className="font-mono text-sm text-soft">{release.commit.slice(0, 8)}</code>
                      <span className="text-sm text-soft">
                        <When at={release.createdAt} />
                      </span>
                    </p>
                    <p className="wrap-any text-sm">{release.subject}</p>
                    {release.error !== null && <p className="wrap-any text-sm text-bad">{release.error}</p>}
                  </div>
                  {release.status === 'ready' && !release.current && (
                    <Button refused={refusal} onClick={() => setChosen(release)}>
                      <Icon name="back" /> Run {release.version} again
                    </Button>
                  )}
                </li>
              ))}
          </ol>
          <Dialog
            title={`Run ${chosen?.version ?? ''} of ${app.name} again?`}
            open={chosen !== undefined}
            onClose={() => setChosen(undefined)}
          >
            {chosen && <Rollback app={app} to={chosen} onClose={() => setChosen(undefined)} />}
          </Dialog>
        </>
      )}
    </Asked>
  );
}

function Rollback({ app, to, onClose }: { app: AppView; to: ReleaseView; onClose: () => void }): ReactNode {
  const work = useWork<Output<'rollback'>>();
  const run = async (): Promise<void> => {
    await work.run((watch) =>
      call('rollback', { params: { app: app.name }, body: { release: to.version } }, watch),
    );
    await queryClient.invalidateQueries();
  };
  if (work.result) {
    return (
      <>
        <p className="font-semibold text-good">
          <Icon name="check" /> {work.result.release.version} runs again, after{' '}
          {work.result.seconds.toFixed(1)} s.
        </p>
        <div className="mt-4 text-right">
          <Button onClick={onClose}>Close</Button>
        </div>
      </>
    );
  }
  return (
    <>
      <p>
        {to.version} (<code className="font-mono">{to.commit.slice(0, 8)}</code>, {to.subject}) is started and
        checked first; then traffic goes to it, and {app.current?.version ?? 'what runs now'} ends when its
        requests are over. No request is lost.
      </p>
      <WorkReport work={work} />
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose} disabled={work.state === 'running'}>
          Cancel
        </Button>
        <Button kind="primary" onClick={() => void run()} disabled={work.state === 'running'}>
          Run {to.version}
        </Button>
      </div>
    </>
  );
}
