import { describe, expect, it } from 'vitest'
import { type MethodEvent, methodNamed } from '../../src/methods/index.js'
import { parseManifest, planOf } from '../../src/node/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { never, startPeers, type TestPeers, type Way } from './peers.js'

const bits = (values: Float32Array): Buffer => Buffer.from(values.slice().buffer)
const modelsOf = ({ peers }: TestPeers): Buffer[] => peers.map(({ parameters }) => bits(parameters))

async function runRounds(run: TestPeers, rounds: number, first = 0): Promise<MethodEvent[][]> {
  const events: MethodEvent[][] = run.peers.map(() => [])
  for (let round = first; round < rounds; round++) {
    await run.train(round)
    for (const [peer, ofRound] of (await run.exchange(round)).entries()) events[peer]!.push(...ofRound)
  }
  return events
}

/**
 * What every method keeps to, over roads in memory and without a host. A method of one's own is held to it by calling
 * this once it is registered.
 *
 * @param movesAlone - has it a step after the merge, which it takes alone, too?
 */
export function methodContract(name: string, movesAlone = false): void {
  const method = methodNamed(name)

  /** Is there anybody it hears? */
  const exchanges = planOf(parseManifest({ merge: name }), headSection(layoutOf([]))).steps > 0

  // Of a log no single vector is merged, and newcomers get it whole.
  const ofHeads = method.road === 'log' ? it.skip : it

  describe(`the method ${name}`, () => {
    it(`alone ${movesAlone ? 'moves' : 'keeps'} its own model`, async () => {
      const alone = await startPeers({ merge: name, peers: 1 })
      for (let round = 0; round < 3; round++) {
        await alone.train(round)
        const trained = modelsOf(alone)
        await alone.exchange(round)
        if (movesAlone) expect(modelsOf(alone)).not.toEqual(trained)
        else expect(modelsOf(alone)).toEqual(trained)
      }
    })

    it('among neighbours of which none is heard does so too, and reports each as absent', async () => {
      const unheard = await startPeers({ merge: name }, () => undefined)
      for (let round = 0; round < 3; round++) {
        await unheard.train(round)
        const trained = modelsOf(unheard)
        for (const events of await unheard.exchange(round)) {
          const exchanged = events.filter(event => event.type === 'exchanged')
          expect(exchanged.length > 0).toBe(exchanges)
          for (const { received, absent } of exchanged) expect([received.length, absent.length]).toEqual([0, 2])
        }
        if (movesAlone) expect(modelsOf(unheard)).not.toEqual(trained)
        else expect(modelsOf(unheard)).toEqual(trained)
      }
    })

    it('has the same bits every time', async () => {
      const runs = [await startPeers({ merge: name }), await startPeers({ merge: name })] as const
      await runRounds(runs[0], 3)
      await runRounds(runs[1], 3)
      expect(modelsOf(runs[0])).toEqual(modelsOf(runs[1]))
    })

    it('goes on from what it keeps with the same bits', async () => {
      const [whole, resumed] = [await startPeers({ merge: name }), await startPeers({ merge: name })] as const
      await runRounds(whole, 2)
      for (const [peer, { parameters, session }] of whole.peers.entries()) {
        const again = resumed.peers[peer]!
        again.parameters.set(parameters)
        if (session.kept !== undefined) again.session.restore!(session.kept(), 'what is kept')
        expect(again.session.kept?.()).toEqual(session.kept?.())
      }
      await runRounds(whole, 4, 2)
      await runRounds(resumed, 4, 2)
      expect(modelsOf(resumed)).toEqual(modelsOf(whole))
      for (const [peer, { session }] of whole.peers.entries()) {
        expect(resumed.peers[peer]!.session.kept?.()).toEqual(session.kept?.())
      }
    })

    ofHeads('bounds what any vector that comes can do', async () => {
      if (!exchanges) return
      const { manifest, peers } = await startPeers({ merge: name })
      const { says } = planOf(
        manifest,
        headSection(layoutOf([{ name: 'head/kernel', shape: [peers[0]!.head.length] }])),
      )
      for (const [vector, { start, end }] of Object.entries(says.parts)) {
        // As long as a transport lets through: limits.headNorm.
        const length = manifest.limits.headNorm / Math.sqrt(end - start) / 2
        const lying: Way = (from, _to, round, values) => {
          if (from === 2 && round > 0) for (let k = start; k < end; k++) values[k] = length * (k % 2 === 0 ? 1 : -1)
          return values
        }
        const run = await startPeers({ merge: name }, lying)
        const events = await runRounds(run, 3)
        for (const peer of [0, 1]) {
          const refused = events[peer]!.flatMap(event => (event.type === 'refused' ? event.heads : []))
          expect(
            refused.map(head => head.peer),
            `${vector} of peer 2`,
          ).toContain(2)
          expect(refused.filter(head => head.peer !== 2)).toEqual([])
          const { loss } = await run.peers[peer]!.session.evaluate(2, never, false)
          expect(loss).toBeLessThan(2 * Math.log(10))
        }
      }
    })

    ofHeads('offers newcomers as much as it hands over', async () => {
      const { manifest, peers } = await startPeers({ merge: name })
      for (const { session, head } of peers) {
        const layout = layoutOf([{ name: 'head/kernel', shape: [head.length] }])
        const offered = (await session.offered?.()) ?? head
        expect(offered.length).toBe(planOf(manifest, headSection(layout)).says.layout.size)
        expect(bits(offered.subarray(0, head.length))).toEqual(bits(head))
      }
    })

    it('has a text for itself', () => expect(method.says).toMatch(/^\S.{9,89}$/))
  })
}
