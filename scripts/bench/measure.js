/** The middle one of some numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/**
 * Seconds of each turn of some functions, run in turn so that a busy moment hits them all alike.
 *
 * @param {Record<string, () => unknown>} works - may be asynchronous
 */
export async function turns(works, count) {
  const seconds = Object.fromEntries(Object.keys(works).map(name => [name, []]))
  for (let turn = -1; turn < count; turn++) {
    for (const [name, work] of Object.entries(works)) {
      const startedAt = performance.now()
      await work()
      // The first turn warms up.
      if (turn >= 0) seconds[name].push((performance.now() - startedAt) / 1000)
    }
  }
  return seconds
}

/** Median seconds of each, see {@link turns}. */
export async function inTurn(works, count) {
  const seconds = await turns(works, count)
  return Object.fromEntries(Object.entries(seconds).map(([name, values]) => [name, median(values)]))
}

/** What one took of the other, turn by turn: the two of a turn had the same neighbours on the machine. */
export function over(ours, floor) {
  return ours.map((value, turn) => value / floor[turn])
}

/** A table with its title. */
export function print(title, rows) {
  console.log(`\n${title}`)
  const widths = rows[0].map((_, column) =>
    // A row that ends early says why in its last cell, which may be as long as it likes.
    Math.max(
      ...rows
        .filter(row => row.length > column + 1 || row.length === rows[0].length)
        .map(row => String(row[column]).length),
    ),
  )
  for (const row of rows) console.log(`  ${row.map((cell, column) => String(cell).padEnd(widths[column])).join('   ')}`)
}
