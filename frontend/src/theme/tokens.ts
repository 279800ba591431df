/**
 * The tab's colours, one object per mode: `--name` in the style sheets, and used on canvases.
 * Contrast is at least 4.5:1 for text and 3:1 for marks and edges of controls; tests verify it.
 */

export interface Tokens {
  surface: string
  sidebar: string
  raised: string
  hover: string
  selected: string
  text: string
  muted: string
  border: string
  control: string
  accent: string
  link: string
  focus: string
  critical: string
  criticalTint: string
  warning: string
  warningTint: string
  info: string
  infoTint: string
  healthy: string
  healthyTint: string
  unknown: string
  unknownTint: string
  series: string
  reference: string
  grid: string
  band: string
  runs: readonly string[]
}

export const LIGHT: Tokens = {
  surface: '#ffffff',
  sidebar: '#fafafa',
  raised: '#ffffff',
  hover: '#f5f5f5',
  selected: '#fff6ed',
  text: '#212121',
  muted: '#616161',
  border: '#e0e0e0',
  control: '#949494',
  accent: '#b35309',
  link: '#0b57a8',
  focus: '#0b57d0',
  critical: '#a61b1b',
  criticalTint: '#fdecea',
  warning: '#7a4f00',
  warningTint: '#fff4dc',
  info: '#0b4f9e',
  infoTint: '#e7f0fd',
  healthy: '#14652f',
  healthyTint: '#e4f5e8',
  unknown: '#555555',
  unknownTint: '#eeeeee',
  series: '#d96704',
  reference: '#757575',
  grid: '#ececec',
  band: 'rgba(198, 40, 40, 0.08)',
  runs: ['#d96704', '#1967d2', '#b5179e', '#7627bb', '#188038', '#0b8389', '#c5221f', '#85660d'],
}

export const DARK: Tokens = {
  surface: '#1e1e1e',
  sidebar: '#252525',
  raised: '#2a2a2a',
  hover: '#2b2b2b',
  selected: '#33291f',
  text: '#f1f1f1',
  muted: '#b0b0b0',
  border: '#3f3f3f',
  control: '#757575',
  accent: '#ffa04d',
  link: '#9dc4ff',
  focus: '#8ab4f8',
  critical: '#ff9d94',
  criticalTint: '#4d1d1b',
  warning: '#ffca70',
  warningTint: '#473410',
  info: '#a9cbff',
  infoTint: '#1b3354',
  healthy: '#8fdda5',
  healthyTint: '#163a22',
  unknown: '#c4c4c4',
  unknownTint: '#3a3a3a',
  series: '#ff9a3d',
  reference: '#a8a8a8',
  grid: '#343434',
  band: 'rgba(255, 130, 120, 0.11)',
  runs: ['#ff9a3d', '#6ba3f5', '#f06fd8', '#b98af0', '#5dbb75', '#4fc1c7', '#f47c74', '#d1b04f'],
}

export function tokensFor(dark: boolean): Tokens {
  return dark ? DARK : LIGHT
}

/** The tokens as CSS custom properties, with the matching color-scheme for controls and scroll bars. */
export function tokenSheet(tokens: Tokens, dark: boolean): string {
  const { runs, ...colours } = tokens
  const named = Object.entries(colours).map(([name, value]) => `--${kebab(name)}:${value}`)
  const numbered = runs.map((value, i) => `--run-${i}:${value}`)
  const scheme = `color-scheme:${dark ? 'dark' : 'light'}`
  return `:root{${[scheme, ...named, ...numbered].join(';')}}`
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
