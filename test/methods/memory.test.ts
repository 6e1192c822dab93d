import { describe, expect, it } from 'vitest'
import { checkTopology } from '../../src/methods/index.js'
import { canonicalManifest, type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createGraph, createTopology, crowdOf, type Topology } from '../../src/topology/index.js'

const choco = { codec: 'int8', memory: 'choco' }

describe('memory', () => {
  it('is settled with γ, which the codec knows, and leaves no trace where it is left out', () => {
    expect(parseManifest({ encoding: choco }).encoding).toEqual({ ...choco, gamma: 1 })
    expect(parseManifest({ encoding: { ...choco, gamma: 0.25 } }).encoding).toEqual({ ...choco, gamma: 0.25 })
    const feedback = { codec: 'bf16', memory: 'feedback' }
    expect(parseManifest({ encoding: feedback }).encoding).toEqual(feedback)
    const once = parseManifest({ encoding: choco })
    expect(parseManifest(once)).toEqual(once)
    expect(new TextDecoder().decode(canonicalManifest(parseManifest({})))).not.toContain('memory')
  })

  it('goes as far as the codec bears, where nobody says how far', () => {
    const gammaOf = (fields: object) =>
      parseManifest({ encoding: { memory: 'choco', ...fields } as never }).encoding.gamma
    expect(gammaOf({ codec: 'topk' })).toBe(0.02)
    expect(gammaOf({ codec: 'randk', keep: 0.25 })).toBe(0.5)
    expect(gammaOf({ codec: 'topk2bit' })).toBe(2 / 64)
    expect(gammaOf({ codec: 'sign' })).toBe(0.5)
    expect(gammaOf({ codec: 'qsgd' })).toBe(1)
    expect(gammaOf({ codec: 'qsgd', levels: 3 })).toBe(1)
    expect(() => gammaOf({ codec: 'qsgd', levels: 2 })).toThrow('encoding.memory: does not go with so coarse a qsgd')
  })

  it.each(['topk', 'topk2bit', 'randk', 'sign'])('is what %s needs', codec => {
    expect(() => parseManifest({ encoding: codec })).toThrow(`encoding: ${codec} leaves out numbers that nothing sends`)
    for (const memory of ['choco', 'feedback'] as const) {
      expect(parseManifest({ encoding: { codec, memory } as never }).encoding).toMatchObject({ codec, memory })
    }
  })

  it.each<ManifestInput>([{ merge: 'mixture' }, { mode: 'async' }])(
    'is no remedy for topk where it does not go: %j',
    input => {
      expect(() => parseManifest({ ...input, encoding: 'topk' })).toThrow(
        'a model that arrives so is none; use qsgd, int8',
      )
    },
  )

  it.each<[object, string]>([
    [{ codec: 'int8', memory: 'yes' }, 'encoding.memory: "yes" is not allowed'],
    [{ codec: 'int8', memory: 'choco', gamma: 0 }, 'encoding.gamma'],
    [{ codec: 'int8', memory: 'choco', gamma: 1.5 }, 'encoding.gamma'],
    [{ codec: 'int8', memory: 'feedback', gamma: 0.5 }, 'encoding.gamma: goes with memory: choco'],
    [{ codec: 'int8', gamma: 0.5 }, 'encoding.gamma: goes with memory: choco'],
  ])('%j is refused', (encoding, message) => {
    expect(() => parseManifest({ encoding } as ManifestInput)).toThrow(message)
  })

  it.each<[string, ManifestInput, string]>([
    [
      'a mixture',
      { merge: 'mixture' },
      'encoding.memory: does not go with merge: mixture, whose heads everybody takes',
    ],
    ['no exchange', { merge: 'none' }, 'encoding.memory: does nothing with merge: none, which exchanges nothing'],
    [
      'acceleration',
      { merge: { method: 'averaging', gossipSteps: 2, acceleration: 'chebyshev' } },
      'encoding.memory: does not go with merge.acceleration: chebyshev',
    ],
    ['peers that do not wait', { mode: 'async' }, 'encoding.memory: needs every message in its order'],
  ])('does not go with %s', (_, input, message) => {
    expect(() => parseManifest({ ...input, encoding: choco })).toThrow(message)
  })

  it('does not go with noise that cancels within a round, nor does a codec that loses much', () => {
    const data = { set: 'digits', standardise: { mean: [0.5], std: [0.2] } }
    const noised = (encoding: ManifestInput['encoding']) => () =>
      parseManifest({ merge: 'dfedavg', data, privacy: { of: 'contribution', budget: 8 }, encoding })
    for (const memory of ['choco', 'feedback'] as const) {
      expect(noised({ codec: 'int8', memory })).toThrow(/encoding.memory: does not go with privacy.of: contribution/)
    }
    expect(noised('qsgd')).toThrow('encoding: qsgd does not go with privacy.of: contribution')
    expect(noised('topk')).not.toThrow('add memory')
    for (const codec of ['f32', 'bf16', 'f16', 'int8']) expect(noised(codec)).not.toThrow()
  })

  it('goes with DiLoCo only where merges go all the way, to where all peers are alike', () => {
    const outer = (encoding: object) => () =>
      parseManifest({ merge: 'diloco', topology: 'full', encoding: encoding as never })
    expect(outer(choco)).not.toThrow()
    for (const encoding of [
      { ...choco, gamma: 0.5 },
      { codec: 'topk', memory: 'choco' },
      { codec: 'topk', memory: 'feedback' },
    ]) {
      expect(outer(encoding)).toThrow('encoding.memory: does not go with merge: diloco, which begins every round where')
    }
  })

  it('choco does not go with graphs on which peers do not count alike, whose mean would drift', () => {
    const check = (topology: ManifestInput['topology'], memory: 'choco' | 'feedback', peers = 5) => {
      const manifest = parseManifest({ topology, encoding: { codec: 'int8', memory }, merge: 'dfedavg' })
      return () => checkTopology(manifest, () => createTopology(manifest.topology, peers, 1))
    }
    const star = { kind: 'star', weights: 'uniform' } as const
    expect(check(star, 'choco')).toThrow(
      /encoding.memory: choco keeps the mean.*star with weights: uniform.*use weights: metropolis-hastings, or memory: feedback/,
    )
    expect(check(star, 'feedback')).not.toThrow()
    expect(check('star', 'choco')).not.toThrow()
    // Directed, and yet each hears as many as hear it.
    expect(check('exponential', 'choco', 11)).not.toThrow()
    expect(check({ kind: 'equitopo', directed: true }, 'choco', 11)).not.toThrow()
    const oneWay = createGraph(
      3,
      [
        [0, 1],
        [1, 2],
        [2, 0],
        [0, 2],
      ],
      true,
    )
    const drifting: Topology = { ...createTopology({ kind: 'exponential' } as never, 3, 1), graphAt: () => oneWay }
    const manifest = parseManifest({ topology: 'exponential', encoding: choco })
    expect(() => checkTopology(manifest, () => drifting)).toThrow('use a topology whose edges go both ways')
  })

  it('does not go with masks, under which no message shows what it adds', () => {
    const topology = { kind: 'random-regular', degree: 4 }
    expect(() => parseManifest({ masks: true, topology, encoding: { codec: 'f32', memory: 'choco' } })).toThrow(
      'encoding.memory: does not go with masks',
    )
  })

  it('goes with rules, reputation, privacy, several exchanges a round, and what travels beside a head', () => {
    const data = { set: 'digits', standardise: { mean: [0.5], std: [0.2] } }
    const inputs: ManifestInput[] = [
      { believe: 'clip', reputation: 'show' },
      { privacy: { budget: 8 }, data },
      { merge: 'dfedsam-mgs' },
      { merge: 'scaffold' },
    ]
    for (const input of inputs) expect(parseManifest({ ...input, encoding: choco }).encoding).toMatchObject(choco)
  })

  it('does not go with graphs that change, in a simulation and in the field', () => {
    const changing = parseManifest({ topology: 'one-peer-exponential', encoding: choco })
    const few = createTopology(changing.topology, 8, 1)
    const message = /encoding.memory: needs neighbours that stay.*one-peer-exponential.*exponential, or remove it/
    expect(() => checkTopology(changing, () => few)).toThrow(message)
    // Two peers have one graph only; it is those who may come that count.
    const two = createTopology(changing.topology, 2, 1)
    expect(() =>
      checkTopology(
        changing,
        () => two,
        () => crowdOf(changing.topology, 1),
      ),
    ).toThrow(message)
    const staying = parseManifest({ topology: 'exponential', encoding: choco })
    expect(() => checkTopology(staying, () => createTopology(staying.topology, 8, 1))).not.toThrow()
  })
})
