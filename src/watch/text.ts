import type { Device } from '../learner/index.js'

/* Numbers as people read them, the same in progress, report and errors. */

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`
}

/** Decimal units, as networks and disks are sold. */
export function byteCount(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`
}

/** A device by its name and its memory, if that is known. */
export function deviceText({ name, memoryBytes }: Device): string {
  return memoryBytes === undefined ? name : `${name}, ${byteCount(memoryBytes)}`
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 90) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Grouped digits: 431,080. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

export function small(value: number): string {
  return value === 0 ? '0' : value >= 0.01 && value < 1000 ? value.toPrecision(3) : value.toExponential(1)
}
