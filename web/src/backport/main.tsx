import { createRoot } from 'react-dom/client';
import type { PageData } from '../../../src/desks/backport/page/data.ts';
import { applyTheme } from '../lib/theme.ts';
import { App } from './app.tsx';
import type { Shelf } from './keep.ts';
import { PageModel } from './page-model.ts';
import { Review } from './store.ts';

applyTheme();
const data = JSON.parse(document.querySelector('#data')!.textContent) as PageData;
const review = new Review(new PageModel(data), {
  shelf: shelf(),
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

/** Asked by writing: some browsers show a storage and then refuse. */
function shelf(): Shelf | null {
  try {
    localStorage.setItem('vouch.backport.asked', '1');
    localStorage.removeItem('vouch.backport.asked');
    return localStorage;
  } catch {
    return null;
  }
}
