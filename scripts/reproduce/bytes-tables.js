import { graphs, groups, ownGraph, plain, sets, settings } from './bytes-runs.js'
import { table } from './page.js'
import { mean, percent, points } from './statistics.js'

const graphNames = { ...graphs, [ownGraph]: 'a graph of its own' }

/** What the issue of each aim asks of a setting: how many times fewer bytes at least, and how many points it may cost. */
export const aims = {
  'topk 1 %, choco': { times: 30, points: 0.5 },
  'topk 1 %, feedback': { times: 30, points: 0.5 },
  'single merging': { times: 10, points: 1 },
}

/** All tables and what they say of the aims, in Markdown. */
export function tables(records) {
  const places = placesOf(records)
  return [
    '![accuracy against the bytes that a peer sends](bytes.svg)',
    `16 peers, Dirichlet 0.3, mean accuracy of the peers’ own models on the set’s test data in percent ± one standard deviation over the seeds; what a peer sends in the whole run, in MB; and how many times fewer that is than of plain gossip (${plain}) on the same graph, or on the ring for what brings a graph of its own. Peers talk in memory: bytes are those of heads with their frames, as sockets would carry them, without the encryption around them.`,
    '## The aims',
    table([['', 'aim', 'fewer bytes', 'accuracy less that of plain gossip', 'met'], ...places.flatMap(aimsAt)]),
    ...Object.entries(sets).flatMap(([set, { title }]) => {
      const own = places.filter(place => place.set === set)
      return own.length === 0 ? [] : [`## ${title}`, ...own.flatMap(figuresAt)]
    }),
  ].join('\n\n')
}

/** What the plot shows: of each set and graph where its settings lie. */
export function panels(records) {
  return placesOf(records)
    .filter(({ graph }) => graph !== ownGraph)
    .map(place => ({
      title: `${place.title}, ${graphNames[place.graph]}`,
      points: [place, ...placesOf(records).filter(({ set, graph }) => set === place.set && graph === ownGraph)].flatMap(
        at =>
          namesIn(at).map(name => ({
            name,
            x: mean(figures(at, name, 'bytes')),
            y: mean(figures(at, name, 'accuracy')),
          })),
      ),
    }))
}

/** Each set on each graph of which there are runs. */
function placesOf(records) {
  return Object.entries(sets).flatMap(([set, { title }]) =>
    Object.keys(graphNames).flatMap(graph => {
      const own = records.filter(record => record.set === set && record.graph === graph)
      if (own.length === 0) return []
      const against = graph === ownGraph ? 'ring' : graph
      return [{ set, title, graph, records: own, plain: plainOf(records, set, against) }]
    }),
  )
}

const plainOf = (records, set, graph) =>
  records.filter(record => record.set === set && record.graph === graph && record.setting === plain)

const namesIn = ({ records }) => Object.keys(settings).filter(name => records.some(({ setting }) => setting === name))

/** A figure by seed. */
function figures({ records }, name, figure) {
  return records
    .filter(({ setting }) => setting === name)
    .sort((a, b) => a.seed - b.seed)
    .map(record => record[figure])
}

/** Less that of plain gossip, of each seed. */
function differences(place, name) {
  const own = place.records.filter(({ setting }) => setting === name)
  return own.map(({ seed, accuracy }) => accuracy - place.plain.find(other => other.seed === seed).accuracy)
}

const timesFewer = (place, name) => mean(place.plain.map(({ bytes }) => bytes)) / mean(figures(place, name, 'bytes'))

function aimsAt(place) {
  return namesIn(place)
    .filter(name => aims[name] !== undefined)
    .map(name => {
      const { times, points: most } = aims[name]
      const [fewer, lost] = [timesFewer(place, name), differences(place, name)]
      const isMet = fewer >= times && mean(lost) * 100 >= -most
      const aim = `${name}: ${times} times fewer bytes within ${most} points`
      return [`${place.title}, ${graphNames[place.graph]}`, aim, fewer.toFixed(1), points(lost), isMet ? 'yes' : 'no']
    })
}

function figuresAt(place) {
  const rows = Object.entries(groups).flatMap(([group, all]) =>
    Object.keys(all)
      .filter(name => namesIn(place).includes(name))
      .map(name => [
        group,
        name,
        percent(figures(place, name, 'accuracy')),
        points(differences(place, name)),
        (mean(figures(place, name, 'bytes')) / 1e6).toFixed(2),
        timesFewer(place, name).toFixed(1),
      ]),
  )
  const head = ['', '', 'accuracy, %', 'points more than plain gossip', 'MB a peer', 'times fewer']
  return [
    `### On ${place.graph === ownGraph ? graphNames[ownGraph] : `the ${graphNames[place.graph]} graph`}`,
    table([head, ...rows]),
  ]
}
