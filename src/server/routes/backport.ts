import {
  getReview,
  listReviews,
  reviewDecisions,
  saveReview,
  sayOnReview,
} from '../../desks/backport/reviews.ts';
import type { Handlers } from '../handlers.ts';

export const backportRoutes: Pick<
  Handlers,
  'listReviews' | 'publishReview' | 'getReview' | 'listReviewDecisions' | 'sayOnReview'
> = {
  async listReviews({ services: { store }, input: { query } }) {
    return listReviews(store, query.limit);
  },

  async publishReview({ services, input: { body } }) {
    const review = await saveReview(services.store, body);
    services.events.publish({ topic: 'review', id: review.id, app: null, text: null });
    return { ...review, url: `${services.url()}/backport/${review.id}` };
  },

  async getReview({ services: { store }, input: { params } }) {
    return getReview(store, params.review);
  },

  async listReviewDecisions({ services: { store }, input: { params, query } }) {
    return reviewDecisions(store, params.review, query.after);
  },

  async sayOnReview({ services: { store, events }, input: { params, body } }) {
    const { by, sayings } = body;
    const now = await sayOnReview(store, params.review, by, sayings);
    const [first] = sayings;
    const text = `${by}: ${first!.call ?? 'a note'} for ${first!.sha.slice(0, 12)} on ${first!.branch}${sayings.length > 1 ? ` and ${sayings.length - 1} more` : ''}`;
    events.publish({ topic: 'review', id: params.review, app: null, text });
    return now;
  },
};
