import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadOrCreateIdentity } from '../../src/disk/index.js'
import { temporaryFolder } from './hearsay.js'
import {
  end,
  eventsSoFar,
  joinPeer,
  killAll,
  lastModel,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  summaryOf,
  until,
  wellEnded,
} from './peers.js'

const rounds = 30

/** A round measures 400 slopes, which takes a good part of the time in which a process starts. */
const fields = {
  peers: 3,
  minPeers: 2,
  rounds,
  training: { batch: 64, learningRate: 0.03, decay: 1 },
  merge: { method: 'one-byte', samples: 400, snapshot: 4 },
  evaluation: { every: 10 },
}

it('P25 three processes, of which one comes late and one is killed and back, end with one model, to the bit', async () => {
  const folder = await temporaryFolder()
  const outs = ['anna', 'bert', 'carl'].map(name => join(folder, name))
  const [anna, bert, carl] = outs as [string, string, string]
  const first = startPeer(await manifestFile(fields), anna, ['--as', 'anna', '--share', '0'])
  const address = await first.address
  const second = joinPeer(address, bert, ['--as', 'bert', '--share', '1'])
  // Behind the first snapshot, so that the newcomer needs one.
  await until(() => roundsOf(anna) >= 6, [first, second])
  const third = joinPeer(address, carl, ['--as', 'carl', '--share', '2'])
  await until(() => roundsOf(carl) > 0, [first, second, third])
  await killAll([second])
  const alone = roundsOf(anna)
  await until(() => roundsOf(anna) >= alone + 1, [first, third])
  const back = resumePeer('join', bert)

  for (const peer of [first, third, back]) expect(await end(peer)).toEqual(wellEnded)
  const models = await Promise.all(outs.map(lastModel))
  expect(new Set(models).size).toBe(1)
  for (const out of outs) {
    expect((await summaryOf(out)).accuracy).toBeGreaterThan(0.8)
    // All were heard by all in the end.
    expect(only(eventsSoFar(out), 'merged').at(-1)!.figures!.gradients).toBe(3 * 400)
  }
  const late = only(eventsSoFar(carl), 'ended')[0]!.round
  expect(late).toBeGreaterThan(5)
})

it('two runs of one manifest by the same peers end with the same bits', async () => {
  const folder = await temporaryFolder()
  const names = ['anna', 'bert']
  const manifest = await manifestFile({
    ...fields,
    rounds: 4,
    peers: 2,
    merge: { ...fields.merge, samples: 50 },
    limits: { exchangeSeconds: 60 },
  })
  for (const name of names) await loadOrCreateIdentity(join(folder, 'keys', name, 'identity.key'))
  const models: string[] = []
  for (const run of ['one', 'two']) {
    const outs = names.map(name => join(folder, run, name))
    for (const [at, out] of outs.entries()) {
      await mkdir(out, { recursive: true })
      await cp(join(folder, 'keys', names[at]!, 'identity.key'), join(out, 'identity.key'))
    }
    const first = startPeer(manifest, outs[0]!, ['--as', 'anna', '--share', '0'])
    const second = joinPeer(await first.address, outs[1]!, ['--as', 'bert', '--share', '1'])
    for (const peer of [first, second]) expect(await end(peer)).toEqual(wellEnded)
    models.push(...(await Promise.all(outs.map(lastModel))))
  }
  expect(models).toHaveLength(4)
  expect(new Set(models).size).toBe(1)
})
