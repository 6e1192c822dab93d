import { describe, expect, it } from 'vitest'
import { type Dataset, sharedLabels, sharedNumbers } from '../../src/data/index.js'
import { addMoments, decodeMoments, encodeMoments } from '../../src/data/moments.js'
import { createSight, type PeerSight } from '../../src/node/peer-sight.js'

/** A table of one column. */
function table(...values: readonly number[]): Dataset {
  const inputs = sharedNumbers(values.length)
  inputs.set(values)
  const samples = { inputs, labels: sharedLabels(values.length), size: values.length }
  return { name: 'amounts', classes: ['no', 'yes'], inputShape: [1], train: samples, test: samples }
}

function sightOf(self: string, ...values: readonly number[]): PeerSight {
  const dataset = table(...values)
  return createSight({ task: undefined }, self, dataset, dataset.train)
}

/** The sum of these peers' parts, as they get it over the network. */
function totalOf(...peers: readonly PeerSight[]): Uint8Array {
  return encodeMoments(addMoments(peers.map(({ summand }) => decodeMoments(summand!.bytes, 1))))
}

describe('how a peer of the field sees its data', () => {
  const anna = sightOf('anna', -1, 1)
  const bert = sightOf('bert', -9, 9)

  it('is not to be asked for before it is agreed on', () => {
    expect(sightOf('anna', 0).standardisation()).toBeUndefined()
    expect(() => sightOf('anna', 0).data.standardisation).toThrow('The standardisation is not agreed on yet')
  })

  it('is the same at all, with nothing to tell those whose rows are in the sum', () => {
    const sum = { members: ['anna', 'bert'], total: totalOf(anna, bert) }
    expect([anna, bert].map(({ summand }) => summand!.settle(sum))).toEqual([[], []])
    expect(anna.data.standardisation).toEqual(bert.data.standardisation)
    expect(anna.standardisation()!.std[0]).toBe(Math.fround(Math.sqrt((2 + 162) / 4)))
  })

  it('is told to who comes late and differs: its rows had no say', () => {
    const sum = { members: ['anna'], total: totalOf(anna) }
    expect(bert.summand!.settle(sum)).toEqual([expect.stringMatching(/more than 8 times as wide or as narrow/)])
    // Said to be in it, it knows that its rows cannot be.
    expect(bert.summand!.settle({ ...sum, members: ['anna', 'bert'] })).toEqual([
      expect.stringMatching(/cannot hold the rows of this one; a peer has lied/),
    ])
  })

  it('is its own where there is nothing to agree on', () => {
    const dataset: Dataset = { ...table(1, 3), standardise: 'own' }
    const { summand, data } = createSight({ task: undefined }, 'anna', dataset, dataset.train)
    expect(summand).toBeUndefined()
    expect(data.standardisation.mean[0]).toBe(2)
  })
})
