import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readJson, temporaryFolder } from '../e2e/hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  joinPeer,
  killAll,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  summaryOf,
  until,
} from '../e2e/peers.js'
import { names, type Written, written } from '../e2e/written.js'

const memberOf = ({ file, folder, members }: Written, at: number): FieldPeer =>
  joinPeer(file, join(folder, names[at]!), ['--as', names[at]!], { listen: members[at]!.addresses[0]! })

describe('a federation that is written down', () => {
  it('needs nobody to start it, counts on its members, and lets in nobody else', async () => {
    const federation = await written(await manifestFile({ rounds: 30, training: { epochs: 120 } }))
    const [boston, zurich] = [memberOf(federation, 0), memberOf(federation, 1)]
    await boston.prints(/^waiting {3}2 of 3/m)
    const basel = memberOf(federation, 2)
    await until(() => roundsOf(basel.out) >= 2, [boston, zurich, basel])

    const stranger = join(await temporaryFolder(), 'stranger')
    // Members join with the file, so no line with an address is printed; a stranger may have put one together.
    const { run, id } = await readJson<{ run: string; id: string }>(join(boston.out, 'peer.json'))
    const [address] = federation.members[0]!.addresses
    const refused = await joinPeer(`${address}/p2p/${id}#${run}`, stranger).running.ended
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/^error: .+\n$/) })

    await killAll([zurich])
    const left = roundsOf(boston.out)
    await until(() => roundsOf(boston.out) >= left + 2, [boston, basel])
    const back = resumePeer('join', zurich.out)
    const peers = [boston, back, basel]
    for (const { running } of peers) expect(await running.ended).toMatchObject({ status: 0, stderr: '' })

    const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
    expect(new Set(summaries.map(({ run }) => run)).size).toBe(1)
    expect(summaries.map(({ id }) => id)).toEqual(federation.members.map(({ id }) => id))
    // On a line the ends do not hear each other, there or not.
    const [bostonId, zurichId, baselId] = summaries.map(({ id }) => id)
    expect(new Set(only(eventsSoFar(boston.out), 'exchanged').flatMap(({ received }) => received))).toEqual(
      new Set([zurichId]),
    )
    expect(only(eventsSoFar(back.out), 'exchanged').at(-1)!.received).toEqual([bostonId, baselId])
    expect(only(eventsSoFar(back.out), 'caught-up')).toHaveLength(1)
  })
})
