import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { HearsayError } from '../../src/errors.js'
import {
  type ManifestInput,
  manifestYaml,
  parseManifest,
  readManifestFile,
  runIdOf,
  sharedSection,
} from '../../src/node/index.js'
import { layoutOf } from '../../src/tensors/index.js'

const idOf = (manifest: unknown): string => Buffer.from(runIdOf(parseManifest(manifest))).toString('hex')

describe('a manifest', () => {
  it('needs nothing to be written', () => {
    expect(parseManifest({})).toMatchObject({
      seed: 1,
      peers: 8,
      minPeers: 2,
      rounds: 10,
      data: { set: 'pneumoniamnist', testShare: 0.2 },
      partition: { kind: 'dirichlet', alpha: 0.3 },
      model: { kind: 'cnn' },
      share: 'all',
      encoding: { codec: 'f32' },
      training: { batch: 32, learningRate: 0.05, decay: 0.998 },
      merge: { method: 'dfedsam' },
      topology: { kind: 'ring', weights: 'metropolis-hastings' },
      evaluation: { every: 1 },
      limits: { joinSeconds: 30, exchangeSeconds: 120, headNorm: 1e4 },
    })
  })

  it('takes peers and partition from the data set where it does not say', () => {
    const heart = { data: { set: 'heart-disease' } }
    expect(parseManifest(heart)).toMatchObject({ peers: 4, partition: { kind: 'natural' } })
    expect(parseManifest({ ...heart, peers: 6, partition: { kind: 'iid' } })).toMatchObject({
      peers: 6,
      partition: { kind: 'iid' },
    })
    expect(parseManifest({ data: { set: 'own.csv' } })).toMatchObject({ peers: 8, partition: { kind: 'dirichlet' } })
  })

  it.each([1, 1024])('may begin with %d peers', minPeers => {
    expect(parseManifest({ minPeers, peers: 4 })).toMatchObject({ minPeers, peers: 4 })
  })

  it.each([
    [0, 'at least 1'],
    [1025, 'at most 1024'],
    [1.5, 'a whole number'],
    ['two', 'a number'],
  ])('cannot begin with %j peers', (minPeers, allowed) => {
    expect(() => parseManifest({ minPeers })).toThrow(`manifest: minPeers: must be ${allowed}`)
  })

  it('of numbers deals by no class and bounds the gradient, unless it says otherwise', () => {
    for (const data of [
      { set: 'own.csv', target: 'price' },
      { set: 'pneumoniamnist', superResolution: 2 },
    ]) {
      expect(parseManifest({ data })).toMatchObject({ partition: { kind: 'iid' }, training: { clip: 1 } })
      expect(parseManifest({ data, training: { clip: 5 } })).toMatchObject({ training: { clip: 5 } })
    }
    expect(parseManifest({ data: { set: 'own.csv' } }).training).not.toHaveProperty('clip')
    expect(() =>
      parseManifest({ data: { set: 'pneumoniamnist', superResolution: 2 }, training: { augment: { crop: 2 } } }),
    ).toThrow('training.augment: does not go with data.superResolution')
    const task = { inputShape: [3], classes: ['price'] }
    const objective = { kind: 'regression', target: 'price' }
    expect(parseManifest({ task: { ...task, objective } }).task).toEqual({ ...task, objective })
    expect(() => parseManifest({ task })).toThrow('task.classes: must be two or more')
    const ranges = ['category' as const, 'unknown' as const, { centre: 0, spread: 2 }]
    expect(parseManifest({ task: { ...task, objective, ranges } }).task).toEqual({ ...task, objective, ranges })
    const wrong = { task: { ...task, objective, ranges: [{ centre: 0, spread: 0 }] } }
    expect(() => parseManifest(wrong)).toThrow('task.ranges.0')
    const tooMany = new Array(4097).fill('unknown')
    expect(() => parseManifest({ task: { ...task, objective, ranges: tooMany } })).toThrow('task.ranges')
  })

  it('refuses epochs beside a method of one step', () => {
    expect(() => parseManifest({ merge: 'dpsgd', training: { epochs: 5 } })).toThrow(
      'training.epochs: does not go with merge: dpsgd, which takes one step a round',
    )
  })

  it('says which part of the model is shared', () => {
    const layout = layoutOf([
      { name: 'dense1/kernel', shape: [4, 3] },
      { name: 'dense1/bias', shape: [3] },
      { name: 'output/kernel', shape: [3, 2] },
    ])
    const section = (share: string): { start: number; end: number } =>
      sharedSection(parseManifest({ share }), layout, 'output')
    expect(section('all')).toMatchObject({ start: 0, end: 21 })
    expect(section('head')).toMatchObject({ start: 15, end: 21 })
    expect(section('dense1')).toMatchObject({ start: 0, end: 21 })
    expect(section('body')).toMatchObject({ start: 0, end: 15 })
    expect(() => section('top')).toThrow('layers are dense1, output')
  })
})

describe('the run id', () => {
  it('is the same whatever the order of the fields, and whether defaults are written or not', () => {
    const forwards = { seed: 3, merge: { method: 'dfedsam', rho: 0.1 }, topology: { kind: 'grid', rows: 2 } }
    const backwards = { topology: { rows: 2, kind: 'grid' }, merge: { rho: 0.1, method: 'dfedsam' }, seed: 3 }
    expect(idOf(backwards)).toBe(idOf(forwards))
    expect(idOf({ merge: 'dfedsam', topology: 'ring', seed: 1, peers: 8 })).toBe(idOf({}))
    expect(idOf({ data: { set: 'heart-disease' }, peers: 4 })).toBe(idOf({ data: { set: 'heart-disease' } }))
    expect(idOf({ training: { clip: undefined } })).toBe(idOf({}))
    expect(idOf({ training: { epochs: 1 }, merge: { method: 'dfedsam', rho: 0.05 } })).toBe(idOf({}))
    expect(runIdOf(parseManifest({}))).toHaveLength(32)
  })

  it('is another one for any change', () => {
    const changes: unknown[] = [
      {},
      { seed: 2 },
      { peers: 9 },
      { rounds: 11 },
      { data: { set: 'digits' } },
      { data: { set: 'digits', testShare: 0.3 } },
      { partition: { kind: 'iid' } },
      { partition: { kind: 'dirichlet', alpha: 0.1 } },
      { partition: { kind: 'dirichlet', mode: 'client' } },
      { model: 'mlp' },
      { model: { kind: 'mlp', hidden: [200, 200, 200] } },
      { model: { kind: 'mlp', hidden: [100, 200] } },
      { share: 'head' },
      { minPeers: 3 },
      { encoding: 'bf16' },
      { encoding: 'int8' },
      { training: { epochs: 2 } },
      { training: { steps: 1 } },
      { training: { batch: 33 } },
      { training: { adaptive: true } },
      { training: { clip: 10 } },
      { merge: 'dfedavg' },
      { merge: { method: 'dfedsam', rho: 0.01 } },
      { merge: 'dfedsam-mgs' },
      { merge: { method: 'dfedsam-mgs', acceleration: 'chebyshev' } },
      { topology: 'full' },
      { topology: { kind: 'ring', weights: 'uniform' } },
      { topology: { kind: 'edges', edges: [[0, 1]] } },
      { topology: { kind: 'edges', edges: [[1, 0]] } },
      { evaluation: { every: 2 } },
      { evaluation: { primary: 'auroc' } },
      { limits: { joinSeconds: 31 } },
      { limits: { headNorm: 1e5 } },
    ]
    expect(new Set(changes.map(idOf)).size).toBe(changes.length)
  })

  it('knows which figures there are to be shown first', () => {
    const first = (primary: string, data?: object) => () =>
      parseManifest({ evaluation: { primary }, ...(data && { data }) })
    const numbers = { set: 'x.csv', target: 'price' }
    const images = { set: 'digits', superResolution: 2 }
    for (const allowed of [first('auroc'), first('macroF1'), first('mae', numbers), first('accuracy', images)]) {
      expect(allowed).not.toThrow()
    }
    expect(first('mae')).toThrow('evaluation.primary: is no figure of what is learned here; allowed: accuracy, macroF1')
    expect(first('auroc', numbers)).toThrow('allowed: accuracy, mae, rmse')
    expect(first('rmse', images)).toThrow('allowed: accuracy')
  })

  it('survives being written to a file and read back', () => {
    const manifests: ManifestInput[] = [
      {},
      { data: { set: 'heart-disease' }, model: 'logistic' },
      {
        seed: 2 ** 32 - 1,
        data: { set: 'no', classes: [{ name: 'yes', labels: [1, '2', 'on'] }, 'null'], label: '3', peerColumn: 1e3 },
        model: { path: '~/model: odd#.json', head: 'true' },
        training: { steps: 3, learningRate: 1e-7, decay: 0.1 + 0.2 },
        merge: { method: 'dfedsam-mgs', gossipSteps: 2, acceleration: 'chebyshev' },
        topology: {
          kind: 'edges',
          edges: [
            [0, 1],
            [1, 2],
          ],
        },
      },
    ]
    for (const input of manifests) {
      const manifest = parseManifest(input)
      const back = parseManifest(parse(manifestYaml(manifest)))
      expect(back).toEqual(manifest)
      expect(runIdOf(back)).toEqual(runIdOf(manifest))
    }
  })
})

describe('a manifest file', () => {
  async function fileOf(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'hearsay-manifest-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'run.yaml')
    await writeFile(path, text)
    return path
  }

  it('comes back as it was written, without the defaults', async () => {
    expect(await readManifestFile(await fileOf('rounds: 3\nmerge: dfedavg\n'))).toEqual({
      rounds: 3,
      merge: 'dfedavg',
    })
    expect(await readManifestFile(await fileOf(''))).toEqual({})
  })

  it.each([
    // an unknown field, at the top and in a section
    ['rounds: 3\ntopolgy: ring\n', '2:10', 'unknown field "topolgy"'],
    ['topology:\n  kind: ring\n  degree: 4\n', '3:11', 'topology: unknown field "degree"'],
    ['model:\n  kind: mlp\n  hiden: [3]\n', '3:10', 'model: unknown field "hiden"'],
    ['__proto__: 3\n', '1:12', 'unknown field "__proto__"'],
    // a word that is none of those allowed
    ['topology: rign\n', '1:11', 'topology.kind: "rign" is not allowed; must be one of ring, line'],
    ['seed: 1\nmerge: fedavg\n', '2:8', 'merge.method: "fedavg" is not allowed; must be one of none, dpsgd, dfedavg'],
    [
      'encoding: f64\n',
      '1:11',
      'encoding.codec: "f64" is not allowed; must be one of f32, bf16, f16, int8, qsgd, topk, topk2bit, randk, sign',
    ],
    ['model: resnet\n', '1:8', 'model.kind: must be one of logistic, mlp, lenet5, cnn'],
    ['partition:\n  kind: zipf\n', '2:9', 'partition.kind: "zipf" is not allowed; must be one of iid, dirichlet'],
    [
      'data:\n  set: digits\n  standardise: often\n',
      '3:16',
      'data.standardise: "often" is not allowed; must be one of agreed',
    ],
    // numbers out of bounds, not whole, not finite
    ['rounds: 0\n', '1:9', 'rounds: must be at least 1'],
    ['rounds: 2.5\n', '1:9', 'rounds: must be a whole number'],
    ['rounds: .inf\n', '1:9', 'rounds: must be a number'],
    ['seed: 4294967296\n', '1:7', 'seed: must be at most 4294967295'],
    ['peers: 1025\n', '1:8', 'peers: must be at most 1024'],
    ['partition:\n  kind: dirichlet\n  alpha: -1\n', '3:10', 'partition.alpha: must be more than 0'],
    ['training:\n  batch: 0\n', '2:10', 'training.batch: must be at least 1'],
    ['limits:\n  exchangeSeconds: 86401\n', '2:20', 'limits.exchangeSeconds: must be at most 86400'],
    ['limits:\n  headNorm: 0\n', '2:13', 'limits.headNorm: must be more than 0'],
    ['model:\n  kind: mlp\n  hidden: [10, 0]\n', '3:16', 'model.hidden.1: must be at least 1'],
    ['topology:\n  kind: edges\n  edges: [[0, 1], [1, -2]]\n', '3:23', 'topology.edges.1.1: must be at least 0'],
    // the wrong type, a missing field
    ['rounds: three\n', '1:9', 'rounds: must be a number'],
    ['data: 3\n', '1:7', 'data: must be a mapping'],
    ['training: fast\n', '1:11', 'training: must be a mapping'],
    ['data:\n  label: 1\n', '2:3', 'data.set: is missing; expected string'],
    ['- 1\n', '1:1', 'must be a mapping'],
    // two fields that do not go together
    ['training:\n  epochs: 1\n  steps: 1\n', '3:10', 'training.steps: does not go with epochs'],
    ['merge:\n  method: dfedavg\n  rho: 0.1\n', '3:8', 'merge.rho: 0.1 does not go with method dfedavg; remove it, or'],
    // what is no YAML
    ['rounds: [1\n', '2:1', 'is not indented as what it belongs to'],
  ])('%j is refused at %s', async (text, place, message) => {
    const path = await fileOf(text)
    const error: unknown = await readManifestFile(path).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HearsayError)
    expect(error).toMatchObject({ code: 'MANIFEST' })
    expect((error as Error).message).not.toContain('\n')
    expect((error as Error).message.slice(0, `${path}:${place}: ${message}`.length)).toBe(
      `${path}:${place}: ${message}`,
    )
  })

  it('with aliases that stand for gigabytes is refused', async () => {
    const lines = ['share: &a [x,x,x,x,x,x,x,x,x]']
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      lines.push(`${name}: &${name} [${new Array(9).fill(`*${before}`).join(',')}]`)
    }
    await expect(readManifestFile(await fileOf(lines.join('\n')))).rejects.toThrow('more than 50 aliases')
  })
})
