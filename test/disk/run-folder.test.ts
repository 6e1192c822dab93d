import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { createRunFolder, makeRunFolder, mustBeVacant, reopenRunFolder } from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'
import { parseManifest, runIdOf, simulatedIdentities } from '../../src/node/index.js'
import { summaryOf } from '../watch/runs.js'

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-folder-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('a run folder', () => {
  it('holds manifest, members, metrics and summary', async () => {
    const path = join(await emptyFolder(), 'runs', 'first')
    const manifest = parseManifest({ data: { set: 'digits' }, rounds: 3 })
    const folder = await createRunFolder(path, manifest)
    const [identity] = simulatedIdentities(1, 1)
    const boston = { name: 'boston', peerId: identity!.peerId, addresses: [multiaddr('/ip4/127.0.0.1/tcp/4001')] }
    await folder.writeMembers([boston], [40])
    folder.append({ type: 'finished', atMs: 7, peer: 'A', round: 2, rounds: 3 })
    folder.append({ type: 'failed', atMs: 8, peer: 'B', round: 2 })
    await folder.writeSummary(summaryOf())
    await folder.close()

    expect((await readdir(path)).sort()).toEqual([
      'manifest.yaml',
      'metrics.jsonl',
      'peers',
      'peers.json',
      'summary.json',
    ])
    const text = (name: string): Promise<string> => readFile(join(path, name), 'utf8')
    expect(runIdOf(parseManifest(parse(await text('manifest.yaml'))))).toEqual(runIdOf(manifest))
    expect(JSON.parse(await text('peers.json'))).toEqual([
      { peer: 0, name: 'boston', id: boston.peerId.toString(), addresses: ['/ip4/127.0.0.1/tcp/4001'], samples: 40 },
    ])
    expect(
      (await text('metrics.jsonl'))
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as unknown),
    ).toEqual([
      { type: 'finished', atMs: 7, peer: 'A', round: 2, rounds: 3 },
      { type: 'failed', atMs: 8, peer: 'B', round: 2 },
    ])
    expect(JSON.parse(await text('summary.json'))).toEqual(summaryOf())
  })

  it('of a run that goes on tells what was told of whole rounds, and nothing of later ones', async () => {
    const path = await emptyFolder()
    await (await createRunFolder(path, parseManifest({}))).close()
    const metrics = join(path, 'metrics.jsonl')
    const joined = '{"type":"joined","peer":"A","round":0}'
    const rounds = [0, 1, 2].map(round => `{"type":"ended","peer":"A","round":${round},"seconds":0.1}`)
    const lines = [joined, ...rounds, 'no event', 'null', '{"type":"baseline","round":0}', '{"type":"round","rou']
    const kept = async (whole: number): Promise<string> => {
      await writeFile(metrics, lines.join('\n'))
      await (await reopenRunFolder(path, whole)).close()
      return await readFile(metrics, 'utf8')
    }
    expect(await kept(2)).toBe(`${[joined, ...rounds.slice(0, 2)].join('\n')}\n`)
    // The peers of a run that had no whole round meet again.
    expect(await kept(0)).toBe('')
    await rm(metrics)
    await (await reopenRunFolder(path, 2)).close()
    expect(await readFile(metrics, 'utf8')).toBe('')
    expect(await readdir(path)).toEqual(['manifest.yaml', 'metrics.jsonl', 'peers'])
  })

  it('takes a folder that is there and empty', async () => {
    const folder = await createRunFolder(await emptyFolder(), parseManifest({}))
    await folder.close()
  })

  it('refuses one with anything in it, and leaves it as it is', async () => {
    const path = await emptyFolder()
    await writeFile(join(path, 'notes.txt'), 'mine')
    const refused = createRunFolder(path, parseManifest({}))
    await expect(refused).rejects.toBeInstanceOf(HearsayError)
    await expect(refused).rejects.toThrow(`--out ${path}: is not empty; name a new folder`)
    expect(await readdir(path)).toEqual(['notes.txt'])
  })

  it('refuses what is no folder, or cannot be one', async () => {
    const path = join(await emptyFolder(), 'file')
    await writeFile(path, '')
    await expect(createRunFolder(path, parseManifest({}))).rejects.toThrow(
      `--out ${path}: is there already; name another`,
    )
    await expect(mustBeVacant(path, '--to')).rejects.toThrow(`--to ${path}: `)
    await expect(mustBeVacant(join(path, 'away'), '--to')).rejects.toThrow(HearsayError)
    await expect(createRunFolder(join(path, 'below'), parseManifest({}))).rejects.toThrow('a file stands in its way')
  })

  it('is refused to a second run of the same name', async () => {
    const path = await emptyFolder()
    const folder = await createRunFolder(path, parseManifest({}))
    await folder.close()
    await mkdir(path, { recursive: true })
    await expect(createRunFolder(path, parseManifest({}))).rejects.toThrow('is not empty')
  })

  it('is named after when and what, and never two by one name', async () => {
    const parent = join(await emptyFolder(), 'runs')
    const now = new Date('2024-05-06T07:08:09.123Z')
    const made = await Promise.all(Array.from({ length: 5 }, () => makeRunFolder('0123456789abcdef', now, parent)))
    const name = join(parent, '2024-05-06T07-08-09-01234567')
    expect(made.sort()).toEqual([name, `${name}-2`, `${name}-3`, `${name}-4`, `${name}-5`])
    expect(await readdir(parent)).toHaveLength(5)
  })

  it('that cannot be made is told with what to do', async () => {
    const parent = join(await emptyFolder(), 'runs')
    await writeFile(parent, 'no folder')
    await expect(makeRunFolder('0123456789abcdef', new Date(), parent)).rejects.toThrow(
      /runs: .*name a folder with --out/,
    )
  })
})
