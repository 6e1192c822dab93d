import { afterAll, describe, expect, it } from 'vitest'
import { isManifest, parseManifest } from '../../../src/node/index.js'
import { closePools, never, startPeers, type TestPeers } from '../peers.js'

afterAll(closePools)

const bits = ({ peers }: TestPeers): Buffer[] => peers.map(({ parameters }) => Buffer.from(parameters.slice().buffer))

async function run(peers: TestPeers, first: number, end: number): Promise<void> {
  for (let round = first; round < end; round++) {
    await peers.train(round)
    await peers.exchange(round)
  }
}

const logistic = { model: 'logistic', rounds: 20, training: { batch: 64, learningRate: 0.03, decay: 1 } } as const
const merge = { method: 'one-byte', samples: 16, snapshot: 2 } as const

describe('one byte a gradient', () => {
  it('P25 gives all peers one model, to the bit, that learns', async () => {
    const peers = await startPeers({ ...logistic, merge })
    const before = await peers.peers[0]!.session.evaluate(0, never, false)
    await run(peers, 0, 20)
    const [first, ...others] = bits(peers)
    for (const other of others) expect(other.equals(first!)).toBe(true)
    const after = await peers.peers[0]!.session.evaluate(19, never, false)
    expect(after.loss).toBeLessThan(0.6 * before.loss)
  })

  it('where a snapshot lies makes no difference', async () => {
    const [often, never] = [
      await startPeers({ ...logistic, merge }),
      await startPeers({ ...logistic, merge: { ...merge, snapshot: 100 } }),
    ]
    await run(often, 0, 7)
    await run(never, 0, 7)
    expect(bits(often)).toEqual(bits(never))
  })

  it('moves nothing but what is shared', async () => {
    const peers = await startPeers({ merge, share: 'head' })
    const { head, parameters } = peers.peers[0]!
    const body = parameters.slice(0, parameters.length - head.length)
    const before = head.slice()
    await run(peers, 0, 2)
    expect(parameters.slice(0, body.length)).toEqual(body)
    expect(head).not.toEqual(before)
  })

  it('comes to nothing else by what a liar says than by the limit', async () => {
    const loud = 2000
    const lying = await startPeers({ ...logistic, merge: { ...merge, limit: 2 } }, (from, _to, _round, values) =>
      from === 2 ? values.map((_, k) => (k % 2 === 0 ? loud : -loud)) : values,
    )
    const before = lying.peers[0]!.head.slice()
    await lying.train(0)
    await lying.exchange(0)
    const after = lying.peers[0]!.head
    // η·limit·√N at most, of N = 48, in any number.
    const most = 0.03 * 2 * Math.sqrt(48) * (1 + 1e-6)
    expect(Math.max(...after.map((value, i) => Math.abs(value - before[i]!)))).toBeLessThanOrEqual(most)
  })

  it.each([
    [{ training: { steps: 3 } }, 'training.steps'],
    [{ training: { epochs: 3 } }, 'training.epochs'],
    [{ training: { clip: 1 } }, 'training.clip'],
    [{ training: { weightDecay: 0.1 } }, 'training.weightDecay'],
    [{ training: { adaptive: true } }, 'training.adaptive'],
    [{ believe: 'clip' }, 'believe'],
    [{ reputation: 'show' }, 'reputation'],
    [{ encoding: 'int8' }, 'encoding'],
    [{ mode: 'async' }, 'mode'],
    [{ merge: { method: 'one-byte', samples: 4097 } }, 'merge.samples'],
  ] as const)('does not go with %j', (fields, path) => {
    expect(isManifest({ merge: 'one-byte' })).toBe(true)
    expect(() => parseManifest({ merge: 'one-byte', ...fields } as never)).toThrow(path)
  })

  it('is settled once: its manifest read again is the same', () => {
    const settled = parseManifest({ merge: 'one-byte', data: 'digits' })
    expect(parseManifest(settled)).toEqual(settled)
  })
})
