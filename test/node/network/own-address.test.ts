import { describe, expect, it, onTestFinished } from 'vitest'
import {
  askManifest,
  createIdentity,
  createPeer,
  type Peer,
  parseJoinAddress,
  parseManifest,
} from '../../../src/node/index.js'
import { never } from '../../gossip/hosts.js'

const manifest = parseManifest({ peers: 2, rounds: 1, data: 'digits', model: 'logistic' })

describe('a peer that is given the address of its own identity', () => {
  it('refuses it at once, and asks whether its folder was copied', async () => {
    const identity = await createIdentity()
    const start = async (contacts: ReturnType<Peer['addresses']>): Promise<Peer> => {
      const listen = ['/ip4/127.0.0.1/tcp/0']
      const peer = await createPeer({
        manifest,
        identity,
        name: 'anna',
        data: { share: 0 },
        backend: 'wasm',
        listen,
        contacts,
      })
      onTestFinished(() => peer.stop())
      return peer
    }
    const first = await start([])
    const addresses = first.addresses()
    const contact = parseJoinAddress(String(addresses[0]))
    await expect(askManifest(contact, identity, {}, never)).rejects.toThrow('leads to this very peer')
    const second = await start(addresses)
    await expect(second.run().next()).rejects.toMatchObject({
      name: 'HearsayError',
      code: 'NETWORK',
      message: `${addresses.join(', ')}: leads to this very peer, ${identity.peerId}; was its folder copied? Name another peer's address, or start with an identity of your own`,
    })
  })
})
