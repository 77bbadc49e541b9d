/**
 * Builds the pages after `npm ci` (npm's `prepare`). Where Vouch is installed without its development dependencies there
 * is nothing to build with: that is said, and is no failure.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CONFIG = fileURLToPath(new URL('../web/vite.config.ts', import.meta.url));
const NEEDED = ['vite', '@vitejs/plugin-react', '@tailwindcss/vite', 'react', '@tanstack/react-router'];

const missing = NEEDED.filter((name) => {
  try {
    import.meta.resolve(name);
    return false;
  } catch {
    return true;
  }
});
if (missing.length > 0) {
  console.log(`pages not built: ${missing.join(', ')} not installed (development dependencies)`);
} else if (!existsSync(CONFIG)) {
  console.log('pages not built: web/ is not here');
} else {
  const { build } = await import('vite');
  await build({ configFile: CONFIG, logLevel: 'warn' });
  console.log('pages built: web/dist');
}
