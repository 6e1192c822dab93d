import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../e2e/hearsay.js'
import {
  end,
  eventsSoFar,
  type FieldPeer,
  joinPeer,
  longField,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  summaryOf,
  until,
  wellEnded,
} from '../e2e/peers.js'

describe('Ctrl-C', () => {
  it('ends a peer, the others go on, and --resume brings it back', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile({ ...longField, peers: 3, rounds: 40 })
    const start = startPeer(manifest, join(folder, 'start'))
    const address = await start.address
    const [first, second] = ['first', 'second'].map(name => joinPeer(address, join(folder, name))) as [
      FieldPeer,
      FieldPeer,
    ]
    await until(() => roundsOf(first.out) >= 3, [start, first, second])
    const ids: string[] = []
    const back: FieldPeer[] = []
    for (const [command, { running, out }] of [['join', first] as const, ['start', start] as const]) {
      running.child.kill('SIGINT')
      const { status, stderr } = await running.ended
      expect({ status, stderr }).toEqual({
        status: 130,
        stderr: `Interrupted; go on with: npx hearsay ${command} --resume ${out}\n`,
      })
      ids.push((await summaryOf(out)).id)
      const left = roundsOf(out)
      // The others go on without it.
      await until(() => roundsOf(second.out) >= left + 3, [second])
      const returned = resumePeer(command, out)
      back.push(returned)
      await until(() => roundsOf(out) > left, [returned])
    }
    const peers = [second, ...back]
    expect(await Promise.all(peers.map(end))).toEqual(peers.map(() => wellEnded))

    const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
    expect(summaries.slice(1).map(({ id }) => id)).toEqual(ids)
    for (const { rounds, accuracy } of summaries) {
      expect(rounds).toBe(40)
      expect(Math.abs(accuracy! - summaries[0]!.accuracy!)).toBeLessThan(0.02)
    }
    for (const { out } of back) {
      const events = eventsSoFar(out)
      expect(only(events, 'caught-up').length).toBeGreaterThan(0)
      expect(only(events, 'exchanged').at(-1)!.received.length).toBeGreaterThan(0)
    }
  })
})
