import type { Words } from './random.js'

/*
 * Normal numbers by the ziggurat (Marsaglia and Tsang 2000) as Doornik corrected it (2005): a rectangle of 256, the place
 * in it from other bits of the word, the exact density at its edge, and the tail by Marsaglia's method. Float32: the
 * numbers lie on grids of 2^-23 of a rectangle's width, as the sums to which they are added do. No generator over floating
 * point has a density on all real numbers, and proofs of privacy suppose one (Mironov 2012).
 */

const rectangles = 256
/** Where the tail begins, and the area of each rectangle. */
const tail = 3.6541528853610088
const area = 0.00492867323399

/** Parts of [-1, 1) of which a word names one. */
const parts = 2 ** 24

const edges = new Float64Array(rectangles + 1)
/** Per part of a rectangle, so that a draw is one product; and up to which part the density covers it as a whole. */
const widths = new Float64Array(rectangles)
const covered = new Float64Array(rectangles)
const densities = new Float64Array(rectangles + 1)
edges[0] = area / density(tail)
edges[1] = tail
for (let i = 2; i < rectangles; i++) {
  edges[i] = Math.sqrt(-2 * Math.log(area / edges[i - 1]! + density(edges[i - 1]!)))
}
for (let i = 0; i <= rectangles; i++) densities[i] = density(edges[i]!)
for (let i = 0; i < rectangles; i++) {
  widths[i] = (edges[i]! * 2) / parts
  covered[i] = ((edges[i + 1]! / edges[i]!) * parts) / 2
}

function density(x: number): number {
  return Math.exp(-0.5 * x * x)
}

/** Few enough to stay in the processor's nearest cache. */
const wordsAtOnce = 4096

/** Independent normal numbers of mean 0, out of a stream of words. */
export class Gaussian {
  private readonly drawn = new Uint32Array(wordsAtOnce)
  private readonly signed = new Int32Array(this.drawn.buffer)
  private at = wordsAtOnce

  constructor(private readonly words: Words) {}

  /** Fills an array with numbers of this standard deviation. */
  fill(into: Float32Array, deviation: number): void {
    const { signed } = this
    let k = 0
    while (k < into.length) {
      if (this.at === wordsAtOnce) this.refill()
      // Whatever 99 of 100 draws need stands in this loop: a call a number takes as long as the rest.
      const first = this.at
      const end = first + Math.min(wordsAtOnce - first, into.length - k)
      let at = first
      for (; at < end; at++) {
        const word = signed[at]!
        const rectangle = word & 255
        const middle = (word >> 8) + 0.5
        if (Math.abs(middle) >= covered[rectangle]!) break
        into[k++] = deviation * (middle * widths[rectangle]!)
      }
      this.at = at
      if (at < end) into[k++] = deviation * this.next()
    }
  }

  private next(): number {
    for (;;) {
      const word = this.word()
      const rectangle = word & 255
      const middle = (word >> 8) + 0.5
      const x = middle * widths[rectangle]!
      if (Math.abs(middle) < covered[rectangle]!) return x
      // One draw in 100 lies where the density does not cover its rectangle as a whole.
      if (rectangle === 0) return Math.sign(x) * this.inTail()
      const upper = densities[rectangle]!
      const lower = densities[rectangle + 1]!
      if (upper + this.uniform() * (lower - upper) < density(x)) return x
    }
  }

  private inTail(): number {
    for (;;) {
      const x = -Math.log(this.uniform()) / tail
      if (-2 * Math.log(this.uniform()) >= x * x) return tail + x
    }
  }

  /** In (0, 1), with 32 bits. */
  private uniform(): number {
    return ((this.word() >>> 0) + 0.5) * 2 ** -32
  }

  private refill(): void {
    this.words(this.drawn)
    this.at = 0
  }

  private word(): number {
    if (this.at === wordsAtOnce) this.refill()
    return this.signed[this.at++]!
  }
}
