import { setTimeout } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import { createState, digestOf, stateProtocol } from '../../../src/gossip/index.js'
import {
  askManifest,
  askView,
  canonicalManifest,
  createIdentity,
  type JoinAddress,
  joinAddress,
  parseJoinAddress,
  parseManifest,
  runIdOf,
} from '../../../src/node/index.js'
import { never, startHost } from '../../gossip/hosts.js'

const manifest = parseManifest({ data: 'digits', rounds: 3 })
const runId = Uint8Array.from(runIdOf(manifest))
const peer = '/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'

describe('an address to join', () => {
  it('is read back as it was written, with a relay in it too', () => {
    for (const text of [peer, `${peer}/p2p-circuit/p2p/12D3KooWBnBGj6xn6WJMDvMszJjxTvDGLsWwevv3Tj4QZPzA4cd4`]) {
      const { address, peerId, runId: run } = parseJoinAddress(joinAddress(multiaddr(text), runId))
      expect(address.toString()).toBe(text)
      expect(text.endsWith(peerId.toString())).toBe(true)
      expect(run).toEqual(runId)
      expect(parseJoinAddress(text).runId).toBeUndefined()
    }
  })

  it.each([
    ['', 'lacks /p2p/'],
    ['garden', 'is no address'],
    ['/ip4/192.0.2.1/tcp/4001', 'lacks /p2p/'],
    ['/ip4/192.0.2.1/tcp/4001/p2p/garden', 'no peer id after /p2p/'],
    [`${peer}#1234`, '64 hexadecimal digits'],
    [`${peer}#${'0'.repeat(64)}#`, 'is no address'],
    [`${'/ip4/192.0.2.1'.repeat(100)}#`, 'is no address'],
  ])('%j is refused in one line', (text, says) => {
    expect(() => parseJoinAddress(text)).toThrow(says)
    expect(() => parseJoinAddress(text)).toThrow(HearsayError)
  })

  it('of any text is read or refused', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map(end => peer + end),
      fc.string().map(run => `${peer}#${run}`),
    )
    fc.assert(
      fc.property(text, any => {
        try {
          parseJoinAddress(any)
        } catch (error) {
          expect(error).toBeInstanceOf(HearsayError)
        }
      }),
    )
  })
})

/** A peer that answers with this manifest. */
async function startPeer(answers = canonicalManifest(manifest)): Promise<JoinAddress> {
  const host = await startHost('tcp')
  const state = createState({
    runId: await digestOf(answers),
    manifest: answers,
    head: () => undefined,
    view: () => new TextEncoder().encode('{"peers":[],"share":2,"hasBegun":true}'),
  })({ node: host })
  await state.start()
  onTestFinished(() => state.stop())
  return { address: host.getMultiaddrs()[0]!, peerId: host.peerId }
}

describe('a newcomer', () => {
  it('gets the manifest and a share of who answers', async () => {
    const contact = await startPeer()
    const identity = await createIdentity()
    expect(await askManifest({ ...contact, runId }, identity, {}, never)).toEqual(manifest)
    expect(await askManifest(contact, identity, {}, never)).toEqual(manifest)
    expect(await askView(contact, runId, identity, {}, never)).toEqual({ peers: [], share: 2, hasBegun: true })
  })

  it('comes back to who is busy', async () => {
    const contact = await startPeer()
    // So many that ask nothing: until they go, nobody else is answered.
    const silent = await Promise.all(
      Array.from({ length: stateProtocol.limits.askingPeers }, async () =>
        (await startHost('tcp')).dialProtocol(contact.address, stateProtocol.id),
      ),
    )
    const asked = askManifest(contact, await createIdentity(), {}, never)
    await setTimeout(500)
    for (const stream of silent) stream.abort(new Error('enough'))
    expect(await asked).toEqual(manifest)
  })

  it.each<[string, string, string]>([
    ['another run', JSON.stringify({ rounds: 4 }), 'another run'],
    ['no manifest', 'garden', 'is none'],
    ['a manifest with a field that there is not', '{"code":"rm"}', 'code'],
  ])('does not take %s', async (_, answers, says) => {
    const contact = await startPeer(new TextEncoder().encode(answers))
    const asked = askManifest(
      { ...contact, ...(says === 'another run' && { runId }) },
      await createIdentity(),
      {},
      never,
    )
    await expect(asked).rejects.toThrow(says)
    await expect(asked).rejects.toBeInstanceOf(HearsayError)
  })

  it('is told when nobody is there, and stops when its signal says so', async () => {
    const { peerId } = await startPeer()
    const address = multiaddr(`/ip4/127.0.0.1/tcp/1/p2p/${peerId}`)
    await expect(askManifest({ address, peerId }, await createIdentity(), {}, never)).rejects.toThrow(
      'is the peer running',
    )
    const reason = new Error('enough')
    await expect(askManifest(await startPeer(), await createIdentity(), {}, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    )
  })
})
