/**
 * Builds the pages: `npm run build:web`, and by itself when a server starts and finds none. Where Vouch is installed
 * without its development dependencies there is nothing to build with: that is said, and is no failure.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const CONFIG = fileURLToPath(new URL('../web/vite.config.ts', import.meta.url));
const BACKPORT_CONFIG = fileURLToPath(new URL('../web/vite.backport.config.ts', import.meta.url));
const DIST = fileURLToPath(new URL('../web/dist', import.meta.url));
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
  // Built beside its place and moved there whole: a server may be reading, and another may be building.
  const built = `${DIST}.${process.pid}`;
  try {
    await build({ configFile: CONFIG, logLevel: 'warn', build: { outDir: built, emptyOutDir: true } });
    await build({
      configFile: BACKPORT_CONFIG,
      logLevel: 'warn',
      build: { outDir: built, emptyOutDir: false },
    });
    await rm(DIST, { recursive: true, force: true });
    await rename(built, DIST).catch(async (error: unknown) => {
      // Somebody else was quicker, with the same pages.
      if (!existsSync(DIST)) throw error;
    });
  } finally {
    await rm(built, { recursive: true, force: true });
  }
  console.log('pages built: web/dist');
}
