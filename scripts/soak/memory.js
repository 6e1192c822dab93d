import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { TheilSenRegression } from 'ml-regression-theil-sen'

/** Resident memory of some processes, the mean of them, in MB. */
export async function residentMB(pids) {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', pids.join(',')])
  const kilobytes = stdout.trim().split('\n').map(Number)
  return (kilobytes.reduce((sum, value) => sum + value, 0) * 1024) / 1e6 / kilobytes.length
}

/** The least and the most of each stretch of time: a garbage collector runs when it likes. */
export function leastOf(samples, windowMs) {
  const windows = new Map()
  for (const { at, MB } of samples) {
    const key = Math.floor(at / windowMs)
    const window = windows.get(key)
    if (window === undefined) windows.set(key, { at: key * windowMs, MB, most: MB })
    else Object.assign(window, { MB: Math.min(window.MB, MB), most: Math.max(window.most, MB) })
  }
  return [...windows.values()]
}

/** MB an hour: the median of the slopes between any two (Theil 1950, Sen 1968), which a few odd ones do not move. */
export function growth(samples) {
  const hours = samples.map(({ at }) => at / 3_600_000)
  const { slope } = new TheilSenRegression(
    hours,
    samples.map(({ MB }) => MB),
  )
  return slope
}
