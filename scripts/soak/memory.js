import { readFile } from 'node:fs/promises'
import { TheilSenRegression } from 'ml-regression-theil-sen'

/**
 * Resident memory of some processes, the mean of them, in MB: what they have written to. Pages of files, as of a library
 * of 330 MB, are left out: the kernel drops and reads them as it likes.
 */
export async function residentMB(pids) {
  let kilobytes = 0
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    for (const [, size] of status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)) kilobytes += Number(size)
  }
  return (kilobytes * 1024) / 1e6 / pids.length
}

/** The least and the most of each whole stretch of time, and the least that objects took in it. */
export function leastOf(samples, windowMs) {
  const windows = new Map()
  for (const { at, MB, heapMB } of samples) {
    const key = Math.floor(at / windowMs)
    const { MB: least = MB, most = MB, heapMB: heap = heapMB } = windows.get(key) ?? {}
    windows.set(key, {
      at: key * windowMs,
      MB: Math.min(least, MB),
      most: Math.max(most, MB),
      heapMB: Math.min(heap, heapMB),
    })
  }
  return [...windows.values()].slice(0, -1)
}

/** Of some figure, an hour: the median of the slopes between any two (Theil 1950, Sen 1968), which a few odd ones do not move. */
export function growth(samples, figure) {
  const hours = samples.map(({ at }) => at / 3_600_000)
  const { slope } = new TheilSenRegression(hours, samples.map(figure))
  return slope
}
