import type { Measure } from '../data/index.js'
import type { Device } from '../learner/index.js'
import type { BytesByPurpose, Spread } from '../node/index.js'
import type { TopologySpec } from '../topology/index.js'

/* Numbers as people read them, the same in progress, report and errors. */

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`
}

/** How often a backdoor succeeds: "4.1 %, 0.0 % to 12.5 %". */
export function backdoorText({ mean, min, max }: Spread): string {
  return `${percent(mean)}, ${percent(min)} to ${percent(max)}`
}

/** What a measure is called. */
export const measureNames: Readonly<Record<Measure, string>> = { accuracy: 'accuracy', r2: 'R²', psnr: 'PSNR' }

/** What a topology is called in a sentence: peers stand "on a ring". */
export const graphNames: Readonly<Record<TopologySpec['kind'], string>> = {
  ring: 'a ring',
  line: 'a line',
  star: 'a star',
  tree: 'a tree',
  grid: 'a grid',
  torus: 'a torus',
  full: 'a full graph',
  'random-regular': 'a random regular graph',
  'erdos-renyi': 'an Erdős–Rényi graph',
  'watts-strogatz': 'a Watts–Strogatz graph',
  exponential: 'an exponential graph',
  'one-peer-exponential': 'one-peer exponential graphs',
  'one-peer-hypercube': 'one-peer hypercubes',
  'base-k': 'base-(k+1) graphs',
  'random-pairs': 'random pairs',
  epidemic: 'random graphs',
  equitopo: 'an EquiTopo graph',
  'one-peer-equitopo': 'one-peer EquiTopo graphs',
  edges: 'a graph of given edges',
}

/** How good a model is, in its measure: "91.2 %", "0.731", "29.30 dB". */
export function measured(value: number | null | undefined, measure: Measure): string {
  if (measure === 'accuracy') return percent(value)
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  return measure === 'r2' ? value.toFixed(3) : `${value.toFixed(2)} dB`
}

/** How much better one model is than another: "+3.1", in points of a hundred where both are shares. */
export function gained(value: number, measure: Measure): string {
  const text = measure === 'accuracy' ? (value * 100).toFixed(1) : value.toFixed(measure === 'r2' ? 3 : 2)
  return `${value >= 0 ? '+' : ''}${text}`
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

/** "4.10 MB: heads 4.00 MB, libp2p 100 kB": all bytes in one direction, what they were for by size. */
export function bytesText({ wire, ...parts }: BytesByPurpose): string {
  const bySize = Object.entries(parts)
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a)
  const all = bySize.map(([purpose, bytes]) => `${purpose} ${byteCount(bytes)}`).join(', ')
  return `${byteCount(wire)}${all === '' ? '' : `: ${all}`}`
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 90) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 90) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Grouped digits: 431,080. */
export function count(value: number): string {
  // Node's tables of languages take 20 ms to load, and a small number has no digits to group.
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : value.toLocaleString('en')
}

/** The least and the most of several numbers: "185 to 1,805", or "240" where all are alike. */
export function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? count(least) : `${count(least)} to ${count(most)}`
}

/** So many of something whose plural takes an s: "1 round", "1,438 samples". */
export function countOf(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** Names as a sentence can hold them: "a, b, c and 4 more". @param most - that are named, one at least */
export function firstOf(names: readonly string[], most = 5): string {
  const more = names.length - most
  return `${names.slice(0, most).join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`
}

/** A number in its own units, to four digits: 12.34, 1,234, 0.001234. */
export function plain(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return value.toExponential(2)
  return size >= 1000 ? count(Math.round(value)) : String(Number(value.toPrecision(4)))
}

export function small(value: number): string {
  return value === 0 ? '0' : value >= 0.01 && value < 1000 ? value.toPrecision(3) : value.toExponential(1)
}
