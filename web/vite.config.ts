import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** For work on the pages: `vite --config web/vite.config.ts` asks the server that runs at VOUCH_URL for the data. */
const server = process.env['VOUCH_URL'] ?? 'http://127.0.0.1:8877';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), tailwindcss()],
  // The policy of the pages allows neither inline scripts nor data: fonts; everything is a file of its own.
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssTarget: 'chrome123',
  },
  server: { proxy: { '/api': server } },
});
