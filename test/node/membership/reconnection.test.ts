import { peerIdFromString as peerIdOf } from '@libp2p/peer-id'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPresence, type HearsayHost, type Presence, plainStanding } from '../../../src/gossip/index.js'
import { reconnectLost } from '../../../src/node/membership/reconnection.js'
import { connect, startHost, until } from '../../gossip/hosts.js'

const runId = new Uint8Array(32).fill(7)
const beatMs = 200

interface Side {
  leaving: boolean
  readonly node: HearsayHost
  readonly presence: Presence
}

async function startSide(name: string): Promise<Side> {
  const node = await startHost('tcp')
  const presence: Presence = createPresence({
    runId,
    rounds: 10,
    name,
    beatMs,
    repeatMs: 50,
    standing: () => ({ ...plainStanding, addresses: node.getMultiaddrs(), leaving: side.leaving }),
    onReport: (peer, { addresses }) => {
      const found = [...presence.heard().keys()].includes(peer) && addresses.length > 0
      if (found) node.peerStore.merge(peerIdOf(peer), { multiaddrs: [...addresses] }).catch(() => {})
    },
  })({ node })
  const side: Side = { node, presence, leaving: false }
  await presence.start()
  onTestFinished(() => presence.stop())
  return side
}

function seeking(side: Side, remembered: Parameters<typeof reconnectLost>[0]['remembered'] = []): AbortController {
  const end = new AbortController()
  const seeking = reconnectLost({ ...side, remembered, dialMs: 2_000, everyMs: 100 }, end.signal)
  onTestFinished(async () => {
    end.abort()
    await expect(seeking).rejects.toThrow()
  })
  return end
}

const sees = ({ presence }: Side, others: number) => presence.live().length === others

/** Ends every connection between the two halves, and waits until each half has forgotten the other. */
async function cut(left: readonly Side[], right: readonly Side[]): Promise<void> {
  for (const { node } of left) for (const other of right) await node.hangUp(other.node.peerId)
  await until(
    () => left.every(side => sees(side, left.length - 1)) && right.every(side => sees(side, right.length - 1)),
  )
}

describe('looking for those who fell silent', () => {
  it('brings two halves of a network together again', async () => {
    const sides = await Promise.all(['a', 'b', 'c', 'd'].map(startSide))
    const [a, b, c, d] = sides as [Side, Side, Side, Side]
    for (const other of [b, c, d]) await connect(a.node, other.node)
    await connect(c.node, d.node)
    await until(() => sides.every(side => sees(side, 3)))
    await cut([a, b], [c, d])
    seeking(b)
    await until(() => sides.every(side => sees(side, 3)))
  })

  it('leaves those who said goodbye', async () => {
    const [a, b] = [await startSide('a'), await startSide('b')] as [Side, Side]
    await connect(a.node, b.node)
    await until(() => sees(a, 1) && sees(b, 1))
    b.leaving = true
    await b.presence.speak()
    await until(() => sees(a, 0))
    await b.presence.stop()
    await a.node.hangUp(b.node.peerId)
    seeking(a)
    await new Promise(resolve => setTimeout(resolve, 1_000))
    expect(a.node.getConnections(b.node.peerId)).toEqual([])
  })

  it('tries where others were once while nobody is there', async () => {
    const [a, b] = [await startSide('a'), await startSide('b')] as [Side, Side]
    seeking(a, b.node.getMultiaddrs())
    await until(() => sees(a, 1) && sees(b, 1))
  })
})
