import { peerIdFromString } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import { createBelievedExperts } from '../../../src/methods/mixture/believed-experts.js'
import type { Member } from '../../../src/node/index.js'

const ids = [
  '12D3KooWM6uZaeac78tZVmPvGZZDMG65BZwEKqfiACrCSLBYum3x',
  '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
  '12D3KooWJpBNhwgvoZ15EB1JwRTRpxgM9NVaqpDtWZXfTf6CpCQd',
] as const
const members = ids.map((id, at): Member => ({ name: `peer-${at}`, peerId: peerIdFromString(id), addresses: [] }))
const own = Float32Array.of(3, 4)
const expert = (at: number, norm: number) => ({
  peer: ids[at]!,
  round: 0,
  age: 0,
  head: new Float32Array(new SharedArrayBuffer(8)).fill(norm / Math.SQRT2),
})
const report = { loss: 0, samples: 1, steps: 1, stepsInLoop: 0, seconds: 0, gate: { own: 1, experts: [] } }
const diverged = new HearsayError('DIVERGED', 'the mixture diverged')

describe('experts of a mixture', () => {
  it('that are too long are not asked, and named', async () => {
    const believed = createBelievedExperts(5)
    const all = [expert(0, 6), expert(1, 9_900), expert(2, 4)]
    expect((await believed.of(all, own)).map(({ peer }) => peer)).toEqual([ids[0], ids[2]])
    expect(all.map(believed.has)).toEqual([true, false, true])
    expect(believed.refusals(members)).toEqual([
      { peer: 1, name: 'peer-1', reason: 'TOO_LONG', times: expect.closeTo(9_900 / 25, 3) },
    ])
    // Counted though it is no member any more; asked again each time.
    expect(believed.refusals([])).toEqual([])
    expect(believed.counts()).toEqual({ TOO_LONG: 2 })
    expect(await believed.of([expert(1, 5)], own)).toHaveLength(1)
    expect(believed.refusals(members)).toEqual([])
  })

  it('that break its training are left out, the longest first', async () => {
    const believed = createBelievedExperts(5)
    const all = await believed.of([expert(0, 6), expert(1, 20), expert(2, 4)], own)
    const asked: string[][] = []
    await believed.trainWith(all, async some => {
      asked.push(some.map(({ peer }) => peer))
      if (some.some(({ peer }) => peer === ids[1])) throw diverged
      return report
    })
    expect(asked).toEqual([[...ids], [ids[2]]])
    expect(believed.refusals(members).map(({ name, reason }) => [name, reason])).toEqual([
      ['peer-0', 'DIVERGED'],
      ['peer-1', 'DIVERGED'],
    ])
  })

  it('are not to blame where it diverges without them, nor for anything else', async () => {
    const believed = createBelievedExperts(5)
    const all = await believed.of([expert(0, 6)], own)
    let tries = 0
    const failing = (error: Error) =>
      believed.trainWith(all, async () => {
        tries += 1
        throw error
      })
    await expect(failing(diverged)).rejects.toBe(diverged)
    expect(tries).toBe(2)
    const other = new Error('a worker is gone')
    await expect(failing(other)).rejects.toBe(other)
    expect(tries).toBe(3)
  })
})
