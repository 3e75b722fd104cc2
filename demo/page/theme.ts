// Light or dark: what the visitor chose, kept in localStorage, or else what the system prefers.
import { computed, effect, signal } from '@preact/signals'

export type Theme = 'light' | 'dark'
export type ThemeChoice = Theme | 'system'

export const THEME_CHOICES: readonly ThemeChoice[] = ['system', 'light', 'dark']

const KEY = 'retrograd.theme'

/** Storage may be blocked: then a choice lasts as long as the page. */
function kept(): ThemeChoice {
  try {
    const found = localStorage.getItem(KEY)
    return THEME_CHOICES.find(choice => choice === found) ?? 'system'
  } catch {
    return 'system'
  }
}

const system = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(system.matches)
system.addEventListener('change', event => {
  systemIsDark.value = event.matches
})

/** What the visitor chose; set it to choose. */
export const themeChoice = signal<ThemeChoice>(kept())

/** What is shown. Canvases read it to draw themselves anew. */
export const theme = computed<Theme>(() => {
  if (themeChoice.value !== 'system') return themeChoice.value
  return systemIsDark.value ? 'dark' : 'light'
})

effect(() => {
  document.documentElement.dataset.theme = theme.value
})

effect(() => {
  try {
    localStorage.setItem(KEY, themeChoice.value)
  } catch {
    // blocked: see above
  }
})

/** True where the visitor wants things to stand still. */
export const prefersStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

/** The colour that a token of style.css has now, for canvases: `token('--blue')`. */
export const token = (name: `--${string}`): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()
