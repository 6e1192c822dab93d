import { aims, graphs, groups, ownGraph, plain, sets, settings } from './bytes-runs.js'
import { table } from './page.js'
import { mean, percent, points } from './statistics.js'

const graphNames = { ...graphs, [ownGraph]: 'a graph of its own' }

/** All tables and what they say of the aims, in Markdown. */
export function tables(records) {
  const places = placesOf(records)
  return [
    '![accuracy against the bytes that a peer sends](bytes.svg)',
    `16 peers, Dirichlet 0.3, mean accuracy of the peers’ own models on the set’s test data in percent ± one standard deviation over the seeds; what a peer sends in the whole run, in MB; and how many times fewer that is than of plain gossip (${plain}) on the same graph, or on the ring for what brings a graph of its own. Peers talk in memory: bytes are those of heads with their frames, as sockets would carry them, without the encryption around them.`,
    '## The aims',
    table([
      ['', 'aim', 'fewer bytes', 'accuracy less that of plain gossip', 'seeds', 'met'],
      ...places.flatMap(aimsAt),
    ]),
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
      const plainOnes = plainOf(records, set, against)
      return plainOnes.length === 0 ? [] : [{ set, title, graph, records: own, plain: plainOnes }]
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

/** Less that of plain gossip, of each seed of which there are both. */
function differences(place, name) {
  const own = place.records.filter(({ setting }) => setting === name)
  return own.flatMap(({ seed, accuracy }) => {
    const plain = place.plain.find(other => other.seed === seed)
    return plain === undefined ? [] : [accuracy - plain.accuracy]
  })
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
      return [
        `${place.title}, ${graphNames[place.graph]}`,
        aim,
        fewer.toFixed(1),
        points(lost),
        lost.length,
        isMet ? 'yes' : 'no',
      ]
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
        differences(place, name).length,
      ]),
  )
  const head = ['', '', 'accuracy, %', 'points more than plain gossip', 'MB a peer', 'times fewer', 'seeds']
  return [
    `### On ${place.graph === ownGraph ? graphNames[ownGraph] : `the ${graphNames[place.graph]} graph`}`,
    table([head, ...rows]),
  ]
}
