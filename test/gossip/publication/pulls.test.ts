import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createState,
  digestOf,
  type HeadAnswers,
  type HearsayHost,
  publicationProtocol,
} from '../../../src/gossip/index.js'
import { createPulls, type Pulls } from '../../../src/gossip/publication/pulls.js'
import { fieldTiming } from '../../../src/gossip/timing.js'
import { never, startHost, until } from '../hosts.js'

const runId = new Uint8Array(32).fill(5)
const payload = new Uint8Array(1000).fill(1)
const digest = await digestOf(payload)

async function startSource(node: HearsayHost, answer: HeadAnswers['payload']): Promise<HearsayHost> {
  const host = await startHost()
  const heads = { experts: () => undefined, expert: async () => undefined, payload: answer }
  const init = { runId, manifest: payload, head: () => undefined, view: () => payload, heads }
  const state = createState(init)({ node: host })
  await state.start()
  onTestFinished(() => state.stop())
  await node.dial(host.getMultiaddrs())
  return host
}

function pullsOf(node: HearsayHost, liars: string[] = []): Pulls {
  return createPulls({
    node,
    runId,
    payloadBytes: payload.length,
    timing: fieldTiming,
    onLiar: peer => liars.push(peer),
  })
}

describe('a pull', () => {
  it('asks who passed the announcement on, then the author, then others, and again who has nothing yet', async () => {
    const node = await startHost()
    const asked: string[] = []
    const answerOf =
      (name: string, from: number): HeadAnswers['payload'] =>
      () => {
        asked.push(name)
        return asked.length > from ? { bytes: payload, digest, round: 1 } : undefined
      }
    const other = await startSource(node, answerOf('other', 3))
    const author = await startSource(node, answerOf('author', 99))
    const from = await startSource(node, answerOf('from', 99))
    const announced = { author: author.peerId, digest, from: from.peerId }
    expect(await pullsOf(node).pull(announced, never, never)).toEqual(payload)
    expect(asked).toEqual(['from', 'author', 'other', 'from', 'author', 'other'])
    expect(other.getConnections()).toHaveLength(1)
  })

  it('asks no more of who gives something else, and little of who breaks off', async () => {
    const node = await startHost()
    const liars: string[] = []
    let lies = 0
    let failures = 0
    const liar = await startSource(node, () => {
      lies += 1
      return { bytes: payload, digest: new Uint8Array(32), round: 1 }
    })
    const broken = await startSource(node, () => {
      failures += 1
      throw new Error('It breaks off')
    })
    const announced = { author: broken.peerId, digest, from: liar.peerId }
    const control = new AbortController()
    const pulled = pullsOf(node, liars).pull(announced, control.signal, never)
    await until(() => failures === publicationProtocol.limits.triesPerSource)
    // A few more turns, in which nobody is left to ask.
    await setTimeout(8 * publicationProtocol.retryMs)
    expect([lies, failures]).toEqual([1, publicationProtocol.limits.triesPerSource])
    expect(liars).toEqual([liar.peerId.toString()])
    control.abort(new Error('enough'))
    await expect(pulled).rejects.toThrow('enough')
  })

  it('waits for its turn; one that is superseded gives its turn up', async () => {
    const node = await startHost()
    const { pulls: places } = publicationProtocol.limits
    const silent = await Promise.all(Array.from({ length: places }, () => startHost()))
    let open = 0
    for (const host of silent) {
      await host.handle('/hearsay/state/1.0.0', () => {
        open += 1
      })
      await node.dial(host.getMultiaddrs())
    }
    const pulls = pullsOf(node)
    const control = new AbortController()
    const stuck = silent.map(({ peerId }) =>
      pulls.pull({ author: peerId, digest, from: peerId }, control.signal, never).catch(() => 'stopped'),
    )
    await until(() => open === places)
    let asked = 0
    const source = await startSource(node, () => {
      asked += 1
      return { bytes: payload, digest, round: 1 }
    })
    const announced = { author: source.peerId, digest, from: source.peerId }
    const newer = new AbortController()
    const superseded = pulls.pull(announced, never, newer.signal)
    const waiting = pulls.pull(announced, never, never)
    await setTimeout(50)
    expect(asked).toBe(0)
    newer.abort()
    expect(await superseded).toBeUndefined()
    control.abort(new Error('enough'))
    expect(await Promise.all(stuck)).toEqual(silent.map(() => 'stopped'))
    expect(await waiting).toEqual(payload)
    expect(asked).toBe(1)
  })
})
