import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ask } from '../../api/queries.ts';
import { Badge } from '../../ui/badge.tsx';
import { PageHead } from '../../ui/page.tsx';
import { Asked, Empty } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { plainText } from '../text.ts';

/** All reviews, and how far they are. */
export function ReviewsPage(): ReactNode {
  return (
    <>
      <PageHead title="Backports">
        Commits of a development branch, reviewed together: which go to the maintained branches.
      </PageHead>
      <Asked query={ask('listReviews', { query: { limit: 500 } })} what="reviews">
        {(reviews) =>
          reviews.length === 0 ? (
            <Empty>
              Nothing is published yet. This does it, where the commits are:{' '}
              <code className="font-mono text-sm wrap-any">
                npx vouch backport triage --repo . --range A..B --onto BRANCH --publish
              </code>
            </Empty>
          ) : (
            <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
              {reviews.map(({ id, title, project, branches, commits, updatedAt, decided, disputed }) => (
                <li
                  key={id}
                  className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 focus-within:bg-accent-wash hover:bg-sunken"
                >
                  <Link
                    data-row
                    to="/backport/$review"
                    params={{ review: id }}
                    className="font-semibold wrap-any after:absolute after:inset-0"
                  >
                    {plainText(project)} {plainText(title)}
                  </Link>
                  <span className="grow text-soft wrap-any">onto {branches.map(plainText).join(', ')}</span>
                  {disputed > 0 && (
                    <Badge tone="unsure" icon="question">
                      {disputed} disputed
                    </Badge>
                  )}
                  <span className="text-sm text-soft">
                    {commits} {commits === 1 ? 'commit' : 'commits'}, {decided} decided
                  </span>
                  <span className="text-sm text-soft">
                    <When at={updatedAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </>
  );
}
