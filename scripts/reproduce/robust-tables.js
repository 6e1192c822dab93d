import { table } from './page.js'
import { attacks, counts, graphs, recommendedAt, rules, sets } from './robust-runs.js'
import { deviation, mean, percent, points } from './statistics.js'

/** All tables and what they say of the aims, in Markdown. */
export function tables(records) {
  const places = placesOf(records)
  return [
    '![accuracy under the attack that costs each rule the most](robust.svg)',
    'Mean accuracy of the honest peers in percent, ± one standard deviation over the seeds; – where the rule’s own condition does not hold: some honest peer has more hostile neighbours than the rule is made for, which differs by seed. The limits of [docs/belief.md](../belief.md) are beneath every rule, `none` included, so that what lies far off costs nothing anywhere.',
    '## The aims',
    'Judged is the rule to begin with: `trimmed-mean` where every honest peer has at least twice as many neighbours as hostile ones, so that its condition holds, and `clip` elsewhere. On the 4-regular graph with four attackers that differs by seed.',
    table([['', 'aim', 'measured', ''], ...places.flatMap(aimsAt)]),
    ...places.flatMap(place => [`## ${place.title}`, accuracies(place), '### Backdoor', backdoors(place)]),
  ].join('\n\n')
}

/** What the plot shows: each rule under its worst attack. */
export function panels(records) {
  return placesOf(records).flatMap(place =>
    countsIn(place).map(attackers => ({
      title: `${place.title}, ${attackers} of 16`,
      rows: rulesIn(place).flatMap(rule => {
        const worst = worstOf(place, rule, attackers)
        return worst === undefined ? [] : [{ name: `${rule} (${worst.attack})`, values: worst.values }]
      }),
    })),
  )
}

/** Each set on each graph of which there are runs. */
function placesOf(records) {
  return Object.entries(sets).flatMap(([set, { title }]) =>
    Object.entries(graphs).flatMap(([graph, { title: on }]) => {
      const own = records.filter(record => record.set === set && record.graph === graph)
      return own.length === 0 ? [] : [{ title: `${title}, ${on}`, graph, records: own }]
    }),
  )
}

const rulesIn = ({ records }) => Object.keys(rules).filter(rule => records.some(record => record.rule === rule))
const countsIn = ({ records }) => counts.filter(count => records.some(({ attackers }) => attackers === count))
const attacksIn = ({ records }) => Object.keys(attacks).filter(name => records.some(({ attack }) => attack === name))

/** A figure by seed. */
function figures({ records }, rule, attackers, attack, figure = 'accuracy') {
  return records
    .filter(record => record.rule === rule && record.attackers === attackers && record.attack === attack)
    .sort((a, b) => a.seed - b.seed)
    .map(record => ({ seed: record.seed, value: record[figure] }))
}

/** Accuracy less that of plain averaging that nobody attacks, of each seed. */
function losses(place, rule, attackers, attack) {
  const clean = new Map(figures(place, 'none', 0, null).map(({ seed, value }) => [seed, value]))
  return figures(place, rule, attackers, attack).map(({ seed, value }) => value - clean.get(seed))
}

/** The attack that leaves a rule the least accuracy. */
function worstOf(place, rule, attackers) {
  return attacksIn(place)
    .map(attack => ({ attack, values: figures(place, rule, attackers, attack).map(({ value }) => value) }))
    .filter(({ values }) => values.length > 0)
    .sort((a, b) => mean(a.values) - mean(b.values))[0]
}

function accuracies(place) {
  const names = rulesIn(place)
  const row = (title, attackers, attack) => [
    title,
    ...names.map(rule => cell(figures(place, rule, attackers, attack).map(({ value }) => value))),
  ]
  return table([
    ['', ...names],
    row('no attack', 0, null),
    ...countsIn(place).flatMap(count => attacksIn(place).map(attack => row(`${count}: ${attack}`, count, attack))),
  ])
}

function backdoors(place) {
  const names = rulesIn(place)
  return table([
    ['records of other classes that are called the first, %', ...names],
    ...countsIn(place).flatMap(count =>
      [
        ['with the trigger', 'backdoor'],
        ['without it, by mistake', 'mistaken'],
      ].map(([title, figure]) => [
        `${count} attackers, ${title}`,
        ...names.map(rule => cell(figures(place, rule, count, 'backdoor', figure).map(({ value }) => value))),
      ]),
    ),
  ])
}

const cell = values => (values.length === 0 ? '–' : percent(values))

/** What was to be reached at a place, and what was measured. */
function aimsAt(place) {
  const costs = rulesIn(place)
    .filter(rule => rule !== 'none')
    .map(rule => {
      const differences = losses(place, rule, 0, null)
      return [place.title, `${rule}, no attack: within a point`, points(differences), judged(differences, -0.01)]
    })
  const advised = countsIn(place).flatMap(count => advisedAt(place, count))
  return [...advised.flatMap(underAttack), ...costs, ...advised.flatMap(withBackdoor)]
}

/** Each rule that is recommended against so many attackers, with the runs of the seeds for which it is. */
function advisedAt({ title, graph, records }, attackers) {
  const seeds = [...new Set(records.map(({ seed }) => seed))]
  return Object.keys(rules).flatMap(rule => {
    const some = seeds.filter(seed => recommendedAt({ seed, graph, attackers }) === rule)
    if (some.length === 0) return []
    const share = some.length < seeds.length ? `, ${some.length} of ${seeds.length} seeds` : ''
    const own = records.filter(({ seed }) => some.includes(seed))
    return [{ rule, attackers, name: `${rule}, ${attackers} of 16${share}`, place: { title, records: own } }]
  })
}

function underAttack({ rule, attackers, name, place }) {
  const least = attackers === 2 ? -0.02 : -0.04
  const [worst] = attacksIn(place)
    .map(attack => ({ attack, differences: losses(place, rule, attackers, attack) }))
    .filter(({ differences }) => differences.length > 0)
    .sort((a, b) => mean(a.differences) - mean(b.differences))
  if (worst === undefined) return []
  const aim = `${name}: every attack within ${-least * 100} points of no attack`
  return [[place.title, aim, `${points(worst.differences)} (${worst.attack})`, judged(worst.differences, least)]]
}

function withBackdoor({ rule, attackers, name, place }) {
  const values = figures(place, rule, attackers, 'backdoor', 'backdoor').map(({ value }) => value)
  if (values.length === 0) return []
  const mistaken = figures(place, rule, attackers, 'backdoor', 'mistaken').map(({ value }) => value)
  const measured = `${percent(values)} (without the trigger, by mistake: ${percent(mistaken)})`
  return [[place.title, `${name}: backdoor below 15 %`, measured, mean(values) < 0.15 ? 'yes' : 'no']]
}

/** Is the mean of differences above this? Told apart from what the seeds' spread leaves open. */
function judged(differences, least) {
  const [middle, spread] = [mean(differences), deviation(differences)]
  if (middle >= least) return 'yes'
  return middle + spread >= least ? 'no, within the spread' : 'no'
}
