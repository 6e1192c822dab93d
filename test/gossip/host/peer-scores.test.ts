import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { describe, expect, it } from 'vitest'
import { type HearsayHost, presenceScore } from '../../../src/gossip/index.js'
import { connect, until } from '../hosts.js'
import { startFieldHost } from './hosts.js'

const topic = '/hearsay/1/test/presence'
const bad = Buffer.from('bad')

/** A host that is on the topic and rejects what is bad, as presence does. */
async function member(): Promise<HearsayHost & { heard: string[] }> {
  const host = await startFieldHost({ scoredTopics: { [topic]: presenceScore } })
  const heard: string[] = []
  const pubsub = host.services.pubsub!
  pubsub.topicValidators.set(topic, (_, { data }) =>
    Buffer.from(data).includes(bad) ? TopicValidatorResult.Reject : TopicValidatorResult.Accept,
  )
  pubsub.addEventListener('gossipsub:message', ({ detail: { msg } }) => heard.push(Buffer.from(msg.data).toString()))
  pubsub.subscribe(topic)
  return Object.assign(host, { heard })
}

/** On the topic without looking at what it sends. */
async function careless(): Promise<HearsayHost> {
  const host = await startFieldHost()
  host.services.pubsub!.subscribe(topic)
  return host
}

const say = (host: HearsayHost, text: string): Promise<unknown> =>
  host.services.pubsub!.publish(topic, Buffer.from(text))
/** Not in the types of the service, which are for users. */
const routerOf = (host: HearsayHost): { getScore(peer: string): number; getMeshPeers(topic: string): string[] } =>
  host.services.pubsub as never
const scoreOf = (at: HearsayHost, of: HearsayHost): number => routerOf(at).getScore(`${of.peerId}`)

describe('a neighbour on a scored topic', () => {
  it('that floods invalid messages is no longer listened to, and nobody else suffers', async () => {
    const [a, b, flooder] = [await member(), await member(), await careless()]
    for (const [from, to] of [
      [b, a],
      [flooder, a],
      [flooder, b],
    ] as const)
      await connect(from, to)
    const everybody = [a, b, flooder]
    await until(() => everybody.every(host => host.services.pubsub!.getSubscribers(topic).length === 2))
    await until(() => routerOf(a).getMeshPeers(topic).length === 2)
    await say(flooder, 'good at first')
    await until(() => a.heard.includes('good at first'))
    for (let i = 0; i < 60; i++) await say(flooder, `bad ${i}`)
    await until(() => scoreOf(a, flooder) < -80 && scoreOf(b, flooder) < -80)
    await say(flooder, 'good again')
    await say(b, 'from b')
    await until(() => a.heard.includes('from b'))
    expect(a.heard).not.toContain('good again')
    // b had the flood too, passed none of it on, and keeps what it earned.
    expect(scoreOf(a, b)).toBeGreaterThanOrEqual(0)
  })

  it('is forgiven an odd one, and silence; and many behind one address are no offence', async () => {
    const a = await member()
    const others = await Promise.all(Array.from({ length: 14 }, () => careless()))
    await Promise.all(others.map(other => connect(other, a)))
    await until(() => a.services.pubsub!.getSubscribers(topic).length === others.length)
    await until(() => others.every(other => other.services.pubsub!.getSubscribers(topic).length === 1))
    await say(others[0]!, 'bad')
    await say(others[0]!, 'hello')
    await until(() => a.heard.includes('hello'))
    // Scores are kept for a heartbeat: what is looked at now is no older than the message.
    await new Promise(resolve => setTimeout(resolve, 1_100))
    for (const other of others.slice(1)) expect(scoreOf(a, other)).toBeGreaterThanOrEqual(0)
    expect(scoreOf(a, others[0]!)).toBeGreaterThan(-10)
  })
})
