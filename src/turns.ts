/*
 * The network thread's time. One event loop serves every connection of the process, in a simulation those of all peers,
 * so whatever takes long is cut into slices, and the slices of everybody share each turn of the loop: if each peer kept
 * only its own slices short, sixteen peers that merge at once would still hold up a turn sixteen times as long. There
 * is one event loop in a process, and this is its one queue.
 */

/**
 * How long slices may take in one turn of the event loop, together, in milliseconds; the last may exceed it by its own
 * length. What was sent in one turn arrives in the next and costs up to twice as much again to decrypt and check, and
 * the whole is to stay under 20 ms while other threads compete for the cores.
 */
export const turnMs = 3

/**
 * How many numbers one slice goes over: at 2 GB/s half a millisecond. A merge is faster (`npm run bench -- merge`).
 */
export const sliceNumbers = 1 << 18

/** Slices begin and end at multiples of this: the tile in which kernels/ranks.ts sorts; other kernels' are shorter then. */
const granule = 256

const waiting: (() => void)[] = []
let isScheduled = false

function schedule(): void {
  if (isScheduled || waiting.length === 0) return
  isScheduled = true
  setImmediate(() => {
    const end = performance.now() + turnMs
    do waiting.shift()!()
    while (waiting.length > 0 && performance.now() < end)
    isScheduled = false
    schedule()
  })
}

/**
 * Does a short piece of work as soon as a turn of the event loop has room for it, first come first served.
 *
 * @param work - synchronous, well under a millisecond
 * @returns what `work` returns; rejects with what it throws
 */
export function inTurn<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.push(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
    schedule()
  })
}

/** How many numbers of each vector are in one slice when `vectors` of them are gone over side by side. */
export function sliceLength(vectors = 1): number {
  return Math.max(granule, Math.floor(sliceNumbers / vectors / granule) * granule)
}

/**
 * Goes over vectors of `length` numbers slice by slice, each in its turn.
 *
 * @param vectors - how many are gone over side by side: the more, the shorter the slices
 * @param works - each does the numbers [from, to), in a turn of its own; slices come in order, each after the last
 */
export async function inSlices(
  length: number,
  vectors: number,
  ...works: readonly ((from: number, to: number) => void)[]
): Promise<void> {
  const step = sliceLength(vectors)
  for (let from = 0; from < length; from += step) {
    for (const work of works) await inTurn(() => work(from, Math.min(from + step, length)))
  }
}

/**
 * Does pieces of work that are short by themselves, in order, as many in each turn as a slice is long.
 *
 * @param numbers - how many numbers one piece goes over
 * @param work - does the piece at this place
 */
export async function inPieces(count: number, numbers: number, work: (at: number) => void): Promise<void> {
  const step = Math.max(1, Math.floor(sliceNumbers / numbers))
  for (let from = 0; from < count; from += step) {
    await inTurn(() => {
      for (let at = from; at < Math.min(from + step, count); at++) work(at)
    })
  }
}

/** Copies a vector slice by slice, each in its turn. Neither may be written to meanwhile. */
export function copyInSlices(to: Float32Array, from: Float32Array): Promise<void> {
  return inSlices(from.length, 2, (start, end) => to.set(from.subarray(start, end), start))
}
