import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Puts script and style into the page: it is opened from a disk, where a page may load no other file. */
function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      let html = '';
      let script = '';
      let style = '';
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === 'chunk') script += file.code;
        else if (name.endsWith('.css')) style += String(file.source);
        else if (name.endsWith('.html')) {
          html = String(file.source);
          continue;
        }
        delete bundle[name];
      }
      // No mark in them may end the element that they stand in.
      script = script.replaceAll('</script', String.raw`<\/script`).replaceAll('<!--', String.raw`<\!--`);
      if (style.includes('</style')) this.error('the style would end its own element');
      const page = html
        .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
        .replace(/\s*<script type="module"[^>]*><\/script>/, '')
        .replace('</head>', () => `<style>${style}</style></head>`)
        .replace('</body>', () => `<script type="module">${script}</script></body>`);
      if (/<script[^>]* src=|<link rel="(?:stylesheet|modulepreload)"/.test(page.replace(script, '')))
        this.error('something is still to be loaded');
      this.emitFile({ type: 'asset', fileName: 'backport.template.html', source: page });
      for (const name of Object.keys(bundle))
        if (name.endsWith('.html') && name !== 'backport.template.html') delete bundle[name];
    },
  };
}

/** The backport page: one file, see `src/desks/backport/page/write.ts` for what is filled in. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  plugins: [react(), tailwindcss(), oneFile()],
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    cssTarget: 'chrome123',
    rollupOptions: { input: fileURLToPath(new URL('backport.html', import.meta.url)) },
  },
});
