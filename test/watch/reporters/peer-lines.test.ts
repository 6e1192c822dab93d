import { describe, expect, it } from 'vitest'
import { type Manifest, type PeerEvent, parseManifest } from '../../../src/node/index.js'
import { peerLinesReporter } from '../../../src/watch/index.js'
import { classes, fraud, tested } from '../tests.js'
import { reportedRun } from './events.js'

const before = { atMs: 0, peer: 'A', round: 0 }
const named = (names: readonly string[]) => names.map(name => ({ peer: `id of ${name}`, name }))

function manifestOf(measure: 'accuracy' | 'r2' = 'accuracy', merge = 'dfedavg'): Manifest {
  return parseManifest({
    rounds: 6,
    merge,
    ...(measure === 'r2' && { data: { set: 'shop.csv', target: 'y' }, model: 'mlp' }),
  })
}

/** What is written of each event. */
function linesOf(manifest: Manifest): (event: PeerEvent) => string | undefined {
  const written: string[] = []
  const { onBegin, onEvent } = peerLinesReporter(line => written.push(line))
  onBegin!(reportedRun({ manifest, classes }))
  return event => {
    onEvent!(event)
    return written.pop()
  }
}

/** The line of a round with this test. */
function lineOf(test: object, measure: 'accuracy' | 'r2' = 'accuracy'): string | undefined {
  const line = linesOf(manifestOf(measure))
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
    const line = linesOf(manifestOf('accuracy', 'mixture'))
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
  const line = linesOf(manifestOf())

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
    const line = linesOf(manifestOf())
    expect(line({ type: 'unlike', ...before, peers: named(['bern']), isMost: false })).toBe(
      'unlike    bern sees the columns by other sums than this peer, so its heads are refused',
    )
    expect(line({ type: 'unlike', ...before, peers: named(['bern', 'zug']), isMost: true })).toMatch(
      /^unlike {4}bern, zug see the columns .* refused; most others do: stop this peer, take agreed\.json out of its run folder, and resume it$/,
    )
  })
})
