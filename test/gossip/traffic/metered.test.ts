import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { expect, it } from 'vitest'
import type { HearsayHost } from '../../../src/gossip/index.js'
import { createTopic } from '../../../src/gossip/pubsub/topic.js'
import { relabelled } from '../../../src/gossip/traffic/metered.js'
import { ask, echo, startFieldHost } from '../host/hosts.js'
import { until } from '../hosts.js'

const protocol = '/hearsay/handover/1.0.0'

it.each(['tcp', 'memory'] as const)(
  'a stream’s bytes are for what its protocol is for, at both ends (%s)',
  async transport => {
    const listen = transport === 'tcp' ? {} : { listen: ['/memory/metered'] }
    const [asking, answering] = await Promise.all([
      startFieldHost({ transport, ...(transport === 'memory' && { listen: [] }) }),
      startFieldHost({ transport, ...listen }),
    ])
    await echo(answering, protocol)
    const stream = await asking.dialProtocol(answering.getMultiaddrs(), protocol)
    await ask(stream, 'x'.repeat(100_000))
    const sums = [asking, answering].map(host => host.services.traffic.bytes())
    for (const { sent, received } of sums) {
      expect([sent.heads, received.heads]).toEqual([100_000, 100_000])
      for (const { wire, libp2p } of [sent, received]) {
        expect(libp2p).toBe(wire - 100_000)
        // Yamux has 12 bytes a frame, Noise 18 of 64 KiB: the rest is handshakes, of some hundred bytes each.
        expect(libp2p).toBeGreaterThan(100)
        expect(libp2p).toBeLessThan(20_000)
      }
    }
    relabelled(stream, 'repair')
    expect(asking.services.traffic.bytes().sent).toMatchObject({ heads: 0, repair: 100_000, wire: sums[0]!.sent.wire })
    await stream.close()
  },
)

it('what reaches a socket is what the hosts on both sides count', async () => {
  const [one, two] = await Promise.all([startFieldHost(), startFieldHost()])
  await echo(two, protocol)
  const stream = await one.dialProtocol(two.getMultiaddrs(), protocol)
  await ask(stream, 'x'.repeat(5_000))
  const wires = (): number[] =>
    [one, two].flatMap(host => {
      const { sent, received } = host.services.traffic.bytes()
      return [sent.wire, received.wire]
    })
  // Identify goes on for a moment.
  await until(() => {
    const [sentOne, receivedOne, sentTwo, receivedTwo] = wires()
    return sentOne === receivedTwo && sentTwo === receivedOne
  })
  expect(wires()[0]).toBeGreaterThan(5_000)
})

it('a message counts at its author for its topic, and as forwarded where it is passed on', async () => {
  const name = '/hearsay/presence/1.0.0/00'
  const hosts = await Promise.all([startFieldHost(), startFieldHost(), startFieldHost()])
  const heard = [0, 0, 0]
  const topics = hosts.map((host, at) => {
    const validate = (): TopicValidatorResult => {
      heard[at]! += 1
      return TopicValidatorResult.Accept
    }
    return createTopic(host, { name, validate, onForged() {} })
  })
  for (const topic of topics) topic.join()
  // A line: the first reaches the last through the middle.
  const [first, middle, last] = hosts as [HearsayHost, HearsayHost, HearsayHost]
  await first.dial(middle.getMultiaddrs())
  await last.dial(middle.getMultiaddrs())
  const subscribers = (host: HearsayHost): number => host.services.pubsub!.getSubscribers(name).length
  await until(() => hosts.map(subscribers).join() === '1,2,1')
  await topics[0]!.publish(new Uint8Array(1000))
  await until(() => heard[2] === 1)
  const [a, b, c] = hosts.map(host => host.services.traffic.bytes())
  expect(a!.sent).toMatchObject({ presence: 1000, forwarded: 0 })
  expect(b!.received).toMatchObject({ presence: 1000, forwarded: 0 })
  expect(b!.sent).toMatchObject({ presence: 0, forwarded: 1000 })
  expect(c!.received).toMatchObject({ presence: 0, forwarded: 1000 })
  // Signature, author and control.
  expect(a!.sent.libp2p).toBeGreaterThan(0)
})
