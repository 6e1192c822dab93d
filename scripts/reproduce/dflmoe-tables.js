import { table } from './page.js'
import { mean, percent, points, verdict } from './statistics.js'

/** Rows of the first two tables: which run, and which of its figures. Alone is who has the mixture's own head only. */
const oneArchitecture = [
  ['only local', 'mixture', 'own'],
  ['only local, images shifted in training', 'varied', 'accuracy'],
  ['FedAvg-like: all of the model averaged', 'average', 'accuracy'],
  ['FedRep-like: the body averaged', 'body', 'accuracy'],
  ['averaged head', 'head', 'accuracy'],
  ['**dFLMoE**', 'mixture', 'accuracy'],
  ['without MoE (mean of the predictions)', 'noGate', 'accuracy'],
  ['without FST', 'noTransform', 'accuracy'],
  ['dFLMoE without shifted images', 'plain', 'accuracy'],
  ['dFLMoE, whole models shared', 'whole', 'accuracy'],
]
const differentArchitectures = [
  ['only local', 'different', 'own'],
  ['**dFLMoE**', 'different', 'accuracy'],
  ['without MoE (mean of the predictions)', 'differentNoGate', 'accuracy'],
  ['without FST', 'differentNoTransform', 'accuracy'],
]
const cuts = [
  ['none', 'different'],
  ['25 %', 'cut25'],
  ['50 %', 'cut50'],
  ['75 %', 'cut75'],
]
const removals = [
  ['25 %', 'removed25', 6],
  ['50 %', 'removed50', 4],
]

/** All tables and what they say of the paper's relations, in Markdown. */
export function tables(records, seeds) {
  const figures = figuresOf(records, seeds)
  const rowsOf = rows => rows.map(([name, run, figure]) => row(figures, name, run, figure))
  const head = ['', 'accuracy, %', 'macro-F1, %', 'loss', 'weight of the own head', 'bytes a peer and round']
  return [
    '![accuracy of each row](dflmoe.svg)',
    '## One architecture: 4 peers',
    table([head, ...rowsOf(oneArchitecture)]),
    '## Different architectures: 8 peers, 8 bodies',
    table([head, ...rowsOf(differentArchitectures)]),
    '## Communication disconnect, different architectures',
    table([
      ['directions cut', 'accuracy, %', 'above only local, points'],
      ...cuts.map(([name, run]) => {
        const accuracy = figures(run)
        return [name, percent(accuracy), points(minus(accuracy, figures('different', 'own')))]
      }),
    ]),
    '## Client disconnect, different architectures',
    table([
      [
        'peers removed',
        'accuracy of those who stay, %',
        'the same peers when nobody is removed',
        'the same, only local',
      ],
      ...removals.map(([name, run, staying]) => [
        name,
        percent(figures(run, 'accuracy', staying)),
        percent(figures('different', 'accuracy', staying)),
        percent(figures('different', 'own', staying)),
      ]),
    ]),
    '## The relations',
    table([['relation', 'difference, points', 'here'], ...relations(figures)]),
  ].join('\n\n')
}

/** What the plot shows. */
export function panels(records, seeds) {
  const figures = figuresOf(records, seeds)
  const rowsOf = rows =>
    rows.map(([name, run, figure]) => ({
      name: name.replaceAll('**', '').split(' (')[0].split(':')[0],
      values: figures(run, figure),
    }))
  return [
    { title: 'one architecture', rows: rowsOf(oneArchitecture) },
    { title: 'different architectures', rows: rowsOf(differentArchitectures) },
    { title: 'directions cut', rows: rowsOf(cuts.slice(1).map(cut => [...cut, 'accuracy'])) },
  ]
}

function row(figures, name, run, figure) {
  const isLocal = figure === 'own'
  const weight = mean(figures(run, 'ownWeight'))
  return [
    name,
    percent(figures(run, figure)),
    isLocal ? '' : percent(figures(run, 'macroF1')),
    isLocal ? '' : mean(figures(run, 'loss')).toFixed(3),
    isLocal || Number.isNaN(weight) ? '' : weight.toFixed(2),
    isLocal ? '0' : Math.round(mean(figures(run, 'bytes'))).toLocaleString('en'),
  ]
}

function relations(figures) {
  const above = (name, one, other, least) => {
    const differences = minus(figures(...one), figures(...other))
    return [name, points(differences), verdict(differences, least)]
  }
  return [
    above('dFLMoE above only local, one architecture', ['mixture'], ['mixture', 'own']),
    above('dFLMoE above only local with shifted images', ['mixture'], ['varied']),
    above('dFLMoE above FedAvg-like', ['mixture'], ['average']),
    above('dFLMoE above FedRep-like', ['mixture'], ['body']),
    above('dFLMoE above the averaged head', ['mixture'], ['head']),
    above('the averaged head below only local', ['mixture', 'own'], ['head']),
    above('dFLMoE above without MoE', ['mixture'], ['noGate']),
    above('dFLMoE above without FST', ['mixture'], ['noTransform']),
    above('heads alone at most a point below whole models', ['mixture'], ['whole'], -0.01),
    above('dFLMoE above only local, different architectures', ['different'], ['different', 'own']),
    above('the same, above without MoE', ['different'], ['differentNoGate']),
    above('the same, above without FST', ['different'], ['differentNoTransform']),
    above('with 75 % cut still above only local', ['cut75'], ['different', 'own']),
  ]
}

/** A run's figure by seed, mean over the first so many peers. */
function figuresOf(records, seeds) {
  return (run, figure = 'accuracy', peers = Number.POSITIVE_INFINITY) =>
    seeds.map(seed => {
      const record = records.find(({ name, seed: of }) => name === run && of === seed)
      const value = record[figure]
      return Array.isArray(value) ? mean(value.slice(0, peers)) : value
    })
}

const minus = (one, other) => one.map((value, i) => value - other[i])
