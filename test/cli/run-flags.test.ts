import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { manifestFrom, type RunFlags } from '../../src/cli/run-flags.js'
import type { TableFlags } from '../../src/cli/table-flags.js'
import { parseManifest, runIdOf, withUsualModel } from '../../src/node/index.js'
import { startHere } from './in-process.js'

async function fileOf(name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-flags-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const fromFlags = (flags: RunFlags): Promise<unknown> => manifestFrom(undefined, flags)

it('the usual numbers of hearsay topology are those of a manifest', async () => {
  const { peers, seed } = parseManifest({})
  const printed = async (args: readonly string[]): Promise<string> => {
    const { stdout, ended } = startHere(['topology', 'random-regular', ...args])
    await ended
    return stdout()
  }
  expect(await printed([])).toBe(await printed(['--peers', String(peers), '--seed', String(seed)]))
  expect(await printed([])).not.toBe(await printed(['--seed', String(seed + 1)]))
})

describe('hearsay topology', () => {
  const shown = async (...args: string[]): Promise<string> => {
    const { stdout, ended } = startHere(['topology', ...args])
    await ended
    return stdout()
  }

  it('says of graphs in turn that λ is that of a cycle', async () => {
    const text = await shown('base-k:2', '--peers', '10')
    expect(text).toContain('base-k, 10 peers, both ways, each in one of 4 graphs in turn\n')
    expect(text).toContain('weights       of its own, doubly stochastic\n')
    expect(text).toContain('degree        0 to 2\n')
    expect(text).toContain('λ             0.00000 a round, over a cycle of 4\n')
  })

  it('says of graphs that never repeat over how many rounds λ is taken, and where the mean drifts', async () => {
    const pairs = await shown('random-pairs', '--peers', '7', '--seed', '3')
    expect(pairs).toContain('random-pairs, 7 peers, both ways, drawn anew each round\n')
    expect(pairs).toContain('degree        0 to 1\n')
    expect(pairs).toMatch(/^λ {13}0\.\d{5} a round, over the first 16$/m)
    const file = await fileOf('local.yaml', 'topology: { kind: epidemic, draws: local, degree: 2 }')
    const local = await shown(file)
    expect(local).toContain('8 peers, one-way, drawn anew each round\n')
    expect(local).toContain('weights       uniform, not doubly stochastic: the mean drifts\n')
  })
})

describe('flags', () => {
  it('that are not given leave every default', async () => {
    expect(await fromFlags({})).toEqual(parseManifest({}))
  })

  it('name a model for the data where none is given', async () => {
    const table = await fileOf('patients.csv', 'age,ill\n40,0\n50,1\n')
    const kindFor = async (flags: RunFlags): Promise<string> => (await manifestFrom(undefined, flags)).model.kind
    expect(await kindFor({ data: table })).toBe('mlp')
    expect(await kindFor({ data: 'heart-disease', head: 'hidden2' })).toBe('mlp')
    expect(await kindFor({ data: 'digits' })).toBe('cnn')
    expect(await kindFor({ data: table, model: 'logistic' })).toBe('logistic')
    const written = await fileOf('run.yaml', `data: { set: ${table} }\n`)
    expect((await manifestFrom(written, {})).model.kind).toBe('mlp')
    expect(parseManifest(await withUsualModel({ data: table, model: 'cnn' })).model.kind).toBe('cnn')
  })

  it('are the manifest’s fields', async () => {
    const flags: Required<
      Omit<
        RunFlags,
        | keyof TableFlags
        | 'label'
        | 'target'
        | 'superResolution'
        | 'peerColumn'
        | 'models'
        | 'believe'
        | 'reputation'
        | 'memory'
      >
    > = {
      peers: 9,
      rounds: 3,
      seed: 5,
      data: 'digits',
      partition: 'dirichlet:0.1',
      model: 'mlp',
      head: 'output',
      share: 'head',
      encoding: 'qsgd:7',
      exchange: 'every:5',
      topology: 'torus:3',
      merge: 'dfedsam-mgs',
      gossipSteps: 2,
      acceleration: 'chebyshev',
      rho: 0.2,
      momentum: 0.5,
      epochs: 2,
      batch: 16,
      learningRate: 0.1,
      evaluateEvery: 2,
      mode: 'sync',
    }
    expect(await fromFlags(flags)).toEqual(
      parseManifest({
        peers: 9,
        rounds: 3,
        seed: 5,
        data: { set: 'digits' },
        partition: { kind: 'dirichlet', alpha: 0.1 },
        model: { kind: 'mlp', head: 'output' },
        share: 'head',
        encoding: { codec: 'qsgd', levels: 7 },
        exchange: { when: 'every', rounds: 5 },
        topology: { kind: 'torus', rows: 3 },
        merge: { method: 'dfedsam-mgs', gossipSteps: 2, acceleration: 'chebyshev', rho: 0.2, momentum: 0.5 },
        training: { epochs: 2, batch: 16, learningRate: 0.1 },
        evaluation: { every: 2 },
      }),
    )
  })

  it.each<[string, RunFlags, object]>([
    ['async', { mode: 'async' }, { mode: 'async' }],
    [
      'memory beside a codec',
      { encoding: 'topk:0.1', memory: 'choco' },
      { encoding: { codec: 'topk', keep: 0.1, memory: 'choco', gamma: 0.2 } },
    ],
    ['a rule', { believe: 'median' }, { believe: { rule: 'median', tolerate: 1 } }],
    [
      'columns by name, number and range',
      { data: 'a.csv', columns: 'age, 7,2-4' },
      { data: { set: 'a.csv', columns: ['age', 7, 2, 3, 4] } },
    ],
    [
      'bodies of a mixture',
      { merge: 'mixture', models: 'cnn:16,mlp:16,lenet5:16' },
      {
        merge: { method: 'mixture' },
        models: [
          { kind: 'cnn', hidden: 16 },
          { kind: 'mlp', hidden: [200, 16] },
          { kind: 'lenet5', features: 16 },
        ],
      },
    ],
    ['iid', { partition: 'iid' }, { partition: { kind: 'iid' } }],
    ['pathological:3', { partition: 'pathological:3' }, { partition: { kind: 'pathological', classes: 3 } }],
    ['quantity:1.5', { partition: 'quantity:1.5' }, { partition: { kind: 'quantity', alpha: 1.5 } }],
    ['random-regular:3', { topology: 'random-regular:3' }, { topology: { kind: 'random-regular', degree: 3 } }],
    ['erdos-renyi:0.5', { topology: 'erdos-renyi:0.5' }, { topology: { kind: 'erdos-renyi', probability: 0.5 } }],
    ['watts-strogatz:6', { topology: 'watts-strogatz:6' }, { topology: { kind: 'watts-strogatz', neighbours: 6 } }],
    ['a model’s path', { model: 'own/model.json', head: 'top' }, { model: { path: 'own/model.json', head: 'top' } }],
    ['a model of Keras', { model: 'm.keras', head: 'top' }, { model: { path: 'm.keras', head: 'top' } }],
    ['a file of no suffix', { model: './m', head: 'top' }, { model: { path: './m', head: 'top' } }],
    ['a column by its name', { data: 'a.csv', label: 'sick' }, { data: { set: 'a.csv', label: 'sick' } }],
    ['a column by its number', { data: 'a.csv', peerColumn: '3', peers: 2 }, { data: { set: 'a.csv', peerColumn: 3 } }],
    ['a number to predict', { data: 'a.csv', target: '4' }, { data: { target: 4 }, partition: { kind: 'iid' } }],
    [
      'images to restore',
      { data: 'pneumoniamnist', superResolution: 2, model: 'sr' },
      { data: { superResolution: 2 }, training: { clip: 1 } },
    ],
    ['a number of the default method', { rho: 0.1 }, { merge: { method: 'dfedsam', rho: 0.1 } }],
    ['a layer of the default model', { head: 'dense1' }, { model: { kind: 'cnn', head: 'dense1' } }],
  ])('read %s', async (_, flags, expected) => {
    expect(await fromFlags(flags)).toMatchObject(expected)
  })

  it.each<[RunFlags, RegExp]>([
    [{ partition: 'iid:3' }, /^"iid:3": a number after the colon goes with dirichlet, quantity, pathological$/],
    [{ topology: 'random-pairs:3' }, /^"random-pairs:3": a number after the colon goes with grid, torus, random-/],
    [{ exchange: 'once:3' }, /^"once:3": a number after the colon goes with every, window, adaptive/],
    [{ exchange: 'onse' }, /^the command line: exchange\.when: "onse" is not allowed; .*; did you mean "once"\?$/],
    [{ partition: 'dirichlet:0.3:4' }, /^"dirichlet:0\.3:4": a number after the colon/],
    [{ topology: 'grid:' }, /^"grid:" : must be a number$/],
    [{ topology: 'grid:two' }, /^"grid:two" two: must be a number$/],
    [{ topology: 'rign' }, /^the command line: topology\.kind: "rign" is not allowed; .*; did you mean "ring"\?/],
    [{ peers: 0 }, /^the command line: peers: must be at least 1$/],
    [{ peers: 2.5 }, /^the command line: peers: must be a whole number$/],
    [{ merge: 'fedavg' }, /^the command line: merge\.method: "fedavg" is not allowed; must be one of none, dpsgd/],
    [{ merge: 'dfedavg', gossipSteps: 4 }, /^the command line: merge\.gossipSteps: 4 does not go with method dfedavg/],
    [{ partition: 'dirichlet:0' }, /^the command line: partition\.alpha: must be more than 0$/],
    [
      { encoding: 'int4' },
      /^the command line: encoding\.codec: "int4" is not allowed; must be one of f32, bf16, f16, int8, qsgd, topk, topk2bit, randk, sign; did you mean "int8"\?$/,
    ],
    [{ evaluateEvery: 0 }, /^the command line: evaluation\.every: must be at least 1$/],
    [{ data: 'a.csv', columns: '4-2' }, /^--columns 4-2: must go from a lower number to a higher one$/],
    [{ data: 'a.csv', columns: '2,,4' }, /^the command line: data\.columns\.1: must be at least 1 character/],
    [{ label: 'sick' }, /^the command line: data\.set: is missing/],
  ])('%j are refused', async (flags, message) => {
    await expect(fromFlags(flags)).rejects.toThrow(message)
  })
})

describe('a topology file', () => {
  it('says how many peers there are, unless a flag does', async () => {
    const path = await fileOf('own.yaml', 'topology:\n  kind: edges\n  edges: [[0, 1], [1, 2]]\n')
    expect(await fromFlags({ topology: path })).toMatchObject({
      peers: 3,
      topology: {
        kind: 'edges',
        edges: [
          [0, 1],
          [1, 2],
        ],
      },
    })
    expect(await fromFlags({ topology: path, peers: 5 })).toMatchObject({ peers: 5 })
    const any = await fileOf('ring.yml', 'topology: ring\n')
    expect(await fromFlags({ topology: any })).toMatchObject({ peers: 8, topology: { kind: 'ring' } })
  })
})

describe('a manifest file with flags', () => {
  const text = [
    'seed: 7',
    'peers: 4',
    'data: { set: digits, testShare: 0.3 }',
    'model: { kind: mlp, hidden: [20] }',
    'merge: { method: dfedsam-mgs, gossipSteps: 2, rho: 0.1 }',
    'training: { batch: 16, epochs: 3 }',
    'topology: { kind: ring, weights: uniform }',
  ].join('\n')

  it('is what the file says where no flag says otherwise', async () => {
    const path = await fileOf('run.yaml', text)
    const { parse } = await import('yaml')
    const written = parseManifest(parse(text))
    expect(runIdOf(await manifestFrom(path, {}))).toEqual(runIdOf(written))
    const manifest = await manifestFrom(path, { rounds: 2, batch: 8, gossipSteps: 3 })
    expect(manifest).toEqual({
      ...written,
      rounds: 2,
      training: { ...written.training, batch: 8 },
      merge: { ...written.merge, gossipSteps: 3 },
    })
  })

  it('loses the numbers of a method, model or data set that a flag replaces', async () => {
    const path = await fileOf('run.yaml', text)
    const manifest = await manifestFrom(path, {
      merge: 'dfedavg',
      model: 'mlp',
      data: 'heart-disease',
      topology: 'ring',
    })
    expect(manifest).toMatchObject({ seed: 7, peers: 4, training: { batch: 16 } })
    expect(manifest.merge).toEqual(parseManifest({ merge: 'dfedavg' }).merge)
    expect(manifest.model).toMatchObject({ kind: 'mlp', hidden: [200, 200] })
    expect(manifest.data).toMatchObject({ set: 'heart-disease', testShare: 0.2 })
    expect(manifest.topology).toMatchObject({ weights: 'metropolis-hastings' })
  })

  it('may have sections of one word', async () => {
    const path = await fileOf('run.yaml', 'merge: dfedavgm\nmodel: mlp\n')
    expect(await manifestFrom(path, { momentum: 0.5, head: 'dense2' })).toMatchObject({
      merge: { method: 'dfedavgm', momentum: 0.5 },
      model: { kind: 'mlp', head: 'dense2' },
    })
  })

  it('names both in an error that comes of the two together', async () => {
    const path = await fileOf('run.yaml', 'training: { steps: 3 }\n')
    await expect(manifestFrom(path, { epochs: 2 })).rejects.toThrow(
      `${path} with the command line: training.steps: does not go with epochs`,
    )
  })
})
