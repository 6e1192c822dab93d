import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/index.js'
import { temporaryFolder } from './hearsay.js'
import { end, eventsSoFar, gather, manifestFile, only, wellEnded } from './peers.js'

const names = ['anna', 'bert', 'carl', 'dora']

/** The tensors in the last checkpoint of a peer: of its model, and of its head before the last merge. */
async function tensorsOf(out: string): Promise<{ readonly model: string[]; readonly before: string[] }> {
  const folder = join(out, 'checkpoints')
  const last = (await readdir(folder))
    .filter(name => name.endsWith('.safetensors'))
    .sort()
    .at(-1)!
  const { layout, values } = decodeSafetensors(await readFile(join(folder, last)))
  const texts = (isOne: (name: string) => boolean): string[] =>
    layout.tensors
      .filter(({ name }) => isOne(name))
      .map(({ offset, size }) => values.subarray(offset, offset + size).join())
  return { model: texts(name => !name.includes(':')), before: texts(name => name.startsWith('before:')) }
}

describe('peers with a schedule of exchanges', () => {
  it('send nothing in silent rounds, and merge into one model at the end', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile({
      peers: 4,
      minPeers: 4,
      rounds: 5,
      training: { epochs: 5 },
      exchange: { when: 'every', rounds: 2, final: true },
    })
    const outs = names.map(name => join(folder, name))
    const peers = await gather(manifest, outs, at => ['--as', names[at]!])
    const said = peers[0]!.prints(/^final {5}merged into one model with all: /m)
    for (const peer of peers) expect(await end(peer)).toEqual(wellEnded)
    await said

    const models = await Promise.all(outs.map(tensorsOf))
    for (const [at, out] of outs.entries()) {
      const events = eventsSoFar(out)
      expect(only(events, 'silent').map(({ round }) => round)).toEqual([0, 2, 4])
      const exchanges = only(events, 'exchanged')
      expect(exchanges.map(({ round, step, absent }) => [round, step, absent])).toEqual([
        [1, 0, []],
        [3, 0, []],
        // The last round has no usual exchange, and the final merge.
        [4, 1, []],
      ])
      expect(exchanges.at(-1)!.received).toHaveLength(3)
      const [final] = only(events, 'final')
      expect(final).toMatchObject({ missed: [], isMerged: true })
      const { model, before } = models[at]!
      expect(model.length).toBeGreaterThan(0)
      expect(model).toEqual(models[0]!.model)
      // Each keeps its own beside it.
      expect(before).toHaveLength(model.length)
      expect(before).not.toEqual(model)
    }
    expect(await readFile(join(outs[0]!, 'summary.json'), 'utf8')).not.toContain('TOO_FAR')
  })

  it('say where they have nothing new, both ends of an edge alike, and answer those that have', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile({
      peers: 4,
      minPeers: 4,
      rounds: 9,
      topology: 'ring',
      training: { epochs: 2 },
      exchange: 'adaptive',
    })
    const outs = names.map(name => join(folder, name))
    const peers = await gather(manifest, outs, at => ['--as', names[at]!])
    const said = peers[0]!.prints(/nothing new at /m)
    for (const peer of peers) expect(await end(peer)).toEqual(wellEnded)
    await said

    const exchanges = outs.flatMap(out => only(eventsSoFar(out), 'exchanged'))
    expect(exchanges).toHaveLength(36)
    for (const { peer, round, received, absent, still = [] } of exchanges) {
      expect([...received, ...still, ...absent.map(one => one.peer)]).toHaveLength(2)
      expect(absent).toEqual([])
      if (round < 2) expect(received).toHaveLength(2)
      for (const other of still) {
        expect(exchanges.find(event => event.peer === other && event.round === round)!.still).toContain(peer)
      }
    }
    expect(exchanges.some(({ still = [] }) => still.length > 0)).toBe(true)
    const summary = JSON.parse(await readFile(join(outs[0]!, 'summary.json'), 'utf8'))
    expect(summary.rejected).toEqual({})
  })
})
