import os from 'node:os'
import { median, print } from './measure.js'

/**
 * A row of the last table: a ratio to the floor beside it, and what it should come to.
 *
 * @param {string} what
 * @param {readonly number[]} ratios - one for each turn
 * @param {{ most: number } | { least: number }} aim
 */
export function aimed(what, ratios, aim) {
  return { what, ratios, aim, load: os.loadavg()[0] }
}

/** Every ratio of this run beside its aim, and how busy the machine was just after it was measured. */
export function printAims(rows) {
  if (rows.length === 0) return
  print(`against the floors, on ${os.availableParallelism()} cores`, [
    ['', 'minimum', 'median', 'maximum', 'turns', 'aim', '', 'load'],
    ...rows.map(({ what, ratios, aim, load }) => [
      what,
      ...[Math.min(...ratios), median(ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2)),
      ratios.length,
      aim.most === undefined ? `≥ ${aim.least}` : `≤ ${aim.most}`,
      isMet(median(ratios), aim) ? 'met' : 'missed',
      load.toFixed(1),
    ]),
  ])
}

function isMet(ratio, { most = Infinity, least = 0 }) {
  return ratio <= most && ratio >= least
}
