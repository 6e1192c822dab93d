import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createCheckpoints,
  type FieldFolder,
  loadOrCreateIdentity,
  openRunFolder,
  type PeerSettings,
} from '../../src/disk/index.js'
import { openMetrics } from '../../src/disk/metrics-file.js'
import { membersLimits } from '../../src/disk/peer-files.js'
import { HearsayError } from '../../src/errors.js'
import { nothingKept } from '../../src/methods/index.js'
import { manifestYaml, parseManifest, runIdOf, simulatedIdentities } from '../../src/node/index.js'
import { allocate, layoutOf } from '../../src/tensors/index.js'
import { startFixture } from './children.js'

const { signal } = new AbortController()
const manifest = parseManifest({ data: { set: 'digits' }, rounds: 3, minPeers: 3 })
const [identity] = simulatedIdentities(1, 1)
const settings: PeerSettings = {
  run: Buffer.from(runIdOf(manifest)).toString('hex'),
  id: String(identity!.peerId),
  name: 'bern',
  share: 1,
  listen: ['/ip4/127.0.0.1/tcp/0'],
}

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-field-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'run')
}

async function opened(path: string, resume = false, of = manifest): Promise<FieldFolder> {
  const folder = await openRunFolder(path, resume ? { resume, signal } : { resume: false, manifest: of, signal })
  onTestFinished(() => folder.close())
  return folder
}

const lines = async (path: string): Promise<unknown[]> =>
  (await readFile(join(path, 'metrics.jsonl'), 'utf8'))
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown)

describe('a peer’s folder', () => {
  it('has a ledger before it counts as one of a run with a budget, whenever its process is killed', async () => {
    const path = await place()
    const ofBudget = parseManifest({ data: { set: 'digits', standardise: 'none' }, privacy: { budget: 4 } })
    // A process that ends here has made no peer.
    await (await opened(path, false, ofBudget)).close()
    expect(await (await opened(path, true)).readLedger()).toEqual([])
  })

  it('is begun where a process was killed between its ledger and its manifest, and had spent nothing', async () => {
    const path = await place()
    const ofBudget = parseManifest({ data: { set: 'digits', standardise: 'none' }, privacy: { budget: 4 } })
    const leftBehind = async (ledger: string): Promise<void> => {
      await mkdir(path, { recursive: true })
      await writeFile(join(path, 'ledger.json'), ledger)
      await writeFile(join(path, 'manifest.yaml.0123456789abcdef.part'), 'form')
    }
    await leftBehind('{ "steps": [] }')
    const folder = await opened(path, false, ofBudget)
    expect(await folder.readLedger()).toEqual([])
    expect(await readdir(path)).not.toContain('manifest.yaml.0123456789abcdef.part')
    await folder.abandon()

    // A run without a budget has no ledger.
    await leftBehind('{ "steps": [] }')
    await (await opened(path)).close()
    expect(await readdir(path)).not.toContain('ledger.json')
    await rm(path, { recursive: true })

    // Steps were taken, or may have been.
    for (const ledger of ['{ "steps": [{ "rate": 0.1, "noise": 1, "steps": 9 }] }', '{ "ste']) {
      await leftBehind(ledger)
      await expect(opened(path, false, ofBudget)).rejects.toThrow('is not empty')
      expect(await readFile(join(path, 'ledger.json'), 'utf8')).toBe(ledger)
    }
  })

  it('keeps what the peer needs to come back, and has it when it does', async () => {
    const path = await place()
    const first = await opened(path)
    const identity = await loadOrCreateIdentity(first.identityPath)
    const layout = layoutOf([{ name: 'dense/kernel', shape: [4] }])
    const kind = { folder: first.checkpointsPath, layout, head: layout, runId: runIdOf(first.manifest) }
    const parameters = allocate(layout).fill(2)
    const checkpoint = { round: 2, name: 'boston', parameters, method: nothingKept, heads: [] }
    await createCheckpoints(kind).save(checkpoint, signal)
    const [other] = simulatedIdentities(1, 1)
    const members = [{ name: 'bern', peerId: other!.peerId, addresses: [multiaddr('/ip4/127.0.0.1/tcp/4001')] }]
    expect(first.before).toEqual({ rounds: 0 })
    await first.writeMembers(members)
    first.append({ type: 'one' })
    await first.close()
    await first.close()
    expect((await readdir(path)).sort()).toEqual([
      'checkpoints',
      'identity.key',
      'manifest.yaml',
      'metrics.jsonl',
      'peers.json',
    ])

    const second = await opened(path, true)
    expect(second.manifest).toEqual(manifest)
    expect(runIdOf(second.manifest)).toEqual(kind.runId)
    expect((await loadOrCreateIdentity(second.identityPath)).peerId.toString()).toBe(identity.peerId.toString())
    expect((await createCheckpoints(kind).all().next()).value).toEqual(checkpoint)
    const [member] = await second.readMembers()
    expect({ name: member!.name, id: String(member!.peerId), addresses: member!.addresses.map(String) }).toEqual({
      name: 'bern',
      id: String(other!.peerId),
      addresses: ['/ip4/127.0.0.1/tcp/4001'],
    })
    second.append({ type: 'two' })
    await second.writeSummary({ rounds: 3 })
    await second.close()
    expect(await lines(path)).toEqual([{ type: 'one' }, { type: 'two' }])
    expect(JSON.parse(await readFile(join(path, 'summary.json'), 'utf8'))).toEqual({ rounds: 3 })
  })

  it('keeps what was agreed on, and says when it was damaged', async () => {
    const path = await place()
    const folder = await opened(path)
    expect(await folder.readAgreed()).toBeUndefined()
    await folder.writeAgreed('AQID')
    await folder.close()
    const again = await opened(path, true)
    onTestFinished(() => again.close())
    expect(await again.readAgreed()).toBe('AQID')
    const file = join(path, 'agreed.json')
    for (const text of ['', '{', 'null', '[]', '{"sum": 1}', '{"other": "AQID"}']) {
      await writeFile(file, text)
      await expect(again.readAgreed()).rejects.toThrow(`${file}: is not what was written there; remove it`)
    }
    await writeFile(file, new Uint8Array((32 << 20) + 1))
    await expect(again.readAgreed()).rejects.toThrow(
      `${file}: has ${(32 << 20) + 1} bytes; at most ${32 << 20} are read`,
    )
  })

  it('is one process’s, new or resumed', async () => {
    const path = await place()
    const folder = await opened(path)
    await expect(opened(path, true)).rejects.toThrow(`${path}: this process (${process.pid}) is using it`)
    await expect(opened(path)).rejects.toThrow('is not empty')
    await folder.close()
    await (await opened(path, true)).close()
  })

  it('is made once by two who begin at once', async () => {
    const path = await place()
    const both = await Promise.allSettled([opened(path), opened(path)])
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(HearsayError)
  })

  it('is not made over anything', async () => {
    const path = await place()
    await mkdir(path)
    await writeFile(join(path, 'notes.txt'), 'mine')
    await expect(opened(path)).rejects.toThrow(
      new HearsayError('RUN', 'is not empty; name a new folder', { field: '--out', value: path }),
    )
    expect(await readdir(path)).toEqual(['notes.txt'])
    await expect(opened(join(path, 'notes.txt'))).rejects.toThrow('is there already; name another')
    const other = await place()
    await (await opened(other)).close()
    await expect(opened(other)).rejects.toThrow(`name a new folder, or go on with it: --resume ${other}`)
  })

  it('that is none cannot be resumed', async () => {
    const path = await place()
    await expect(opened(path, true)).rejects.toThrow(`--resume ${path}: there is no manifest.yaml in it`)
    await expect(readdir(path)).rejects.toThrow('ENOENT')
  })

  it('with a manifest that was spoilt says where, and lets go', async () => {
    const path = await place()
    await (await opened(path)).close()
    await appendFile(join(path, 'manifest.yaml'), 'topolgy: ring\n')
    await expect(opened(path, true)).rejects.toThrow(/manifest\.yaml:\d+:\d+: unknown field "topolgy"/)
    await writeFile(join(path, 'manifest.yaml'), 'rounds: 4\n')
    expect((await opened(path, true)).manifest.rounds).toBe(4)
  })

  it('is cleared of what a crash left unfinished, and of nothing else', async () => {
    const path = await place()
    await (await opened(path)).close()
    for (const file of ['peers.json.0123456789abcdef.part', 'own.part']) await writeFile(join(path, file), 'half')
    await (await opened(path, true)).close()
    expect((await readdir(path)).sort()).toEqual(['manifest.yaml', 'metrics.jsonl', 'own.part'])
  })
})

describe('metrics after a kill', () => {
  it('begin with whole lines wherever the last one was torn', async () => {
    const path = await place()
    await (await opened(path)).close()
    const file = join(path, 'metrics.jsonl')
    const whole = '{"type":"a"}\n{"type":"b"}\n'
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(file, whole.slice(0, length))
      const folder = await opened(path, true)
      folder.append({ type: 'next' })
      await folder.close()
      const kept = ['a', 'b'].slice(0, whole.slice(0, length).split('\n').length - 1).map(type => ({ type }))
      expect(await lines(path)).toEqual([...kept, { type: 'next' }])
    }
  })

  it('end with what was whole, however long the torn line is, and whatever it holds', async () => {
    const path = await place()
    await (await opened(path)).close()
    const file = join(path, 'metrics.jsonl')
    const torn = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes.filter(byte => byte !== 10))),
      fc.constantFrom(65_535, 65_536, 65_537, 200_000).map(length => Buffer.alloc(length)),
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(3), torn, async (count, rest) => {
        await writeFile(file, Buffer.concat([Buffer.from('{"type":"a"}\n'.repeat(count)), rest]))
        await (await opened(path, true)).close()
        expect(await lines(path)).toEqual(Array.from({ length: count }, () => ({ type: 'a' })))
      }),
      { numRuns: 40 },
    )
  })
})

describe('a peer that is killed while it writes', () => {
  it('finds its folder whole, and goes on where it was', async () => {
    const path = await place()
    await (await opened(path)).close()
    for (let turn = 0; turn < 6; turn++) {
      const child = startFixture('recording.mjs', [path])
      for (let line = 0; line < 3; line++) expect(await child.next()).toMatch(/^wrote \d+$/)
      await new Promise(resolve => setTimeout(resolve, turn * 3))
      child.process.kill('SIGKILL')
      await child.ended
    }
    const folder = await opened(path, true)
    const seen = (await lines(path)) as { type: string; count: number; peers: number }[]
    // Every process counted on from the last whole line of the one before.
    expect(seen.map(({ count }) => count)).toEqual(seen.map((_, at) => at))
    expect(seen.length).toBeGreaterThan(6 * 3 - 1)
    for (const { peers } of seen) expect(peers).toBe(1)
    expect(await folder.readMembers()).toHaveLength(1)
    const left = (await readdir(path)).filter(file => file.endsWith('.part'))
    expect(left).toEqual([])
  })
})

describe('metrics', () => {
  it('have the figures of a test, but not its confusion matrix', async () => {
    const path = `${await place()}.jsonl`
    const metrics = await openMetrics(path, '')
    const test = { type: 'evaluated', accuracy: 0.5, auroc: 0.75, confusion: [[1, 1]] }
    metrics.append(test)
    await metrics.close()
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ type: 'evaluated', accuracy: 0.5, auroc: 0.75 })
    expect(test).toHaveProperty('confusion')
  })
})

describe('metrics on a full disk', () => {
  it.runIf(process.platform === 'linux')('are an error with the file and the remedy', async () => {
    const metrics = await openMetrics('/dev/full', 'Metrics from here on were not kept')
    metrics.append({ type: 'lost' })
    const failure = '/dev/full: the disk is full; make room. Metrics from here on were not kept'
    await expect(metrics.close()).rejects.toThrow(failure)
    expect(() => metrics.append({ type: 'late' })).toThrow(failure)
    await expect(metrics.close()).rejects.toThrow(HearsayError)
  })
})

describe('a folder that is abandoned', () => {
  it('is taken away when nothing has happened in it', async () => {
    const path = await place()
    const folder = await opened(path)
    await loadOrCreateIdentity(folder.identityPath)
    await folder.writeSettings(settings)
    await folder.writeMembers([])
    await folder.abandon()
    await folder.abandon()
    await expect(readdir(path)).rejects.toThrow('ENOENT')
    await (await opened(path)).close()
  })

  it('stays when something has happened, or somebody has put something in', async () => {
    const path = await place()
    const begun = await opened(path)
    begun.append({ type: 'waiting' })
    await begun.abandon()
    expect(await lines(path)).toEqual([{ type: 'waiting' }])

    const other = await place()
    const summed = await opened(other)
    await summed.writeSummary({ interrupted: true })
    await summed.abandon()
    expect((await readdir(other)).sort()).toEqual(['manifest.yaml', 'metrics.jsonl', 'summary.json'])

    const third = await place()
    const shared = await opened(third)
    await writeFile(join(third, 'notes.txt'), 'mine')
    await shared.abandon()
    expect(await readdir(third)).toEqual(['notes.txt'])
  })
})

describe('a folder of which something is lost', () => {
  it('says that of its manifest, and where another has it', async () => {
    const path = await place()
    const folder = await opened(path)
    await folder.writeSettings(settings)
    await folder.close()
    await rm(join(path, 'manifest.yaml'))
    const says = "manifest.yaml is missing; copy it from any other peer's folder of this run"
    await expect(opened(path, true)).rejects.toThrow(`--resume ${path}: ${says}`)
    await writeFile(join(path, 'manifest.yaml'), manifestYaml({ ...manifest, rounds: 4 }))
    await expect((await opened(path, true)).readSettings()).rejects.toThrow(
      new RegExp(`^${path}/manifest.yaml: is that of run [0-9a-f]{64}, and this folder's is ${settings.run}; `),
    )
  })

  it.each([
    [undefined, 'is missing, and with it what this peer was started with'],
    ['', 'is not as it was written'],
    [JSON.stringify({ ...settings, id: '' }), 'is not as it was written'],
    [JSON.stringify({ ...settings, run: 'x' }), 'is not as it was written'],
    [JSON.stringify(settings).padEnd(5_100_000), 'has 5100000 bytes; at most 5046272 are read'],
  ])('says that of its peer.json: %.20s', async (content, says) => {
    const path = await place()
    const folder = await opened(path)
    if (content !== undefined) await writeFile(join(path, 'peer.json'), content)
    const wanted = `${says}; bring it back from a copy, or join the run anew with another --out`
    await expect(folder.readSettings()).rejects.toThrow(
      new HearsayError('RUN', wanted, { source: `${path}/peer.json` }),
    )
  })

  it('knows how far its peer was, and when it cannot know', async () => {
    const path = await place()
    const folder = await opened(path)
    folder.append({ type: 'evaluated', accuracy: 0.5 } as { type: string })
    folder.append({ type: 'ended', round: 0 } as { type: string })
    folder.append({ type: 'evaluated', accuracy: 0.75, macroF1: 0.5 } as { type: string })
    folder.append({ type: 'ended', round: 1 } as { type: string })
    folder.append({ type: 'trained', loss: '"ended" is no event' } as { type: string })
    await folder.close()
    const again = await opened(path, true)
    expect(again.before).toEqual({ rounds: 2, tested: { accuracy: 0.75, macroF1: 0.5 } })
    await again.close()
    await rm(join(path, 'metrics.jsonl'))
    expect((await opened(path, true)).before).toBeUndefined()
  })

  it('tells how its run went only where that was written whole', async () => {
    const folder = await opened(await place())
    expect(await folder.readOutcome()).toBeUndefined()
    const outcome = { rounds: 3, measure: 'accuracy', accuracy: 0.5, interrupted: false }
    await folder.writeSummary({ ...outcome, run: 'x' })
    expect(await folder.readOutcome()).toEqual(outcome)
    for (const text of [
      '',
      '{}',
      '{"rounds":3,"measure":"luck","accuracy":1,"interrupted":false}',
      JSON.stringify(outcome).padEnd(2 ** 20 + 1),
    ]) {
      await writeFile(join(folder.path, 'summary.json'), text)
      expect(await folder.readOutcome()).toBeUndefined()
    }
  })
})

describe('remembered peers', () => {
  it('are bounded when written', async () => {
    const folder = await opened(await place())
    const addresses = Array.from({ length: 20 }, (_, at) => multiaddr(`/ip4/127.0.0.1/tcp/${4000 + at}`))
    const member = { name: 'bern', peerId: identity!.peerId, addresses }
    await folder.writeMembers(Array.from({ length: membersLimits.members + 5 }, () => member))
    const read = await folder.readMembers()
    expect(read).toHaveLength(membersLimits.members)
    expect(read[0]!.addresses).toHaveLength(membersLimits.addresses)
  })

  it.each<[string | undefined, string]>([
    ['', 'is not JSON'],
    ['{"name":', 'is not JSON'],
    ['{}', 'is not as it was written'],
    ['[{"name":"x","id":"y"}]', '0.addresses: is not as it was written'],
    ['[{"name":"x","id":"y","addresses":[]}]', '0: has an id or an address that is none'],
    [JSON.stringify([{ name: 'x'.repeat(65), id: 'y', addresses: [] }]), '0.name: is not as it was written'],
    [JSON.stringify([{ name: 'x', id: 'y'.repeat(129), addresses: [] }]), '0.id: is not as it was written'],
    [JSON.stringify([{ name: 'x', id: 'y', addresses: ['z'.repeat(513)] }]), '0.addresses.0: is not'],
    [JSON.stringify([{ name: 'x', id: 'y', addresses: Array(9).fill('z') }]), '0.addresses: is not'],
    [JSON.stringify(Array(1025).fill({ name: 'x', id: 'y', addresses: [] })), 'is not as it was written'],
    [' '.repeat(6 * 2 ** 20), `at most ${membersLimits.members * (8 * 544 + 512)} are read`],
    [undefined, 'is missing'],
  ])('that were spoilt are refused: %.30s', async (content, says) => {
    const path = await place()
    const folder = await opened(path)
    if (content !== undefined) await writeFile(join(path, 'peers.json'), content)
    const read = folder.readMembers()
    await expect(read).rejects.toBeInstanceOf(HearsayError)
    await expect(read).rejects.toThrow(says)
  })
})
