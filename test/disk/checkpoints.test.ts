import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Checkpoint, type Checkpoints, checkpointLimits, createCheckpoints } from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'
import { nothingKept } from '../../src/methods/index.js'
import { expertLimit } from '../../src/mixture/index.js'
import { remembered } from '../../src/node/membership/arrivals.js'
import { allocate, bytesOf, decodeSafetensors, type Layout, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder, fixture, startChild } from './children.js'
import { killedAtEachChange } from './killed.js'

const { fieldRound } = (await import(new URL('../fixtures/disk/keeping.mjs', import.meta.url).href)) as {
  fieldRound(folder: string): Promise<number>
}

const { signal } = new AbortController()
const runId = new Uint8Array(32).fill(7)
const small = layoutOf([
  { name: 'dense/kernel', shape: [2, 3] },
  { name: 'dense/bias', shape: [3] },
])

/** Of the small layout. */
const head = layoutOf([{ name: 'dense/bias', shape: [3] }])

function checkpointOf(round: number, layout: Layout = small): Checkpoint {
  const parameters = allocate(layout).fill(round + 0.5)
  return { round, name: 'boston', parameters, method: nothingKept, heads: [] }
}

/** With all that a peer may have beside its model. */
function wholeCheckpoint(round: number): Checkpoint {
  const numbers = { usual: [0.1, 1e-300, Math.PI], none: [] }
  const tensors = [
    { name: 'com/kernel', shape: [2, 2], values: Float32Array.of(1, 2, 3, -0) },
    { name: 'gate/12D3b', shape: [1], values: Float32Array.of(0.25) },
  ]
  const heads = ['12D3a', '12D3b'].map((peer, i) => ({
    ...(i === 0 && { name: 'Änna' }),
    ...{ peer, round: round + i, head: allocate(head).fill(i + 7) },
  }))
  const arrivals = [{ peer: '12D3a', since: 7, isDoubtful: true, newMs: 59_000 }]
  return { ...checkpointOf(round), method: { before: Float32Array.of(7, 8, 9), tensors, numbers }, heads, arrivals }
}

interface Opened extends Checkpoints {
  readonly damaged: string[]
  latest(): Promise<Checkpoint | undefined>
}

function open(folder: string, init: { keep?: number; runId?: Uint8Array; layout?: Layout } = {}): Opened {
  const damaged: string[] = []
  const onDamaged = (reason: string): void => void damaged.push(reason)
  const checkpoints = createCheckpoints({ folder, runId, layout: small, head, onDamaged, ...init })
  return {
    ...checkpoints,
    damaged,
    async latest() {
      for await (const checkpoint of checkpoints.all()) return checkpoint
      return undefined
    },
  }
}

/** The files of a folder, latest first. */
async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort().reverse()
}

describe('checkpoints', () => {
  it('give back what was saved, to the bit', async () => {
    const folder = join(await emptyFolder(), 'run', 'checkpoints')
    const checkpoints = open(folder)
    expect(await checkpoints.latest()).toBeUndefined()
    const parameters = allocate(small)
    parameters.set([0, -0, 1e-40, 3e38, -3e38, -1, 2, 3, 4])
    const { method, heads, arrivals } = wholeCheckpoint(12)
    await checkpoints.save({ round: 12, name: 'Zürich', parameters, method, heads, arrivals }, signal)
    const latest = await open(folder).latest()
    expect(latest).toEqual({ round: 12, name: 'Zürich', parameters, method, heads, arrivals })
    expect(Buffer.from(bytesOf(latest!.parameters))).toEqual(Buffer.from(bytesOf(parameters)))
    for (const vector of [latest!.parameters, ...latest!.heads.map(one => one.head)]) {
      expect(vector.buffer).toBeInstanceOf(SharedArrayBuffer)
    }
  })

  it('give back a number that is not finite as none', async () => {
    const folder = await emptyFolder()
    const method = { tensors: [], numbers: { loss: [Number.NaN, Number.POSITIVE_INFINITY, 1] } }
    await open(folder).save({ ...checkpointOf(1), method }, signal)
    expect((await open(folder).latest())!.method.numbers).toEqual({ loss: [Number.NaN, Number.NaN, 1] })
  })

  it('with a head of others that is not finite are passed over for the one before, and told of', async () => {
    const folder = await emptyFolder()
    await open(folder).save(wholeCheckpoint(3), signal)
    const broken = wholeCheckpoint(4)
    broken.heads[1]!.head[2] = Number.NaN
    await open(folder).save(broken, signal)
    const checkpoints = open(folder)
    expect(await checkpoints.latest()).toEqual(wholeCheckpoint(3))
    expect(checkpoints.damaged).toEqual([
      expect.stringMatching(/round-4\..*: the head of 12D3b holds numbers that are not finite$/),
    ])
  })

  it('are safetensors files named after their digest', async () => {
    const folder = await emptyFolder()
    await open(folder).save(checkpointOf(3), signal)
    const [file] = await filesIn(folder)
    expect(file).toMatch(/^0000000001\.round-3\.[0-9a-f]{64}\.safetensors$/)
    const bytes = await readFile(join(folder, file!))
    expect(decodeSafetensors(bytes)).toMatchObject({ layout: small, values: checkpointOf(3).parameters })
    const { createHash } = await import('node:crypto')
    expect(file).toContain(createHash('sha256').update(bytes).digest('hex'))
  })

  it('are kept as many as asked for, by when they were saved and not by their round', async () => {
    const folder = await emptyFolder()
    const checkpoints = open(folder, { keep: 3 })
    for (const round of [4, 5, 6, 5, 2]) await checkpoints.save(checkpointOf(round), signal)
    expect((await filesIn(folder)).map(file => file.split('.').slice(0, 2))).toEqual([
      ['0000000005', 'round-2'],
      ['0000000004', 'round-5'],
      ['0000000003', 'round-6'],
    ])
    expect(await open(folder).latest()).toMatchObject({ round: 2 })
    await open(folder).save(checkpointOf(7), signal)
    expect(await filesIn(folder)).toHaveLength(2)
    await open(folder, { keep: 1 }).save(checkpointOf(8), signal)
    expect(await filesIn(folder)).toHaveLength(1)
    expect(() => open(folder, { keep: 0 })).toThrow(RangeError)
  })

  it('that are saved at once are saved one after the other', async () => {
    const folder = await emptyFolder()
    const checkpoints = open(folder, { keep: 20 })
    await Promise.all(Array.from({ length: 10 }, (_, round) => checkpoints.save(checkpointOf(round), signal)))
    expect((await filesIn(folder)).map(file => file.split('.')[1])).toEqual(
      Array.from({ length: 10 }, (_, round) => `round-${9 - round}`),
    )
  })

  it('are abandoned at the signal, and the one before stays', async () => {
    const folder = await emptyFolder()
    const large = layoutOf([{ name: 'dense/kernel', shape: [1 << 20] }])
    const checkpoints = open(folder, { layout: large })
    await checkpoints.save(checkpointOf(1, large), signal)
    const before = await filesIn(folder)
    const abort = new AbortController()
    const saving = checkpoints.save(checkpointOf(2, large), abort.signal)
    setImmediate(() => abort.abort(new Error('enough')))
    await expect(saving).rejects.toThrow('enough')
    expect(await filesIn(folder)).toEqual(before)
    expect(await checkpoints.latest()).toMatchObject({ round: 1 })
    await checkpoints.save(checkpointOf(3, large), signal)
    expect(await checkpoints.latest()).toMatchObject({ round: 3 })
  })

  it('clear away what a crash left unfinished, and nothing else', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'notes.txt'), 'mine')
    await writeFile(join(folder, '0000000009.0123456789abcdef.part'), 'half')
    expect(await open(folder).latest()).toBeUndefined()
    expect(await filesIn(folder)).toEqual(['notes.txt'])
    for (const round of [1, 2, 3]) await open(folder).save(checkpointOf(round), signal)
    expect(await filesIn(folder)).toHaveLength(3)
  })

  it('leave the network thread its turns while a large model is written', async () => {
    const folder = await emptyFolder()
    const large = layoutOf([{ name: 'dense/kernel', shape: [4 << 20] }])
    let turns = 0
    const count = (): void => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await open(folder, { layout: large }).save(checkpointOf(1, large), signal)
    clearImmediate(timer)
    // 16 MiB in pieces of 256 KiB.
    expect(turns).toBeGreaterThan(64)
  })
})

describe('a checkpoint’s bounds', () => {
  const beyond = 'a checkpoint beyond its bounds'
  const saved = async (changes: Partial<Checkpoint>): Promise<Checkpoint | undefined> => {
    const checkpoints = open(await emptyFolder())
    await checkpoints.save({ ...checkpointOf(1), ...changes }, signal)
    return checkpoints.latest()
  }
  const gates = (count: number): Partial<Checkpoint> => {
    const tensors = Array.from({ length: count }, (_, i) => ({ name: `${i}`, shape: [1], values: Float32Array.of(i) }))
    return { method: { tensors, numbers: {} } }
  }
  const numbers = (kinds: number, ofEach: number): Partial<Checkpoint> => {
    const all = Array.from({ length: kinds }, (_, i) => [`${i}`, Array<number>(ofEach).fill(i)])
    return { method: { tensors: [], numbers: Object.fromEntries(all) } }
  }
  const heads = (count: number): Partial<Checkpoint> => {
    return { heads: Array.from({ length: count }, (_, i) => ({ peer: `12D3${i}`, round: 0, head: allocate(head) })) }
  }

  it('hold for what is kept beside its model', async () => {
    const { keptTensors, numberKinds, numbersOfAKind } = checkpointLimits
    expect((await saved(gates(keptTensors)))!.method.tensors).toHaveLength(keptTensors)
    await expect(saved(gates(keptTensors + 1))).rejects.toThrow(beyond)
    await saved(numbers(numberKinds, 2))
    await expect(saved(numbers(numberKinds + 1, 2))).rejects.toThrow(beyond)
    await saved(numbers(2, numbersOfAKind))
    await expect(saved(numbers(2, numbersOfAKind + 1))).rejects.toThrow(beyond)
    expect((await saved(heads(expertLimit)))!.heads).toHaveLength(expertLimit)
    await expect(saved(heads(expertLimit + 1))).rejects.toThrow(beyond)
    const long = heads(expertLimit).heads!.map(one => ({ ...one, name: 'x'.repeat(checkpointLimits.nameLength) }))
    await expect(saved({ heads: long })).rejects.toThrow(beyond)
    const arrivals = Array.from({ length: remembered + 1 }, (_, at) => ({
      ...{ peer: `12D3${at}`, since: 0, isDoubtful: false, newMs: 0 },
    }))
    expect((await saved({ arrivals: arrivals.slice(1) }))!.arrivals).toEqual(arrivals.slice(1))
    await expect(saved({ arrivals })).rejects.toThrow(beyond)
  })

  it('hold for the layout of all that is shared, and for names', async () => {
    const [one] = heads(1).heads!
    await expect(saved({ heads: [{ ...one!, head: new Float32Array(2) }] })).rejects.toThrow('for a layout of')
    await expect(saved({ heads: [one!, one!] })).rejects.toThrow('two tensors of a checkpoint have one name')
    const method = { before: new Float32Array(4), tensors: [], numbers: {} }
    await expect(saved({ method })).rejects.toThrow('for a layout of')
  })

  it('hold for its name, its round and its model', async () => {
    const folder = join(await emptyFolder(), 'checkpoints')
    const save = (changes: Partial<Checkpoint>): Promise<void> =>
      open(folder).save({ ...checkpointOf(1), ...changes }, signal)
    await expect(save({ name: 'x'.repeat(checkpointLimits.nameLength + 1) })).rejects.toThrow()
    await expect(save({ name: '' })).rejects.toThrow()
    for (const round of [-1, 0.5, 10 ** checkpointLimits.roundDigits]) await expect(save({ round })).rejects.toThrow()
    await expect(save({ parameters: new Float32Array(8) })).rejects.toThrow('8 numbers for a layout of 9')
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
    await save({ name: 'x'.repeat(checkpointLimits.nameLength), round: 10 ** checkpointLimits.roundDigits - 1 })
  })

  it('hold for their number', async () => {
    const folder = await emptyFolder()
    const last = `9999999999.round-1.${'0'.repeat(64)}.safetensors`
    await writeFile(join(folder, last), '')
    await expect(open(folder).save(checkpointOf(1), signal)).rejects.toThrow(
      `${last}: is no checkpoint of ours; move it`,
    )
  })
})

describe('a checkpoint of another run', () => {
  it('is an error that names both', async () => {
    const folder = await emptyFolder()
    await open(folder, { runId: new Uint8Array(32).fill(0xab) }).save(checkpointOf(1), signal)
    const latest = open(folder).latest()
    await expect(latest).rejects.toBeInstanceOf(HearsayError)
    await expect(latest).rejects.toThrow(`belongs to run ${'ab'.repeat(32)}, not to ${'07'.repeat(32)}`)
  })

  it('with another model is the same error; of the same run it is about the model', async () => {
    const folder = await emptyFolder()
    const other = layoutOf([{ name: 'dense/kernel', shape: [1 << 17] }])
    await open(folder, { layout: other }).save(checkpointOf(1, other), signal)
    await expect(open(folder, { runId: new Uint8Array(32) }).latest()).rejects.toThrow('belongs to run 0707')
    await expect(open(folder).latest()).rejects.toThrow('holds another model than the manifest describes')
  })

  it('that is damaged besides is passed over', async () => {
    const folder = await emptyFolder()
    await open(folder, { runId: new Uint8Array(32) }).save(checkpointOf(1), signal)
    const [file] = await filesIn(folder)
    await flip(join(folder, file!), (await stat(join(folder, file!))).size - 1, 1)
    const checkpoints = open(folder)
    expect(await checkpoints.latest()).toBeUndefined()
    expect(checkpoints.damaged).toHaveLength(1)
  })
})

async function flip(path: string, at: number, mask: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at]! ^= mask
  await writeFile(path, bytes)
}

describe('a damaged checkpoint', () => {
  /** A folder with the checkpoints of rounds 1 and 2, and the later one's path and content. */
  async function two(): Promise<{ folder: string; path: string; bytes: Buffer }> {
    const folder = await emptyFolder()
    for (const round of [1, 2]) await open(folder).save(wholeCheckpoint(round), signal)
    const [file] = await filesIn(folder)
    const path = join(folder, file!)
    return { folder, path, bytes: await readFile(path) }
  }

  async function isPassedOver(folder: string, path: string): Promise<void> {
    const checkpoints = open(folder)
    const latest = await checkpoints.latest()
    expect(latest).toEqual(wholeCheckpoint(1))
    expect(checkpoints.damaged).toEqual([expect.stringContaining(path)])
  }

  it('is passed over wherever it was cut off', async () => {
    const { folder, path, bytes } = await two()
    for (let length = bytes.length - 1; length >= 0; length--) {
      await truncate(path, length)
      await isPassedOver(folder, path)
    }
  })

  it('is passed over whichever byte has changed', async () => {
    const { folder, path, bytes } = await two()
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1 << (at % 8)
      await writeFile(path, changed)
      await isPassedOver(folder, path)
    }
    await writeFile(path, bytes)
    expect(await open(folder).latest()).toMatchObject({ round: 2 })
  })

  it('is passed over whatever it holds', async () => {
    const { folder, path } = await two()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async content => {
        await writeFile(path, content)
        await isPassedOver(folder, path)
      }),
      { numRuns: 100 },
    )
    await rm(path)
    await mkdir(path)
    await isPassedOver(folder, path)
  })

  it('does not take memory for what its header claims', async () => {
    const { folder, path } = await two()
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(2n ** 62n)
    await writeFile(path, start)
    await isPassedOver(folder, path)
    // A file of five gigabytes that takes no room.
    await truncate(path, 5 * 2 ** 30)
    await isPassedOver(folder, path)
  })

  it('is passed over under the name of another', async () => {
    const { folder, path } = await two()
    const [, earlier] = await filesIn(folder)
    await copyFile(join(folder, earlier!), path)
    await isPassedOver(folder, path)
  })

  it('that is the only one is a loss that is told', async () => {
    const folder = await emptyFolder()
    await open(folder).save(checkpointOf(1), signal)
    const [file] = await filesIn(folder)
    await truncate(join(folder, file!), 100)
    const checkpoints = open(folder)
    expect(await checkpoints.latest()).toBeUndefined()
    expect(checkpoints.damaged).toEqual([expect.stringContaining(file!)])
    await checkpoints.save(checkpointOf(5), signal)
    expect(await checkpoints.latest()).toMatchObject({ round: 5 })
  })
})

describe('a process that is killed while it saves', () => {
  // Of a mixture, of which the most is kept.
  it('leaves the round before or this one, and all of it, wherever that was', async () => {
    // Folder, new file, its numbers, to the disk, name, folder to the disk; and the oldest is removed.
    expect(await killedAtEachChange('field', 'mixture', fieldRound)).toBeGreaterThanOrEqual(7)
  }, 120_000)
})

describe('a full disk', () => {
  it('is an error with the folder and the remedy, and the last checkpoint stays whole', async ({ skip }) => {
    const folder = await emptyFolder()
    // A disk of 2 MiB in a namespace of the child's own: it is gone when the child is.
    const inside = `mount -t tmpfs -o size=2m tmpfs ${folder}`
    try {
      execFileSync('unshare', ['-rm', 'sh', '-c', inside], { stdio: 'pipe' })
    } catch (error) {
      const reason = `A full disk is not tested, none can be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}`
      console.log(reason)
      skip(reason)
    }
    // Two of 0.5 MiB fit beside a third; the rest of the disk is taken after the second.
    const child = startChild('unshare', [
      '-rm',
      'sh',
      '-c',
      `${inside} && head -c 1000000 /dev/zero > ${folder}/ballast && exec ${process.execPath} ${fixture('saving.mjs')} ${folder} ${1 << 17} 10`,
    ])
    onTestFinished(() => void child.process.kill('SIGKILL'))
    await child.ended
    expect(child.lines.at(-1)).toBeDefined()
    const last = JSON.parse(child.lines.at(-1)!) as Record<string, unknown>
    expect(last).toMatchObject({ error: 'HearsayError', latest: 1, whole: true })
    expect(last.message).toBe(
      `${folder}: the disk is full; make room. The checkpoint of round 2 was not kept; those before it are whole: resume the run from them`,
    )
  })
})
