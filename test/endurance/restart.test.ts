import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../e2e/hearsay.js'
import {
  endlessField,
  eventsSoFar,
  gather,
  interrupt,
  killAll,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  until,
} from '../e2e/peers.js'

const peers = 6
const times = 10

describe('a run of which all peers are killed at once', () => {
  // With the least that a run waits for, and with all of them.
  it.each([2, peers])(`is one run again, ${times} times in a row, where %i are waited for`, async minPeers => {
    const folder = await temporaryFolder()
    // On a full graph everybody hears all others in each exchange.
    const fields = { ...endlessField, peers, minPeers, topology: 'full', limits: { exchangeSeconds: 20 } }
    const manifest = await manifestFile(fields)
    const outs = Array.from({ length: peers }, (_, at) => join(folder, `peer-${at}`))
    let running = await gather(manifest, outs)
    await until(() => outs.every(out => roundsOf(out) >= 2), running)
    for (let time = 0; time < times; time++) {
      await killAll(running)
      const before = outs.map(out => eventsSoFar(out).length)
      running = outs.map((out, at) => resumePeer(at % 2 === 0 ? 'start' : 'join', out))
      const heardAll = (at: number): number =>
        only(eventsSoFar(outs[at]!).slice(before[at]), 'exchanged').filter(
          ({ received }) => received.length === peers - 1,
        ).length
      await until(() => outs.every((_, at) => heardAll(at) >= 3), running)
      const now = outs.map(out => only(eventsSoFar(out), 'members').at(-1)!.members.length)
      expect({ time, now }).toEqual({ time, now: outs.map(() => peers) })
      const rounds = outs.map((out, at) => only(eventsSoFar(out).slice(before[at]), 'trained')[0]!.round)
      process.stdout.write(`${JSON.stringify({ minPeers, time, first: rounds })}\n`)
    }
    for (const { stdout } of await interrupt(running)) expect(stdout).not.toMatch(/^alone/m)
  })
})
