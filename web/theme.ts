import { useEffect, useState } from 'preact/hooks'

/** A colour of style.css by its name. Canvases ask when they draw: light, dark and print differ. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

/** From low to high: five colours of viridis, whose lightness grows evenly. */
const scale = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const

/** The colour of a share, 0 to 1. */
export function shareColor(share: number): string {
  const at = Math.max(0, Math.min(1, share)) * (scale.length - 1)
  const low = Math.min(scale.length - 2, Math.floor(at))
  const part = (i: 0 | 1 | 2): number => Math.round(scale[low]![i] + (scale[low + 1]![i] - scale[low]![i]) * (at - low))
  return `rgb(${part(0)} ${part(1)} ${part(2)})`
}

/** Black or white, whichever is read on {@link shareColor}. */
export function inkOn(share: number): string {
  return share > 0.6 ? '#000' : '#fff'
}

/** A number that changes whenever canvases must be drawn anew: another colour scheme, or paper. */
export function useTheme(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const change = (): void => setChanges(count => count + 1)
    const queries = ['(prefers-color-scheme: dark)', 'print'].map(query => matchMedia(query))
    for (const query of queries) query.addEventListener('change', change)
    return () => {
      for (const query of queries) query.removeEventListener('change', change)
    }
  }, [])
  return changes
}
