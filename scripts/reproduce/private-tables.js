import { table } from './page.js'
import { attacked, budgets, methods, sets } from './private-runs.js'
import { percent, points } from './statistics.js'

/** All tables, in Markdown. */
export function tables(records) {
  return [
    '![accuracy, and the AUC of shadow models, by ε](private.svg)',
    `Mean ± one standard deviation over the seeds. Accuracy is the mean over the peers’ own models on the set’s test data. The attacks are those of \`hearsay audit\` on the model of peer ${attacked}: an AUC of 0.5 is guessing; *found* is the share of a peer’s records that shadow models tell where one of 100 others is wrongly told. The gap is the model’s accuracy on the peer’s records less that on others.`,
    ...Object.entries(sets).flatMap(([name, { title }]) => {
      const own = records.filter(({ set }) => set === name)
      return own.length === 0 ? [] : [`## ${title}`, seedsOf(own), figuresOf(own)]
    }),
    '## What ε costs',
    'Accuracy less that without a budget, by seed, in points.',
    costs(records),
  ].join('\n\n')
}

/** What the plot shows. */
export function panels(records) {
  const rows = (own, figure) =>
    methods.flatMap(method =>
      budgetsIn(own).map(budget => ({
        name: `${method}, ε ${epsilon(budget)}`,
        values: figures(own, method, budget, figure),
      })),
    )
  return Object.entries(sets).flatMap(([name, { title }]) => {
    const own = records.filter(({ set }) => set === name)
    if (own.length === 0) return []
    return [
      { title: `${title}: accuracy`, rows: rows(own, 'accuracy') },
      { title: `${title}: AUC of shadow models`, rows: rows(own, 'shadows') },
    ]
  })
}

function seedsOf(records) {
  const seeds = [...new Set(records.map(({ seed }) => seed))].sort()
  return `Seeds ${seeds.join(', ')}.`
}

const epsilon = budget => budget ?? '∞'
const budgetsIn = records => budgets.filter(budget => records.some(record => record.budget === budget))

/** By seed. */
function figures(records, method, budget, figure) {
  return records
    .filter(record => record.method === method && record.budget === budget)
    .sort((a, b) => a.seed - b.seed)
    .map(record => record[figure])
}

function figuresOf(records) {
  const row = (method, budget) => {
    const of = figure => percent(figures(records, method, budget, figure))
    return [method, epsilon(budget), of('accuracy'), of('loss'), of('shadows'), of('found'), of('gap')]
  }
  return table([
    ['', 'ε', 'accuracy, %', 'AUC, losses, %', 'AUC, shadow models, %', 'found, %', 'gap, points'],
    ...methods.flatMap(method => budgetsIn(records).map(budget => row(method, budget))),
  ])
}

function costs(records) {
  const least = budgetsIn(records).filter(budget => budget !== null)
  const rows = Object.entries(sets).flatMap(([name, { title }]) => {
    const own = records.filter(({ set }) => set === name)
    if (own.length === 0) return []
    return methods.map(method => {
      const free = figures(own, method, null, 'accuracy')
      const cells = least.map(budget => {
        return points(figures(own, method, budget, 'accuracy').map((value, seed) => value - free[seed]))
      })
      return [`${title}: ${method}`, ...cells]
    })
  })
  return table([['', ...least.map(budget => `ε ${budget}`)], ...rows])
}
