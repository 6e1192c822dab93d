import { afterAll, describe, expect, it } from 'vitest'
import { roundsAgainst, roundsMuted } from '../../../src/merge/index.js'
import { rememberedPeers } from '../../../src/methods/averaging/kept-by-id.js'
import { createReputation } from '../../../src/methods/averaging/reputation.js'
import type { MethodEvent } from '../../../src/methods/index.js'
import type { ManifestInput } from '../../../src/node/index.js'
import { closePools, never, startPeers, type TestPeers, type Way } from '../peers.js'

afterAll(closePools)

const input: ManifestInput = {
  peers: 4,
  rounds: 40,
  partition: 'iid',
  training: { batch: 32, learningRate: 0.1 },
  believe: 'clip',
  // The floor lets all through: it is the reputation that is tested.
  limits: { headDistance: 1e6, headRadius: 1e6, lossIncrease: 1e6 },
}

async function runRounds({ peers, train, exchange }: TestPeers, to: number, from = 0): Promise<MethodEvent[][]> {
  const events: MethodEvent[][] = peers.map(() => [])
  for (let round = from; round < to; round++) {
    await train(round)
    for (const [peer, own] of (await exchange(round)).entries()) events[peer]!.push(...own)
  }
  return events
}

const modelsOf = ({ peers }: TestPeers): Float32Array[] => peers.map(({ parameters }) => parameters.slice())

/** The head of peer 3, turned round. */
const lying: Way = (from, _to, _round, values) => (from === 3 ? values.map(value => -value) : values)

/** Keeps what a session keeps as a checkpoint does: copies, of float32 numbers. */
function resume(from: TestPeers, to: TestPeers): void {
  for (const [peer, { parameters, session }] of from.peers.entries()) {
    const again = to.peers[peer]!
    again.parameters.set(parameters)
    const { before, tensors, numbers } = session.kept!()
    const copies = tensors.map(tensor => ({ ...tensor, values: tensor.values.slice() }))
    again.session.restore!({ before: before?.slice(), tensors: copies, numbers }, 'what is kept')
  }
}

describe('reputation: show', () => {
  it('changes no bit, and reports two means of every neighbour', async () => {
    const [plain, shown] = [await startPeers(input, lying), await startPeers({ ...input, reputation: 'show' }, lying)]
    await runRounds(plain, 12)
    const [own] = await runRounds(shown, 12)
    expect(modelsOf(shown)).toEqual(modelsOf(plain))
    const { perPeer } = (await shown.peers[0]!.session.evaluate(11, never, false))!
    for (const name of ['gain', 'cosine']) {
      expect(Object.keys(perPeer![name]!).sort()).toEqual(['id-1', 'id-2', 'id-3'])
      expect(perPeer![name]!['id-3']).toBeLessThan(0)
    }
    expect(own!.filter(({ type }) => type === 'muted')).toEqual([])
  })

  it('goes with privacy, as nothing of it is handed over; mute does not', async () => {
    const said: string[] = []
    const noting: Way = (from, to, round, values) => {
      said.push(`${from} ${to} ${round} ${Buffer.from(values.buffer).toString('base64')}`)
      return values
    }
    const hidden: ManifestInput = { ...input, privacy: { budget: 8 }, data: { set: 'digits', standardise: 'none' } }
    await expect(startPeers({ ...hidden, reputation: 'mute' })).rejects.toThrow(
      /reputation: mute does not go with privacy/,
    )
    const rounds = 2
    const [plain] = [await startPeers(hidden, noting)]
    await runRounds(plain, rounds)
    const before = said.splice(0).sort()
    await runRounds(await startPeers({ ...hidden, reputation: 'show' }, noting), rounds)
    expect(said.sort()).toEqual(before)
  })
})

describe('reputation: mute', () => {
  it('gives a liar no weight for ten rounds, hears it again, and never mutes an honest peer', async () => {
    const run = await startPeers({ ...input, reputation: 'mute' }, lying)
    const events = await runRounds(run, 34)
    for (const own of events.slice(0, 3)) {
      const news = own.filter(event => event.type === 'muted' || event.type === 'unmuted')
      expect(news.slice(0, 2)).toEqual([
        { type: 'muted', rounds: roundsMuted, peers: [{ peer: 3, name: 'peer-3' }] },
        { type: 'unmuted', peers: [{ peer: 3, name: 'peer-3' }] },
      ])
      for (const event of news) expect(event.peers.map(({ peer }) => peer)).toEqual([3])
      const rounds = own.flatMap((event, at) =>
        event.type === 'muted' || event.type === 'unmuted'
          ? [own.slice(0, at).filter(({ type }) => type === 'merged').length]
          : [],
      )
      // Said within the tenth round at the earliest, and again before the merge of the eleventh behind it.
      expect(rounds[0]).toBeGreaterThanOrEqual(roundsAgainst - 1)
      expect(rounds[1]! - rounds[0]!).toBe(1 + roundsMuted)
    }
  })

  it('is what it would be without the head of the peer that is muted', async () => {
    const muting: ManifestInput = { ...input, reputation: 'mute' }
    const run = await startPeers(muting, lying)
    const events = await runRounds(run, 15)
    const mutedIn = events.map(own => {
      const at = own.findIndex(({ type }) => type === 'muted')
      return at < 0 ? 15 : own.slice(0, at).filter(({ type }) => type === 'merged').length
    })
    expect(Math.min(...mutedIn)).toBeLessThan(14)
    const without = await startPeers(muting, (from, to, round, values) =>
      from === 3 && round > mutedIn[to]! ? undefined : lying(from, to, round, values),
    )
    await runRounds(without, 15)
    expect(modelsOf(run)).toEqual(modelsOf(without))
  })

  it('goes on from what it keeps with the same bits, muted peers among it', async () => {
    const muting: ManifestInput = { ...input, reputation: 'mute' }
    const [whole, resumed] = [await startPeers(muting, lying), await startPeers(muting, lying)]
    await runRounds(whole, 12)
    resume(whole, resumed)
    const before = await runRounds(whole, 24, 12)
    const after = await runRounds(resumed, 24, 12)
    expect(modelsOf(resumed)).toEqual(modelsOf(whole))
    const without = (events: MethodEvent[][]) =>
      events.map(own => own.map(event => (event.type === 'exchanged' ? { ...event, waitSeconds: 0 } : event)))
    expect(without(after)).toEqual(without(before))
    expect(before[0]!.some(({ type }) => type === 'unmuted')).toBe(true)
  })
})

describe('what is kept of reputations', () => {
  const taken = (use: 'show' | 'mute', ids: readonly string[]) => {
    const reputation = createReputation(use)
    for (const id of ids) reputation.take(0, new Map([[id, { gain: -1 / 3, cosine: -0.1, loss: 1 }]]))
    return reputation
  }

  it('comes back bit for bit', () => {
    const [before, after] = [taken('mute', ['a', 'b']), createReputation('mute')]
    after.restore(before.kept(), 'it')
    expect([...after.reputes]).toEqual([...before.reputes])
    expect(after.kept()).toEqual(before.kept())
  })

  it('mutes nobody for longer than ten rounds, whatever it says', () => {
    const reputation = createReputation('mute')
    const forever = { name: 'reputation:a', shape: [4], values: Float32Array.of(-1, -0.5, 10, 2 ** 40) }
    reputation.restore([forever], 'checkpoint')
    expect([...reputation.at(20).muted]).toEqual(['a'])
    expect([...reputation.at(29).muted]).toEqual(['a'])
    const { muted, back } = reputation.at(30)
    expect([[...muted], back]).toEqual([[], ['a']])
  })

  it('is of a bounded number of peers: who was not heard for the longest time is forgotten', () => {
    const ids = Array.from({ length: rememberedPeers + 2 }, (_, at) => `id-${at}`)
    const { reputes } = taken('show', ids)
    expect(reputes.size).toBe(rememberedPeers)
    expect([reputes.has('id-1'), reputes.has('id-2')]).toEqual([false, true])
  })

  it.each([
    ['another shape', { name: 'reputation:a', shape: [1], values: Float32Array.of(1) }],
    ['a cosine beyond 1', { name: 'reputation:a', shape: [4], values: Float32Array.of(0, 2, 0, 0) }],
    ['half a round', { name: 'reputation:a', shape: [4], values: Float32Array.of(0, 0, 0.5, 0) }],
    ['NaN', { name: 'reputation:a', shape: [4], values: Float32Array.of(Number.NaN, 0, 0, 0) }],
    ['no id', { name: 'reputation:', shape: [4], values: Float32Array.of(0, 0, 0, 0) }],
  ])('is refused with %s, and nothing is changed', (_, tensor) => {
    const reputation = taken('show', ['b'])
    expect(() => reputation.restore([tensor], 'checkpoint')).toThrow(/^checkpoint: reputation:/)
    expect([...reputation.reputes.keys()]).toEqual(['b'])
  })
})
