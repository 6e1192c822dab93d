import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { differing, type SimulatedRun, simulated, temporaryFolder, tensorsIn, tiny } from '../e2e/hearsay.js'

const small = [...tiny, '--peers', '4', '--rounds', '2', '--transport', 'memory']
const run = (...args: string[]): Promise<SimulatedRun> => simulated([...small, ...args])

describe('a run from end to end', () => {
  it('P2 dfedsam-mgs with one gossip step ends with the bits of dfedsam', async () => {
    const once = await run('--merge', 'dfedsam')
    const mgs = await run('--merge', 'dfedsam-mgs', '--gossip-steps', '1')
    expect(differing(mgs.parameters, once.parameters)).toEqual([])
    const twice = await run('--merge', 'dfedsam-mgs', '--gossip-steps', '2')
    expect(differing(twice.parameters, once.parameters)).toHaveLength(4)
    expect(twice.summary.bytes.sent).toBeGreaterThan(1.5 * once.summary.bytes.sent)
  })

  it('P3 dfedsam with ρ = 0 ends with the bits of dfedavg', async () => {
    const average = await run('--merge', 'dfedavg')
    const sam = await run('--merge', 'dfedsam', '--rho', '0')
    expect(differing(sam.parameters, average.parameters)).toEqual([])
  })

  it('P3 dfedavg with one local step ends with the bits of dpsgd', async () => {
    const manifest = join(await temporaryFolder(), 'one-step.yaml')
    await writeFile(manifest, 'training:\n  steps: 1\nmerge: dfedavg\n')
    const oneStep = await simulated([manifest, ...small])
    const dpsgd = await run('--merge', 'dpsgd')
    expect(differing(dpsgd.parameters, oneStep.parameters)).toEqual([])
  })

  it('P4 on the full graph every peer ends with the same bits', async () => {
    const { parameters, summary } = await run('--topology', 'full')
    const [first, ...others] = parameters.values()
    for (const bytes of others) expect(tensorsIn(bytes).equals(tensorsIn(first!))).toBe(true)
    expect(summary.consensusDistance).toBe(0)
    expect(summary.accuracy.mean).toBe(summary.accuracy.ofMean)
  })

  it('without any merge is what another reports as the local-only baseline', async () => {
    const average = await simulated([...small, '--merge', 'dfedavg'], { baselines: true })
    const alone = await run('--merge', 'none')
    expect(alone.summary.accuracy.mean).toBe(average.summary.accuracy.localOnly)
    expect(alone.summary.perPeer.map(({ accuracy }) => accuracy)).toEqual(
      average.summary.perPeer.map(({ localOnly }) => localOnly),
    )
    expect(alone.summary.accuracy.mean).not.toBe(average.summary.accuracy.mean)
  })

  it('shares the head and nothing else where only the head is shared', async () => {
    const args = ['--data', 'digits', '--model', 'mlp', '--workers', '1', '--peers', '3', '--rounds', '1']
    const { summary, parameters } = await simulated([...args, '--topology', 'full', '--share', 'head'])
    expect(summary.model).toEqual({ parameters: 55_210, shared: 2_010 })
    // P21: what was sent has room for the head, and not for the body.
    expect(summary.bytes.perPeerPerRound).toBeLessThan(2 * 2 * 4 * 2_010)
    const tails = [...parameters.values()].map(bytes => bytes.subarray(-4 * 2_010))
    expect(tails[1]!.equals(tails[0]!) && tails[2]!.equals(tails[0]!)).toBe(true)
    const [first, second] = [...parameters.values()]
    expect(first!.equals(second!)).toBe(false)
  })
})
