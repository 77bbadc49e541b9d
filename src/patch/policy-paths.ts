import { basename } from 'node:path';
import { canonicalJson, isObject, parseJson } from '../lib/json.ts';

interface PathRule {
  pattern: RegExp;
  what: string;
}

/** Files that a fix has no business in, by what they are. The first rule that fits is named. */
const RULES: readonly PathRule[] = [
  { pattern: /(?:^|\/)node_modules\//, what: 'an installed dependency' },
  {
    pattern:
      /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|deno\.lock|poetry\.lock|Pipfile\.lock|uv\.lock|Gemfile\.lock|go\.sum|Cargo\.lock)$/,
    what: 'a lock file',
  },
  {
    pattern:
      /^(?:\.github|\.gitlab|\.gitea|\.forgejo|\.circleci|\.ci|\.woodpecker|\.buildkite|\.azure-pipelines|\.husky)\/|(?:^|\/)(?:\.gitlab-ci\.ya?ml|\.travis\.ya?ml|\.drone\.ya?ml|\.woodpecker\.ya?ml|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|appveyor\.ya?ml|Jenkinsfile|lefthook\.ya?ml|\.pre-commit-config\.ya?ml)$/,
    what: 'CI',
  },
  { pattern: /(?:^|\/)\.git[^/]*(?:\/|$)/i, what: "git's own settings" },
  {
    pattern:
      /(?:^|\/)(?:tests?|__tests__|__mocks__|__snapshots__|specs?|e2e|cypress|fixtures)\/|[._-](?:test|spec|e2e)\.[a-z]+$|(?:^|\/)(?:test|tests|test_[^/]*\.py)(?:\.[cm]?[jt]sx?)?$|(?:^|\/)(?:jest|vitest|playwright|cypress|karma|ava)\.config\.[a-z.]+$|(?:^|\/)\.(?:mocharc|nycrc|c8rc|taprc)[^/]*$/i,
    what: 'tests',
  },
  {
    pattern:
      /(?:^|\/)(?:requirements[^/]*\.txt|Pipfile|pyproject\.toml|setup\.(?:py|cfg)|Gemfile|go\.mod|Cargo\.toml|composer\.json|bower\.json|pnpm-workspace\.ya?ml|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.c?js|bunfig\.toml|\.nvmrc|\.node-version|\.tool-versions)$/,
    what: 'a list of dependencies',
  },
  {
    pattern:
      /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|(?:^|\/)(?:docker-)?compose(?:\.[^/]*)?\.ya?ml$|(?:^|\/)(?:Makefile|Procfile|\.dockerignore|\.vouch[^/]*|vouch\.json)$/,
    what: 'how the app is built and run',
  },
  {
    pattern:
      /(?:^|\/)(?:[jt]sconfig[^/]*\.json|\.eslintrc[^/]*|eslint\.config\.[a-z]+|\.oxlintrc[^/]*|biome\.jsonc?|\.babelrc[^/]*|babel\.config\.[a-z]+|\.swcrc)$/,
    what: 'settings of checkers and compilers',
  },
  { pattern: /(?:^|\/)\.env(?:\.[^/]*)?$/, what: 'environment values' },
];

/** Why a file may not be part of a fix, by its name, or null. */
export function pathReason(path: string): string | null {
  const rule = RULES.find(({ pattern }) => pattern.test(path));
  return rule === undefined ? null : `${path}: touches ${rule.what}`;
}

const PACKAGE_FIELDS = (
  'dependencies devDependencies peerDependencies optionalDependencies bundleDependencies bundledDependencies ' +
  'peerDependenciesMeta overrides resolutions pnpm workspaces scripts bin gypfile engines imports exports main type ' +
  'packageManager allowScripts'
).split(' ');

/** What a changed `package.json` changes that it may not. */
export function packageReasons(path: string, before: string | null, after: string | null): string[] {
  if (basename(path) !== 'package.json' || before === after) return [];
  if (before === null || after === null) return [`${path}: touches a list of dependencies`];
  const [old, now] = [parseJson(before), parseJson(after)];
  if (!isObject(now)) return [`${path}: is not JSON any more`];
  if (!isObject(old)) return [`${path}: touches a list of dependencies`];
  return PACKAGE_FIELDS.filter((field) => canonicalJson(old[field]) !== canonicalJson(now[field])).map(
    (field) => `${path}: changes "${field}"`,
  );
}
