import { recall, remember, useRemembered } from './remember.ts';

export type Theme = 'system' | 'light' | 'dark';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

function themeOf(text: string): Theme {
  return ORDER.find((theme) => theme === text) ?? 'system';
}

/** Called before anything is drawn, so that a chosen theme does not flash. */
export function applyTheme(theme: Theme = themeOf(recall('theme'))): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function useTheme(): { theme: Theme; next: Theme; choose: (theme: Theme) => void } {
  const theme = themeOf(useRemembered('theme')[0]);
  return {
    theme,
    next: ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length]!,
    choose(chosen) {
      remember('theme', chosen);
      applyTheme(chosen);
    },
  };
}
