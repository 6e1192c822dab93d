import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import type { Terminal } from '../../src/cli/command.js'
import { commentedManifest } from '../../src/cli/commented-manifest.js'
import { run as init, manifestOf } from '../../src/cli/init.js'
import { askForRun, type InitOptions } from '../../src/cli/questions.js'
import { HearsayError } from '../../src/errors.js'
import { type Manifest, type ManifestInput, parseManifest, readManifestFile, runIdOf } from '../../src/node/index.js'

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-init-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

const { signal } = new AbortController()

/** Runs the command without a terminal; what it prints comes back. */
async function initialised(flags: InitOptions): Promise<string> {
  let printed = ''
  const stdout = new PassThrough().on('data', (text: Buffer) => {
    printed += text.toString()
  })
  const terminal = { stdout, stderr: new PassThrough(), signal } as unknown as Terminal
  expect(await init([], flags, terminal)).toBe(0)
  return printed
}

const readBack = async (path: string): Promise<Manifest> => parseManifest(await readManifestFile(path))

/** Any flags that go with each other. */
const flagsArbitrary: fc.Arbitrary<InitOptions> = fc
  .record(
    {
      data: fc.constantFrom('pneumoniamnist', 'digits', './own.csv', 'a: b', '# none', 'it\'s "so"\n- far', ' x '),
      partition: fc.constantFrom('iid', 'dirichlet:0.1', 'pathological:3', 'quantity', 'resolution'),
      peers: fc.integer({ min: 1, max: 1024 }),
      minPeers: fc.integer({ min: 1, max: 1024 }),
      rounds: fc.integer({ min: 1, max: 1_000_000 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      model: fc.constantFrom('logistic', 'mlp', 'lenet5', 'cnn', 'resnet18', 'vgg11', 'own/model.json'),
      head: fc.constant('output'),
      share: fc.constantFrom('all', 'head', 'dense1', 'true', '17', 'null'),
      encoding: fc.constantFrom('f32', 'bf16', 'f16', 'int8'),
      topology: fc.constantFrom('ring', 'grid:2', 'torus', 'exponential', 'random-regular:3', 'erdos-renyi', 'full'),
      merge: fc.constantFrom(
        { merge: 'dfedavg' },
        { merge: 'dpsgd', epochs: 1 },
        { merge: 'dfedavgm', momentum: 0.5 },
        { merge: 'dfedsam', rho: 0.01 },
        { merge: 'dfedsam-mgs', gossipSteps: 2, acceleration: 'chebyshev' },
        { merge: 'dfedsam-mgs', rho: 1e-7 },
      ),
      epochs: fc.integer({ min: 1, max: 100 }),
      batch: fc.integer({ min: 1, max: 1024 }),
      learningRate: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      evaluateEvery: fc.integer({ min: 1, max: 9 }),
    },
    { requiredKeys: [] },
  )
  .filter(({ model, head }) => model !== 'own/model.json' || head !== undefined)
  .map(({ merge, ...flags }) => ({ ...flags, ...merge }) as InitOptions)

describe('a commented manifest', () => {
  it('reads back as exactly what was asked for', async () => {
    const path = join(await emptyFolder(), 'run.yaml')
    await fc.assert(
      fc.asyncProperty(flagsArbitrary, async flags => {
        const asked = await manifestOf(flags)
        await writeFile(path, commentedManifest(asked))
        expect(await readBack(path)).toEqual(asked)
        expect(runIdOf(await readBack(path))).toEqual(runIdOf(asked))
      }),
      { numRuns: 100 },
    )
  })

  const whole: readonly ManifestInput[] = [
    {},
    { data: { set: 'digits' }, model: { kind: 'mlp', hidden: [7, 8] } },
    {
      data: {
        set: 'own.csv',
        label: 3,
        peerColumn: 'hospital',
        header: true,
        categorical: ['sex', { column: 2, values: [1, 'two'] }],
        classes: ['well', { name: 'ill', labels: [1, 2] }],
        standardise: { mean: [0.5], std: [0.2] },
      },
      partition: { kind: 'resolution', factors: [1, 3] },
      model: { path: 'own/model.json', head: 'top' },
      training: { steps: 30, clip: 2, augment: { crop: 2, flip: true } },
      topology: { kind: 'watts-strogatz', neighbours: 6, rewire: 0.2 },
    },
    { data: { set: 'images', imageSize: 32, channels: 3 }, topology: { kind: 'edges', edges: [[0, 1], [1, 2]] } }, // biome-ignore format: pairs
    { topology: { kind: 'grid', rows: 2 }, merge: { method: 'dfedsam-mgs', acceleration: 'chebyshev' } },
    { topology: { kind: 'erdos-renyi', probability: 0.5 }, merge: 'none', model: { kind: 'vgg11', head: 'output' } },
    {
      merge: { method: 'mixture', topExperts: 3, warmUp: 2, momentum: 0.5 },
      models: ['mlp', { kind: 'cnn', hidden: 200 }],
    },
  ]

  it.each(whole)('explains every field there is: %j', input => {
    const manifest = parseManifest(input)
    const text = commentedManifest(manifest)
    for (const [key, value] of Object.entries(manifest)) {
      expect(text).toMatch(new RegExp(`^# .+\n${key}:`, 'm'))
      if (typeof value !== 'object' || Array.isArray(value)) continue
      for (const field of Object.keys(value)) expect(text).toMatch(new RegExp(`^  # .+\n  ${field}:`, 'm'))
    }
    expect(parseManifest(parse(text))).toEqual(manifest)
  })

  it.each(whole)('has a comment for each field, and no line too long: %j', input => {
    const lines = commentedManifest(parseManifest(input)).split('\n')
    for (const line of lines) if (/^ *# /.test(line)) expect(line.length).toBeLessThanOrEqual(130)
    const fields = lines.flatMap((line, at) => (/^ *#?\w+:/.test(line) ? [at] : []))
    for (const at of fields) expect(lines[at - 1]).toMatch(/^ *# \S/)
  })

  it.each(whole)('shows what could be set besides so that it can be set: %j', input => {
    const manifest = parseManifest(input)
    const lines = commentedManifest(manifest).split('\n')
    for (const [at, line] of lines.entries()) {
      if (!/^ *#\w+:/.test(line)) continue
      const set = parseManifest(parse(lines.with(at, line.replace('#', '')).join('\n')))
      expect(runIdOf(set)).not.toEqual(runIdOf(manifest))
    }
  })

  it('says of a field that is not set what it then is', () => {
    const text = commentedManifest(parseManifest({ merge: 'dfedsam-mgs' }))
    for (const line of ['  epochs: 1', '  gossipSteps: 4', '  rho: 0.05', '  momentum: 0', '  head: output']) {
      expect(text.split('\n')).toContain(line)
    }
    const plain = commentedManifest(parseManifest({ merge: 'none' }))
    expect(plain).not.toContain('gossipSteps:')
    // A shipped set is read as it is; what is asked of a table is of no use with it.
    expect(plain).not.toContain('peerColumn')
    expect(commentedManifest(parseManifest({ data: 'own.csv' }))).toContain('#peerColumn: hospital')
  })
})

describe('hearsay init', () => {
  const asked = { yes: true, data: 'pneumoniamnist', model: 'mlp', rounds: 5, minPeers: 3 } as const

  it('writes what the flags say, and says what comes next', async () => {
    const out = join(await emptyFolder(), 'run.yaml')
    const printed = await initialised({ ...asked, out })
    const manifest = parseManifest({ data: 'pneumoniamnist', model: 'mlp', rounds: 5, minPeers: 3 })
    expect(await readBack(out)).toEqual(manifest)
    expect(printed).toContain(`npx hearsay simulate ${out}`)
  })

  it('writes no file that a simulation would refuse', async () => {
    const out = join(await emptyFolder(), 'run.yaml')
    const flags = { yes: true, data: 'digits', out }
    await expect(initialised({ ...flags, merge: 'diloco' })).rejects.toThrow('use topology full')
    await expect(initialised({ ...flags, topology: 'one-peer-hypercube', peers: 6 })).rejects.toThrow('use 4 or 8')
    await expect(readFile(out)).rejects.toThrow('ENOENT')
    await initialised({ ...flags, merge: 'diloco', topology: 'full' })
    expect((await readBack(out)).merge.method).toBe('diloco')
  })

  it('writes over nothing, unless it is told to', async () => {
    const folder = await emptyFolder()
    const out = join(folder, 'run.yaml')
    await writeFile(out, 'mine')
    await expect(initialised({ ...asked, out })).rejects.toThrow(
      new HearsayError('USAGE', 'is there already; write over it with --force, or name another with --out', {
        source: out,
      }),
    )
    expect(await readFile(out, 'utf8')).toBe('mine')
    await initialised({ ...asked, out, force: true })
    expect((await readBack(out)).minPeers).toBe(3)
    expect(await readdir(folder)).toEqual(['run.yaml'])
  })

  it.each<[string, InitOptions, RegExp]>([
    ['a field that is wrong', { ...asked, rounds: 0 }, /^the command line: rounds: must be at least 1$/],
    ['too few peers to begin', { ...asked, minPeers: 0 }, /^the command line: minPeers: must be at least 1$/],
    ['too many peers to begin', { ...asked, minPeers: 1025 }, /^the command line: minPeers: must be at most 1024$/],
    ['half a peer to begin', { ...asked, minPeers: 2.5 }, /^the command line: minPeers: must be a whole number$/],
    [
      'a folder that is not there',
      { ...asked, out: 'no/such/run.yaml' },
      /^--out no\/such\/run\.yaml: there is no such file or folder/,
    ],
    ['a folder for a file', { ...asked, out: tmpdir(), force: true }, /: is a folder, not a file/],
    ['questions without a terminal', {}, /^init asks its questions on a terminal, and this is none; add --yes/],
  ])('answers in one line to %s', async (_, flags, message) => {
    const out = join(await emptyFolder(), 'run.yaml')
    const refused = initialised({ out, ...flags })
    await expect(refused).rejects.toBeInstanceOf(HearsayError)
    await expect(refused).rejects.toThrow(message)
  })
})

describe('the questions', () => {
  /** Types an answer whenever a question matches; resolves with what came of it. */
  async function answering(flags: InitOptions, answers: readonly [RegExp, string][], abort = signal) {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 120, rows: 40 })
    const left = [...answers]
    let said = ''
    output.on('data', (text: Buffer) => {
      said += text.toString()
      const [question, keys] = left[0] ?? []
      if (question === undefined || !question.test(said)) return
      said = ''
      left.shift()
      setImmediate(() => input.write(keys))
    })
    const flagsThen = await askForRun(flags, { input, output, signal: abort })
    expect(left).toEqual([])
    return flagsThen
  }
  const enter = '\r'
  const down = '\u001b[B'

  it('are about what the flags leave open, and enter takes what is usual', async () => {
    const out = join(await emptyFolder(), 'run.yaml')
    const flags = await answering({ topology: 'full', rho: 0.1 }, [
      [/What is learned from/, enter],
      [/Which model/, enter],
      [/hand to each other/, enter],
      [/How do they merge/, enter],
      [/How many rounds/, enter],
      [/must be there/, enter],
      [/Where is it written/, `${out}${enter}`],
    ])
    expect(flags).toMatchObject({ topology: 'full', rho: 0.1, out })
    const { rho: _, ...rest } = flags!
    expect(await manifestOf(rest)).toEqual(parseManifest({ topology: 'full' }))
  })

  it('take other answers, and refuse impossible ones', async () => {
    const flags = await answering({ merge: 'dfedavg', topology: 'ring', out: 'x.yaml' }, [
      [/What is learned from/, `${down}${down}${down}${enter}`],
      [/Where is it/, `patients.csv${enter}`],
      [/Which model/, enter],
      [/hand to each other/, `${down}${enter}`],
      [/How many rounds/, `0${enter}`],
      [/must be at least 1/, `\u007f25${enter}`],
      [/must be there/, `3${enter}`],
    ])
    expect(flags).toMatchObject({ data: 'patients.csv', model: 'mlp', share: 'head', rounds: 25, minPeers: 3 })
  })

  it('end at Ctrl-C, and at the signal', async () => {
    expect(await answering({}, [[/What is learned from/, '\u0003']])).toBeUndefined()
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 20)
    expect(await answering({}, [], abort.signal)).toBeUndefined()
  })
})
