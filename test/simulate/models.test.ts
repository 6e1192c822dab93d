import { describe, expect, it, onTestFinished } from 'vitest'
import { parseManifest, runIdOf } from '../../src/node/index.js'
import { cutLinks } from '../../src/simulate/faults.js'
import { createSimulation, type SimulationOptions } from '../../src/simulate/index.js'
import type { PeerResult } from '../../src/simulate/result.js'
import { follow } from './follow.js'

const mixture = { data: 'digits', partition: 'iid', merge: 'mixture', peers: 4, rounds: 1 } as const
const options: SimulationOptions = { backend: 'wasm', workers: 1, transport: 'memory' }

describe('models of a mixture', () => {
  it('go round the peers, each with its own layout', async () => {
    const models = [
      { kind: 'cnn', hidden: 16 },
      { kind: 'mlp', hidden: [32, 16] },
      { kind: 'mlp', hidden: [16] },
    ] as const
    const simulation = await createSimulation(parseManifest({ ...mixture, models }), options)
    try {
      const sizes = simulation.prepared.models.map(({ model }) => model.layout.size)
      expect(sizes[3]).toBe(sizes[0])
      expect(new Set(sizes).size).toBe(3)
      expect(simulation.prepared.models.map(({ head }) => head.layout.size)).toEqual([170, 170, 170, 170])
    } finally {
      await simulation.close()
    }
  })

  it('whose heads differ are refused before anything runs', async () => {
    const models = [
      { kind: 'cnn', hidden: 16 },
      { kind: 'mlp', hidden: [32] },
    ] as const
    await expect(createSimulation(parseManifest({ ...mixture, models }), options)).rejects.toThrow(
      /^models\.1: its head is output\/kernel 32×10, output\/bias 10 and that of models\.0 is output\/kernel 16×10/,
    )
  })

  it.each([
    [{ models: ['mlp'] }, /^manifest: models: only go with merge: mixture/],
    [{ merge: 'mixture', mode: 'async', staleness: {} }, /^manifest: staleness: does not go with merge: mixture/],
    [{ merge: 'mixture', share: 'all' }, /^manifest: share: all does not go with merge: mixture/],
    [{ merge: { method: 'mixture', rho: 0.1 } }, /unknown field "rho"/],
    [{ merge: 'mixtures' }, /merge.*"mixtures" is not allowed; must be one of none, .*mixture/],
  ])('%j is no run', (fields, says) => {
    expect(() => parseManifest(fields)).toThrow(says)
  })

  it('share the head, whatever the run shares otherwise', () => {
    const manifest = parseManifest({ merge: 'mixture' })
    expect(manifest.share).toBe('head')
    expect(runIdOf(manifest)).toEqual(runIdOf(parseManifest({ merge: 'mixture', share: 'head' })))
    expect(parseManifest({}).share).toBe('all')
  })
})

describe('cut links', () => {
  it.each([0, 0.25, 0.5, 1])('are %d of all directions, the same for a seed', share => {
    const peers = 6
    const isCut = cutLinks(share, peers, 3)
    const again = cutLinks(share, peers, 3)
    let cut = 0
    for (let peer = 0; peer < peers; peer++) {
      expect(isCut(peer, peer)).toBe(false)
      for (let other = 0; other < peers; other++) {
        expect(again(peer, other)).toBe(isCut(peer, other))
        if (isCut(peer, other)) cut += 1
      }
    }
    expect(cut).toBe(Math.round(share * peers * (peers - 1)))
  })

  it('bring nothing, hold nobody up, and give the same numbers again', async () => {
    const manifest = parseManifest({ ...mixture, model: { kind: 'mlp', hidden: [16] }, peers: 5, rounds: 4 })
    const isCut = cutLinks(0.6, manifest.peers, manifest.seed)
    const run = async (): Promise<readonly PeerResult[]> => {
      const simulation = await createSimulation(manifest, { ...options, workers: 2, disconnect: 0.6 })
      onTestFinished(() => simulation.close())
      return (await follow(simulation)).result.peers
    }
    const peers = await run()
    for (const [peer, { kept }] of peers.entries()) {
      const heard = peers.filter((_, other) => other !== peer && !isCut(peer, other)).map(({ name }) => name)
      expect(kept.heads.map(({ name }) => name).sort()).toEqual(heard.sort())
      for (const { round } of kept.heads) expect(round).toBe(3)
    }
    const weightsOf = (of: readonly PeerResult[]) => of.map(({ kept }) => kept.method.tensors)
    expect(weightsOf(await run())).toEqual(weightsOf(peers))
  })

  it('are refused where models are merged', async () => {
    const manifest = parseManifest({ data: 'digits', model: 'logistic', peers: 2, rounds: 1 })
    await expect(createSimulation(manifest, { ...options, disconnect: 0.5 })).rejects.toThrow('--disconnect')
  })
})
