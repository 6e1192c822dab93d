import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './hearsay.js'
import { lie, ofNorm } from './liar.js'
import {
  endlessField,
  eventsSoFar,
  joinPeer,
  killAll,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  summaryOf,
  until,
} from './peers.js'

const names = ['anna', 'bert']

/**
 * Replaces the model in the last checkpoint of a peer by what a bad merge might have left: whole, finite, and no use.
 *
 * @returns its round, and the one that the peer then goes on with: before that merge, where there was one
 */
async function poison(out: string): Promise<{ readonly round: number; readonly next: number }> {
  const folder = join(out, 'checkpoints')
  const files = (await readdir(folder)).filter(name => name.endsWith('.safetensors')).sort()
  const last = files.at(-1)!
  const [sequence, round] = last.split('.') as [string, string]
  const bytes = await readFile(join(folder, last))
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, { data_offsets: [number, number] }>
  const before = Object.keys(header).find(name => name.startsWith('before:'))
  const end = before === undefined ? bytes.length : start + header[before]!.data_offsets[0]
  for (let at = start; at < end; at += 4) bytes.writeFloatLE(-1e4 * bytes.readFloatLE(at), at)
  const digest = createHash('sha256').update(bytes).digest('hex')
  await rm(join(folder, last))
  await writeFile(join(folder, `${sequence}.${round}.${digest}.safetensors`), bytes)
  const number = Number(round.replace('round-', ''))
  return { round: number, next: before === undefined ? number - 1 : number }
}

describe('one finite head that would end the others', () => {
  it('is refused by the name of its sender in every round; a bad merge on the disk is passed over', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile({ ...endlessField, minPeers: names.length + 1, topology: 'full' })
    const outs = names.map(name => join(folder, name))
    const [anna, bert] = outs as [string, string]
    const first = startPeer(manifest, anna, ['--as', names[0]!, '--share', '0'])
    const address = await first.address
    const peers = [first, joinPeer(address, bert, ['--as', names[1]!, '--share', '1'])]
    const over = new AbortController()
    const lying = lie(address, 'mallory', 2, ofNorm(9_900), over.signal)
    const refusals = (out: string) => only(eventsSoFar(out), 'refused')
    await until(() => outs.every(out => refusals(out).length >= 3), peers)
    peers[1]!.running.child.kill('SIGINT')
    const { status, stdout } = await peers[1]!.running.ended
    await until(() => roundsOf(anna) >= 4, [first])
    await killAll([first])
    over.abort()
    await lying

    for (const out of outs) {
      const heads = refusals(out).flatMap(event => event.heads)
      expect(new Set(heads.map(({ name, reason }) => `${name} ${reason}`))).toEqual(new Set(['mallory TOO_FAR']))
      expect(only(eventsSoFar(out), 'evaluated').at(-1)!.accuracy, out).toBeGreaterThan(0.5)
    }
    expect(status).toBe(130)
    expect(stdout).toMatch(/^refused {3}mallory refused: /m)
    expect(stdout).toMatch(/, refused mallory/)
    expect((await summaryOf(bert)).rejected.TOO_FAR).toBeGreaterThanOrEqual(3)

    const { round, next } = await poison(anna)
    const before = eventsSoFar(anna).length
    const back = resumePeer('start', anna, ['--alone'])
    await back.running.says(
      new RegExp(
        `: the model of round ${round} is passed over: .* the model (before the merge )?of round ${next} goes on$`,
        'm',
      ),
    )
    const since = () => eventsSoFar(anna).slice(before)
    await until(() => only(since(), 'evaluated').length > 0, [back])
    await killAll([back])
    expect(only(since(), 'trained')[0]!.round).toBe(next)
    expect(only(since(), 'evaluated')[0]!.accuracy).toBeGreaterThan(0.5)
  })
})
