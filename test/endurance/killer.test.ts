import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../e2e/hearsay.js'
import { type Forge, flipped, lie, ofNorm } from '../e2e/liar.js'
import { end, eventsSoFar, type FieldPeer, gather, manifestFile, only, summaryOf, wellEnded } from '../e2e/peers.js'

const honest = 4
const field = (minPeers: number): Record<string, unknown> => ({
  peers: honest + 1,
  minPeers,
  rounds: 20,
  // Its norm is about 12.
  model: { kind: 'mlp', hidden: [64] },
  partition: { kind: 'dirichlet', alpha: 1 },
  training: { epochs: 2 },
  merge: 'dfedsam',
  topology: 'full',
  limits: { exchangeSeconds: 20 },
})

interface Outcome {
  readonly accuracy: number
  readonly rejected: Readonly<Record<string, number>>
  readonly peers: readonly FieldPeer[]
}

/** Four honest processes, and whoever else joins them. */
async function run(forge?: Forge): Promise<Outcome> {
  const folder = await temporaryFolder()
  const manifest = await manifestFile(field(forge === undefined ? honest : honest + 1))
  const outs = Array.from({ length: honest }, (_, at) => join(folder, `${at}`))
  const peers = await gather(manifest, outs, at => ['--as', `honest ${at}`, '--share', `${at}`])
  const address = await peers[0]!.address
  const over = new AbortController()
  const lying = forge && lie(address, 'mallory', honest, forge, over.signal)
  const ends = await Promise.all(peers.map(end))
  over.abort()
  await lying
  for (const ended of ends) expect(ended).toEqual(wellEnded)
  const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
  const rejected: Record<string, number> = {}
  for (const summary of summaries)
    for (const [reason, count] of Object.entries(summary.rejected)) rejected[reason] = (rejected[reason] ?? 0) + count
  return { accuracy: summaries.reduce((sum, { accuracy }) => sum + accuracy!, 0) / honest, rejected, peers }
}

const heads: readonly (readonly [string, Forge])[] = [
  ['−10 times the model', flipped],
  ...[10, 100, 1_000, 9_900].map(norm => [`norm ${norm}`, ofNorm(norm)] as const),
]

describe('one finite head that would end the others', () => {
  it('costs four honest processes nothing, and is told of by name', async () => {
    const without = await run()
    process.stdout.write(`without a liar: ${JSON.stringify([without.accuracy, without.rejected])}\n`)
    expect(without.rejected.TOO_FAR ?? 0).toBe(0)
    expect(without.rejected.LOSS_TOO_HIGH ?? 0).toBe(0)
    for (const [name, forge] of heads) {
      const { accuracy, rejected, peers } = await run(forge)
      process.stdout.write(`${name}: ${JSON.stringify([accuracy, rejected])}\n`)
      expect(Math.abs(accuracy - without.accuracy)).toBeLessThan(0.02)
      for (const { out } of peers) {
        const refused = only(eventsSoFar(out), 'refused').flatMap(event => event.heads.map(head => head.name))
        expect(new Set(refused)).toEqual(new Set(['mallory']))
      }
    }
  })
})
