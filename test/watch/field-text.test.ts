import { describe, expect, it } from 'vitest'
import { type Manifest, type PeerEvent, parseManifest } from '../../src/node/index.js'
import { createFieldLines, type FieldSummary, fieldResult, testedFigures } from '../../src/watch/index.js'

const fraud = {
  accuracy: 0.997,
  macroF1: 0.499,
  balancedAccuracy: 0.5,
  rarestRecall: 0,
  rarest: { class: 1, right: 0, samples: 175 },
  isUnbalanced: true,
}
const tested = { ...fraud, before: { ...fraud, accuracy: 0.991, balancedAccuracy: 0.75 } }
const classes = ['honest', 'fraud']

const before = { atMs: 0, peer: 'A', round: 0 }
const named = (names: readonly string[]) => names.map(name => ({ peer: `id of ${name}`, name }))

function manifestOf(measure: 'accuracy' | 'r2' = 'accuracy', merge = 'dfedavg'): Manifest {
  return parseManifest({
    rounds: 6,
    merge,
    ...(measure === 'r2' && { data: { set: 'shop.csv', target: 'y' }, model: 'mlp' }),
  })
}

/** The line of a round with this test. */
function lineOf(test: object, measure: 'accuracy' | 'r2' = 'accuracy'): string | undefined {
  const line = createFieldLines(manifestOf(measure), classes)
  const common = { atMs: 0, peer: 'A', round: 1 }
  line({ type: 'trained', ...common, loss: 0.5, samples: 10, seconds: 1 })
  line({ type: 'merged', ...common, localDistance: 0.25 })
  line({ type: 'evaluated', ...common, loss: 0.5, ...test } as PeerEvent)
  return line({ type: 'ended', ...common, seconds: 1 })
}

describe('a round in the field', () => {
  it('says what the peer has without the others, and what accuracy hides', () => {
    expect(lineOf(tested)).toBe(
      'round 2/6  loss 0.500  accuracy 99.7 % (alone 99.1 %), balanced 50.0 %, fraud 0 of 175  distance 0.250',
    )
  })

  it('says no more than accuracy where classes are of much the same size', () => {
    expect(lineOf({ ...fraud, isUnbalanced: false })).toBe('round 2/6  loss 0.500  accuracy 99.7 %  distance 0.250')
  })

  it('says what the method reports of its merge, in its own words', () => {
    const line = createFieldLines(manifestOf('accuracy', 'mixture'), classes)
    const weights = { A: 0.25, B: 0.5, C: 0.25 }
    line({ type: 'trained', ...before, loss: 0.5, samples: 10, seconds: 1 })
    line({ type: 'merged', ...before, figures: { gateLoss: 0.5 }, perPeer: { weights } })
    expect(line({ type: 'ended', ...before, seconds: 1 })).toBe('round 1/6  loss 0.500  own head 25.0 %, 2 experts')
  })

  it('says errors of numbers in their units', () => {
    expect(lineOf({ accuracy: 0.5, mae: 12_345.6, rmse: 0.00123456 }, 'r2')).toContain(
      'R² 0.500, MAE 12,346, RMSE 0.001235',
    )
  })
})

describe('peers that agree on mean and spread', () => {
  const line = createFieldLines(manifestOf(), classes)

  it('are named once they have', () => {
    const members = ['anna', 'bert', 'carl']
    expect(line({ type: 'standardised', ...before, members: named(members), sum: '', notes: [] })).toBe(
      'agreed    on mean and spread of all columns, by the sums over anna, bert, carl',
    )
  })

  it.each([
    [[], 'nobody'],
    [['bert', 'carl'], 'bert, carl'],
  ])('say for whom they wait, and what helps, with %j there', (live, here) => {
    expect(line({ type: 'agreeing', ...before, live: named(live), wanted: 4 })).toBe(
      `agreeing  waits for a peer that has agreed on mean and spread of the columns, or until 4 are here to add them up; here: ${here}. Any peer's agreed.json, copied into this run folder, does it too: resume then`,
    )
  })
})

describe('peers that see their data otherwise', () => {
  it('are named, with the remedy where this peer is the odd one out', () => {
    const line = createFieldLines(manifestOf(), classes)
    expect(line({ type: 'unlike', ...before, peers: named(['bern']), isMost: false })).toBe(
      'unlike    bern sees the columns by other sums than this peer, so its heads are refused',
    )
    expect(line({ type: 'unlike', ...before, peers: named(['bern', 'zug']), isMost: true })).toMatch(
      /^unlike {4}bern, zug see the columns .* refused; most others do: stop this peer, take agreed\.json out of its run folder, and resume it$/,
    )
  })
})

describe('the end of a run in the field', () => {
  const run = { rounds: 6, measure: 'accuracy', sentBytes: 0, receivedBytes: 0, rejected: {} } as FieldSummary

  it('says the same of its last test', () => {
    expect(fieldResult(run, { ...tested, untested: [0] }, classes)).toBe(
      'accuracy 99.7 % (alone 99.1 %), balanced 50.0 %, fraud 0 of 175 after 6 rounds; honest has no test sample and is left out of balanced accuracy; sent 0 B, received 0 B',
    )
    expect(fieldResult(run, undefined, classes)).toMatch(/^accuracy – after 6 rounds/)
    expect(fieldResult({ ...run, rounds: 1 }, undefined, classes)).toMatch(/^accuracy – after 1 round;/)
  })

  it('keeps it in figures, classes by name', () => {
    expect(testedFigures(tested, classes)).toEqual({
      accuracy: 0.997,
      macroF1: 0.499,
      balancedAccuracy: 0.5,
      rarestRecall: 0,
      rarest: { class: 'fraud', right: 0, samples: 175 },
      before: { accuracy: 0.991, macroF1: 0.499, balancedAccuracy: 0.75, rarestRecall: 0 },
    })
    expect(testedFigures(undefined, classes)).toEqual({ accuracy: null })
  })
})
