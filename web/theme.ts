import { useEffect, useState } from 'preact/hooks'

/** A browser takes canvases to paper as they are when it has told that it prints; only then is the media print. */
const paperEvents = ['beforeprint', 'afterprint'] as const

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

/** The colour of a share, 0 to 1, as red, green and blue. */
export function shareRgb(share: number): readonly [number, number, number] {
  const at = Math.max(0, Math.min(1, share)) * (scale.length - 1)
  const low = Math.min(scale.length - 2, Math.floor(at))
  const part = (i: 0 | 1 | 2): number => Math.round(scale[low]![i] + (scale[low + 1]![i] - scale[low]![i]) * (at - low))
  return [part(0), part(1), part(2)]
}

export function shareColor(share: number): string {
  return `rgb(${shareRgb(share).join(' ')})`
}

/** Black or white, whichever is read better on {@link shareColor}: black from a relative luminance of 0.18 on (WCAG 2.2). */
export function inkOn(share: number): string {
  const [red, green, blue] = shareRgb(share).map(part => {
    const value = part / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff'
}

/**
 * A number that changes whenever canvases must be drawn anew: another colour scheme, or paper. Draw in a
 * layout effect: for paper only what is drawn at once counts.
 */
export function useTheme(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const change = (): void => setChanges(count => count + 1)
    const paper = ({ type }: Event): void => {
      document.documentElement.classList.toggle('on-paper', type === 'beforeprint')
      change()
    }
    const queries = ['(prefers-color-scheme: dark)', 'print'].map(query => matchMedia(query))
    for (const query of queries) query.addEventListener('change', change)
    for (const name of paperEvents) addEventListener(name, paper)
    return () => {
      for (const name of paperEvents) removeEventListener(name, paper)
      for (const query of queries) query.removeEventListener('change', change)
    }
  }, [])
  return changes
}
