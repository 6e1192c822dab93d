import { type ColumnFigures, columnFigures, type Dataset, type Shard } from '../data/index.js'
import { shown } from '../foreign.js'
import { count, countOf, wideTable } from '../watch/index.js'

/** The most columns that are printed: nobody reads more in a terminal. */
const columnsShown = 48

/** What each cell of a table adds to its text. */
const cellPadding = 4

/**
 * Mean, spread, range and missing values of every column at every peer, which a standardisation brings to one scale.
 *
 * @param width - of the terminal, in characters: names are cut to fit it
 */
export function columnTable(dataset: Dataset, shards: readonly Shard[], width = Number.POSITIVE_INFINITY): string {
  const all = shards.map(({ samples }) => columnFigures(dataset, samples))
  const columns = all[0]!.map(({ name }) => name)
  const rows = columns.slice(0, columnsShown).flatMap((name, column) =>
    shards.map((shard, peer) => ({
      // The column's name is printed once for all peers.
      names: [peer === 0 ? shown(name) : '', shown(shard.name)] as const,
      figures: figuresOf(all[peer]![column]!),
    })),
  )
  const head = ['mean', 'spread', 'range', 'missing']
  const taken = head.reduce(
    (sum, title, i) => sum + cellPadding + Math.max(title.length, ...rows.map(({ figures }) => figures[i]!.length)),
    0,
  )
  const room = Math.max(12, width - taken - 2 * cellPadding)
  const longest = (at: 0 | 1): number => Math.max(6, ...rows.map(({ names }) => names[at].length))
  const forPeer = Math.min(longest(1), Math.max(Math.floor(room / 2), room - longest(0)))
  const cells = rows.map(({ names, figures }) => [cut(names[0], room - forPeer), cut(names[1], forPeer), ...figures])
  const table = wideTable(['column', 'peer', ...head], cells)
  const more = columns.length - columnsShown
  return `${table}${more > 0 ? `\nand ${countOf(more, 'more column')}` : ''}`
}

function figuresOf({ known, missing }: ColumnFigures): string[] {
  if (known === undefined) return ['', '', '', count(missing)]
  const { mean, spread, least, most } = known
  return [short(mean), short(spread), `${short(least)} to ${short(most)}`, count(missing)]
}

/** Three digits, since only a column's magnitude matters here. */
function short(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(1)
  return String(size >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}

function cut(name: string, length: number): string {
  return name.length <= length ? name : `${name.slice(0, Math.max(1, length - 1))}…`
}
