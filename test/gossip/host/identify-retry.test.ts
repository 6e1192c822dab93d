import type { Stream, StreamHandler } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { retryIdentify } from '../../../src/gossip/host/identify-retry.js'
import type { HearsayHost } from '../../../src/gossip/index.js'
import { until } from '../hosts.js'
import { startFieldHost } from './hosts.js'

const identifyProtocol = '/ipfs/id/1.0.0'

/** A host that looks more often than one waits in a test. */
async function startLooking(): Promise<HearsayHost> {
  const host = await startFieldHost({ field: {} })
  onTestFinished(retryIdentify(host, 100))
  return host
}

/** A host that leaves the first question who it is without an answer. */
async function startSlow(): Promise<{ readonly host: HearsayHost; asked(): number }> {
  const host = await startFieldHost({ field: {} })
  const { handleProtocol } = host.services.identify as unknown as { readonly handleProtocol: StreamHandler }
  let asked = 0
  await host.unhandle(identifyProtocol)
  await host.handle(identifyProtocol, (stream, connection) => {
    asked += 1
    if (asked > 1) return handleProtocol(stream, connection)
  })
  host.services.pubsub!.subscribe('news')
  return { host, asked: () => asked }
}

describe('two hosts that do not say in time who they are', () => {
  it('are asked again, and hear each other', async () => {
    const [one, other] = [await startSlow(), await startSlow()]
    await one.host.dial(other.host.getMultiaddrs().map(address => multiaddr(address.toString())))
    await until(() => one.asked() === 1 && other.asked() === 1)
    const hear = ({ host }: typeof one): boolean => host.services.pubsub!.getSubscribers('news').length === 1
    expect([one, other].map(hear)).toEqual([false, false])
    for (const { host } of [one, other]) onTestFinished(retryIdentify(host, 500))
    await until(() => hear(one) && hear(other))
    expect(one.asked() + other.asked()).toBeGreaterThan(2)
  })
})

describe('two hosts of which one has lost its stream to the other', () => {
  it('opens another, and is heard', async () => {
    const [one, other] = [await startLooking(), await startLooking()]
    for (const { services } of [one, other]) services.pubsub!.subscribe('news')
    await one.dial(other.getMultiaddrs().map(address => multiaddr(address.toString())))
    const { streamsOutbound } = one.services.pubsub as unknown as {
      streamsOutbound: Map<string, { rawStream: Stream }>
    }
    const stream = (): Stream | undefined => streamsOutbound.get(other.peerId.toString())?.rawStream
    await until(() => stream() !== undefined && other.services.pubsub!.getSubscribers('news').length === 1)
    const lost = stream()!
    lost.abort(new Error('lost'))
    await until(() => stream() !== undefined && stream() !== lost)
    const heard = new Promise<string>(resolve =>
      other.services.pubsub!.addEventListener('message', ({ detail }) => resolve(Buffer.from(detail.data).toString())),
    )
    await one.services.pubsub!.publish('news', Buffer.from('again'))
    expect(await heard).toBe('again')
  })
})
