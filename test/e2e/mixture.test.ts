import { describe, expect, it } from 'vitest'
import { simulated } from './hearsay.js'
import { manifestFile } from './peers.js'

/** Four bodies whose heads are alike: 16 features, 10 classes. */
const models = [
  { kind: 'cnn', channels: [8], hidden: 16 },
  { kind: 'mlp', hidden: [64, 16] },
  { kind: 'cnn', channels: [4, 8], hidden: 16 },
  { kind: 'mlp', hidden: [16] },
]
const headBytes = 4 * (16 * 10 + 10)
const fields = { data: 'digits', partition: 'iid', merge: 'mixture', models, peers: 4 }

describe('a simulated mixture', () => {
  it('says who listens to whom, and sends little more than its heads', async () => {
    const manifest = await manifestFile({ ...fields, rounds: 3, topology: 'ring' })
    const { summary } = await simulated([manifest])
    const { weights } = summary.between!
    expect(weights).toHaveLength(4)
    for (const [self, row] of weights!.entries()) {
      expect(row.reduce<number>((sum, weight) => sum + weight!, 0)).toBeCloseTo(1, 2)
      expect(row[self]).toBeGreaterThan(0)
    }
    for (const { figures, accuracy } of summary.perPeer) {
      for (const value of [figures!.ownHead, figures!.bestExpert, accuracy!]) expect(value).toBeGreaterThan(0.1)
    }
    expect(summary).toMatchObject({ merge: 'mixture', consensusDistance: null, absent: 0, rejected: {} })
    expect(summary.bytes.perPeerPerRound).toBeLessThan(1.15 * headBytes * 4)
  })
})
