import { afterAll, describe, expect, it } from 'vitest'
import { ruleNames } from '../../../src/merge/index.js'
import type { MethodEvent } from '../../../src/methods/index.js'
import type { ManifestInput } from '../../../src/node/index.js'
import { closePools, never, startPeers, type TestPeers, type Way } from '../peers.js'

afterAll(closePools)

/** As many as Krum needs on a full graph. */
const crowd: ManifestInput = { peers: 5, partition: 'iid', training: { batch: 64, learningRate: 0.05 } }

async function runRounds({ peers, train, exchange }: TestPeers, to: number, from = 0): Promise<MethodEvent[][]> {
  const events: MethodEvent[][] = peers.map(() => [])
  for (let round = from; round < to; round++) {
    await train(round)
    for (const [peer, own] of (await exchange(round)).entries()) events[peer]!.push(...own)
  }
  return events
}

const modelsOf = ({ peers }: TestPeers): Float32Array[] => peers.map(({ parameters }) => parameters.slice())

const refusedIn = (events: readonly MethodEvent[]) =>
  events.flatMap(event => (event.type === 'refused' ? event.heads : []))

/** The weights of the last merge. */
function believedIn(events: readonly MethodEvent[]): Readonly<Record<string, number>> {
  const last = events.at(-1)!
  if (last.type !== 'merged') throw new Error(last.type)
  return last.perPeer!.believed!
}

/** The head of peer 4 within what the floor lets through, and far from what it trained. */
const lying: Way = (from, _to, _round, values) => {
  if (from === 4) for (const k of values.keys()) values[k]! *= -0.2
  return values
}

const loose = { headDistance: 1e6, headRadius: 1e6, lossIncrease: 1e6 }

describe.each(ruleNames)('believe: %s', rule => {
  it('merges, and says which weights it gave', async () => {
    const run = await startPeers({ ...crowd, believe: rule })
    const events = await runRounds(run, 3)
    for (const own of events) {
      const weights = Object.values(believedIn(own))
      expect(weights).toHaveLength(5)
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9)
      for (const { reason } of refusedIn(own)) expect(reason).toBe('OUTVOTED')
    }
    for (const { session } of run.peers) {
      expect((await session.evaluate(2, never, false)).perPeer).toEqual({ believed: expect.anything() })
    }
  })

  it('goes on from what it keeps with the same bits', async () => {
    const input = { ...crowd, believe: rule }
    const [whole, resumed] = [await startPeers(input), await startPeers(input)] as const
    await runRounds(whole, 2)
    for (const [peer, { parameters, session }] of whole.peers.entries()) {
      const again = resumed.peers[peer]!
      again.parameters.set(parameters)
      const { before, tensors, numbers } = session.kept!()
      const copies = tensors.map(tensor => ({ ...tensor, values: tensor.values.slice() }))
      again.session.restore!({ before: before?.slice(), tensors: copies, numbers }, 'what is kept')
    }
    await runRounds(whole, 4, 2)
    await runRounds(resumed, 4, 2)
    expect(modelsOf(resumed)).toEqual(modelsOf(whole))
  })

  it('lets a liar within the floor pull less than a mean does', async () => {
    const withLiar = { ...crowd, limits: loose }
    const [honest, mean, ruled] = [
      await startPeers({ ...withLiar, believe: rule }),
      await startPeers(withLiar, lying),
      await startPeers({ ...withLiar, believe: rule }, lying),
    ]
    for (const run of [honest, mean, ruled]) await runRounds(run, 1)
    const apart = ({ peers }: TestPeers): number =>
      Math.hypot(...peers[0]!.head.map((value, k) => value - honest.peers[0]!.head[k]!))
    expect(apart(ruled)).toBeLessThan(0.6 * apart(mean))
  })
})

describe('a rule', () => {
  it('that leaves a head out says so, in each exchange anew', async () => {
    const run = await startPeers(
      {
        ...crowd,
        limits: loose,
        believe: { rule: 'multi-krum', k: 3 },
        merge: { method: 'dfedsam-mgs', gossipSteps: 2 },
      },
      lying,
    )
    const [own] = await runRounds(run, 1)
    const ofLiar = refusedIn(own!).filter(({ peer }) => peer === 4)
    expect(ofLiar).toEqual(
      Array(2).fill({ peer: 4, name: 'peer-4', reason: 'OUTVOTED', asked: expect.closeTo(0.2, 9) }),
    )
    expect(believedIn(own!)['id-4']).toBe(0)
    expect(run.peers[0]!.session.refused().OUTVOTED).toBeGreaterThanOrEqual(2)
  })

  it('with too few vectors keeps the own one, to the bit, and says so', async () => {
    const run = await startPeers({ ...crowd, believe: 'multi-krum' }, (from, to, _, values) =>
      from === 1 && to === 0 ? undefined : values,
    )
    await run.train(0)
    const trained = run.peers[0]!.parameters.slice()
    const [own, other] = await run.exchange(0)
    expect(run.peers[0]!.parameters).toEqual(trained)
    const tooFew = [2, 3, 4].map(peer => ({ peer, name: `peer-${peer}`, reason: 'TOO_FEW', needed: 5 }))
    expect(refusedIn(own!)).toEqual(tooFew)
    expect(believedIn(own!)).toEqual(expect.objectContaining({ 'id-0': 1 }))
    expect(refusedIn(other!).map(({ reason }) => reason)).not.toContain('TOO_FEW')
    expect(run.peers[0]!.session.refused()).toEqual({ TOO_FEW: 3 })
  })

  it('has one liar fewer where the floor refuses a head', async () => {
    const far: Way = (from, _to, _round, values) => (from === 4 ? values.fill(50) : values)
    const run = await startPeers({ ...crowd, believe: { rule: 'trimmed-mean', tolerate: 2 } }, far)
    const [own] = await runRounds(run, 1)
    // Four of five are left: too few against two, and enough against one.
    expect(refusedIn(own!).map(({ peer, reason }) => [peer, reason])).toEqual([[4, 'TOO_FAR']])
  })

  it('needs as many vectors where the floor refuses the only one that may lie: it may have been honest', async () => {
    const far: Way = (from, _to, _round, values) => (from === 4 ? values.fill(50) : values)
    const run = await startPeers({ ...crowd, believe: { rule: 'multi-krum', k: 3 } }, far)
    const [own] = await runRounds(run, 1)
    expect(
      refusedIn(own!)
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['TOO_FAR', 'TOO_FEW', 'TOO_FEW', 'TOO_FEW'])
  })

  it('that lets in too few tells once, after three rounds on end, how far away they lie', async () => {
    const strict = await startPeers({ ...crowd, rounds: 6, believe: { rule: 'balance', gamma: 1e-3 } })
    const hints = (await runRounds(strict, 6)).map(own =>
      own.flatMap((event, at) => (event.type === 'refused' && event.tooStrict ? [{ at, hint: event.tooStrict }] : [])),
    )
    for (const own of hints) {
      expect(own).toHaveLength(1)
      // Three events a round: exchanged, refused, merged.
      expect(own[0]!.at).toBe(2 * 3 + 1)
      expect(own[0]!.hint).toEqual({ field: 'gamma', apart: expect.any(Number) })
    }
    // It is a hint for γ: with a little more, κ aside, all are let in that were in the middle then.
    const apart = Math.max(...hints.map(([own]) => own!.hint.apart))
    const wide = await startPeers({ ...crowd, rounds: 6, believe: { rule: 'balance', gamma: 2 * apart, kappa: 0 } })
    const events = await runRounds(wide, 6)
    expect(events.flat().flatMap(event => (event.type === 'refused' && event.tooStrict ? [event] : []))).toEqual([])
  })

  it('judges what goes along with the heads by itself, as SCAFFOLD’s control variates', async () => {
    const way: Way = (from, _to, _round, values) => {
      if (from === 4) values.fill(0.5, values.length / 2)
      return values
    }
    const input: ManifestInput = { ...crowd, merge: 'scaffold', limits: loose }
    const meanAt0 = ({ peers }: TestPeers): number => {
      const { values } = peers[0]!.session.kept!().tensors.find(({ name }) => name.startsWith('mean:'))!
      return Math.hypot(...values)
    }
    const [mean, clipped] = [await startPeers(input, way), await startPeers({ ...input, believe: 'clip' }, way)]
    await runRounds(mean, 1)
    await runRounds(clipped, 1)
    expect(meanAt0(clipped)).toBeLessThan(0.5 * meanAt0(mean))
    const { numbers } = clipped.peers[0]!.session.kept!()
    expect(Object.keys(numbers)).toEqual(expect.arrayContaining(['bounds:head', 'bounds:control']))
  })
})
