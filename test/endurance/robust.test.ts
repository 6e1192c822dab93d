import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../e2e/hearsay.js'
import { end, joinPeer, manifestFile, startPeer, summaryOf, wellEnded } from '../e2e/peers.js'

const honest = 5
const hostile = 2

const field = (peers: number, believe?: object): Record<string, unknown> => ({
  ...{ peers, minPeers: peers, rounds: 20 },
  model: { kind: 'mlp', hidden: [64] },
  partition: { kind: 'dirichlet', alpha: 1 },
  training: { epochs: 2 },
  // Momentum helps every rule: honest vectors then differ less (ALGORITHMS-2.md 2).
  merge: 'dfedavgm',
  topology: 'full',
  limits: { exchangeSeconds: 60 },
  ...(believe && { believe }),
})

/** @param attack - as test/endurance/attacker.mjs has it */
async function accuracyOf(believe?: object, attack?: readonly [kind: string, amount: number]): Promise<number> {
  const folder = await temporaryFolder()
  const manifest = await manifestFile(field(attack === undefined ? honest : honest + hostile, believe))
  const named = (at: number): string[] => ['--as', `honest ${at}`, '--share', `${at}`]
  const first = startPeer(manifest, join(folder, '0'), named(0))
  const address = await first.address
  const others = Array.from({ length: honest - 1 }, (_, at) =>
    joinPeer(address, join(folder, `${at + 1}`), named(at + 1)),
  )
  const script = fileURLToPath(new URL('attacker.mjs', import.meta.url))
  const attackers = Array.from({ length: attack === undefined ? 0 : hostile }, (_, at) =>
    spawn(process.execPath, [script, address, `mallory ${at}`, ...attack!.map(String)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
  const peers = [first, ...others]
  const ends = await Promise.all(peers.map(end))
  for (const attacker of attackers) {
    attacker.kill()
    if (attacker.exitCode === null && attacker.signalCode === null) await once(attacker, 'exit')
  }
  for (const ended of ends) expect(ended).toEqual(wellEnded)
  const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
  return summaries.reduce((sum, { accuracy }) => sum + accuracy!, 0) / honest
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

describe('two hostile processes of seven, over TCP', () => {
  it('cost five that clip less than two points, whatever they hand over', async () => {
    const clip = { rule: 'clip', tolerate: hostile }
    const clean = await accuracyOf(clip)
    process.stdout.write(`no attack: clip ${percent(clean)}\n`)
    const lost: string[] = []
    for (const attack of [
      ['sign-flip', 2],
      ['alie', 1.5],
      ['dissensus', 1.5],
      ['bit-flip', 1],
      ['noise', 0.1],
    ] as const) {
      const plain = await accuracyOf(undefined, attack)
      const clipped = await accuracyOf(clip, attack)
      process.stdout.write(`${attack.join('=')}: mean ${percent(plain)}, clip ${percent(clipped)}\n`)
      if (clipped < clean - 0.02) lost.push(attack.join('='))
    }
    expect(lost).toEqual([])
  })
})
