import { createRoot } from 'react-dom/client';
import type { PageData } from '../../../src/desks/backport/page/data.ts';
import { applyTheme } from '../lib/theme.ts';
import { App } from './app.tsx';
import { browserShelf } from './keep.ts';
import { browserKeeper } from './keeper.ts';
import { PageModel } from './page-model.ts';
import { Review } from './store.ts';

applyTheme();
const data = JSON.parse(document.querySelector('#data')!.textContent) as PageData;
const shelf = browserShelf();
const review = new Review(new PageModel(data), {
  keeper: browserKeeper(shelf, data.key, data.branches),
  shelf,
  readHash: () => location.hash,
  writeHash(hash) {
    history.replaceState(null, '', hash);
  },
  now: () => Date.now(),
});
addEventListener('hashchange', () => review.readAddress());
addEventListener('storage', ({ key, newValue }) => {
  if (key !== null) review.heard(key, newValue);
});
createRoot(document.querySelector('#root')!).render(<App review={review} />);
