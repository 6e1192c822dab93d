import { randomBytes } from 'node:crypto'
import type { Ed25519PrivateKey, PrivateKey } from '@libp2p/interface'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTwins, type HearsayHost, type Twin, twinProtocol } from '../../../src/gossip/index.js'
import { connect, newKey, startHost, until } from '../hosts.js'

interface Side {
  readonly host: HearsayHost
  readonly twins: Twin[]
}

async function startSide(key: PrivateKey): Promise<Side> {
  const host = await startHost('memory', key)
  const twins: Twin[] = []
  const service = createTwins({ privateKey: key as Ed25519PrivateKey, onTwin: twin => twins.push(twin) })({
    node: host,
  })
  await service.start()
  onTestFinished(() => service.stop())
  return { host, twins }
}

const { helloBytes, signatureBytes } = twinProtocol.limits

describe('one identity at two processes', () => {
  it('is told to both by whoever is connected to both, and one of them is the later', async () => {
    const key = await newKey()
    const [first, second, third] = [await startSide(key), await startSide(key), await startSide(await newKey())]
    await connect(first.host, third.host)
    expect(first.twins).toEqual([])
    await connect(second.host, third.host)
    await until(() => first.twins.length > 0 && second.twins.length > 0)
    expect([...first.twins, ...second.twins].map(({ isOurs }) => isOurs).sort()).toEqual(['earlier', 'later'])
    expect(third.twins).toEqual([])
    // Once, however many have seen both.
    const fourth = await startSide(await newKey())
    await connect(first.host, fourth.host)
    await connect(second.host, fourth.host)
    await until(() => fourth.host.getConnections(first.host.peerId).length === 2)
    expect(first.twins).toHaveLength(1)
  })

  it('is not two connections of one process', async () => {
    const [peer, other] = [await startSide(await newKey()), await startSide(await newKey())]
    let streams = 0
    const handle = peer.host.getProtocols()
    expect(handle).toContain(twinProtocol.id)
    await connect(peer.host, other.host)
    other.host.addEventListener('connection:open', () => {
      streams += 1
    })
    await peer.host.dial(other.host.getMultiaddrs(), { force: true })
    await until(() => streams > 0)
    const asked = await peer.host
      .getConnections()[0]!
      .newStream('/ipfs/ping/1.0.0')
      .catch(() => undefined)
    asked?.abort(new Error('only to wait for a turn'))
    expect(peer.twins).toEqual([])
  })

  it('cannot be made up: another’s key, a signature of before, or none at all', async () => {
    const [victim, liar] = [await startSide(await newKey()), await startHost()]
    await connect(liar, victim.host)
    const [connection] = liar.getConnections(victim.host.peerId)
    const hello = randomBytes(helloBytes)
    for (const signature of [randomBytes(signatureBytes), Buffer.alloc(signatureBytes), Buffer.alloc(200), undefined]) {
      const stream = await connection!.newStream(twinProtocol.id)
      let heard = 0
      stream.addEventListener('message', ({ data }) => {
        heard += data.byteLength
      })
      stream.send(hello)
      await until(() => heard >= helloBytes + signatureBytes)
      if (signature !== undefined) stream.send(signature)
      else stream.abort(new Error('nothing more'))
      await until(() => stream.status !== 'open')
      expect(heard).toBe(helloBytes + signatureBytes)
    }
    // Its own words, sent back to it: the same process.
    const mirror = await connection!.newStream(twinProtocol.id)
    mirror.addEventListener('message', ({ data }) => mirror.send(data.subarray()))
    await until(() => mirror.status !== 'open')
    expect(victim.twins).toEqual([])
  })
})
