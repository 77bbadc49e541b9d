/** What tells names of files from code and words that look alike. */

const ENDINGS = new Set(
  (
    'js mjs cjs jsx ts mts cts tsx json jsonc json5 jsonl py pyi pyx rb rake gemspec go rs java kt kts scala c h cc cpp cxx hpp hh cs ' +
    'fs fsx vb php pl pm lua jl swift dart ex exs erl hrl clj cljs cljc edn elm hs ml mli nim zig sql sh bash zsh fish ps1 bat cmd ' +
    'html htm xhtml xml xsl svg css scss sass less styl vue svelte astro md mdx markdown rst txt adoc tex csv tsv yml yaml toml ini ' +
    'cfg conf graphql gql proto tf tfvars hcl gradle groovy cmake mk ejs hbs pug njk jinja j2 tmpl tpl erb haml liquid twig cshtml ' +
    'razor csproj sln xaml plist ipynb wat sol prisma nix webmanifest dockerfile'
  ).split(' '),
);
const FILES =
  /^(?:(?:docker|make|jenkins|vagrant|proc|gem|rake|brew|pip|caddy|just|pod|fast|cap|guard|task|tilt|earth|container|gnumake)file(?:\.\w+)?|licen[cs]e|readme|changelog|codeowners|authors|notice|copying|go\.(?:mod|sum|work)|(?:yarn|cargo|poetry|gemfile|composer|uv|bun|package|pipfile|flake)\.lock)$/i;
const DOT_FILES =
  /^\.(?:git(?:ignore|attributes|modules|keep)|env(?:\.[\w.-]+)?|(?:docker|npm|eslint|prettier|style|helm|gcloud)ignore|editorconfig|htaccess|\w{2,20}rc(?:\.[cm]?js|\.json|\.ya?ml|\.toml)?|(?:python|node|ruby|tool)-versions?|\w[\w-]{0,30}\.(?:ya?ml|json|toml|[cm]?js))$/;
/** Code that ends as a file does. */
const CODE =
  /^(?:(?:res|req|response|request|r|resp|this|self|reply|ctx|c|data|body|process|import\.meta)\.(?:json|sql|html|xml|env|css|conf|txt|h|c)|res\.json)$/;
/** Names of software; a file has such a name only where somebody puts it in quotes. */
const SOFTWARE =
  /^(?:Node|Next|Nuxt|Vue|React|Express|Three|Ember|Backbone|Alpine|Chart|Moment|Day|Socket|Nest|Angular|Knockout|Solid|Discord|Handlebars|D3|P5|Electron|Polymer|Underscore)\.js$/i;

/** The ending is one of files, whatever the rest of the name is. */
export function isKnownEnding(name: string): boolean {
  return ENDINGS.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
}

/** Files that people know by their whole name, most without an ending. */
export function isFileName(name: string): boolean {
  return FILES.test(name);
}

export function isDotFile(name: string): boolean {
  return DOT_FILES.test(name);
}

/** `res.json` and Node.js are no files. */
export function notOnlyCode(name: string, quoted: boolean): boolean {
  return !CODE.test(name) && (quoted || !SOFTWARE.test(name));
}
