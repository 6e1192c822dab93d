import type { PeerEvent } from '../../src/node/index.js'
import { askManifest, createIdentity, createPeer, parseJoinAddress } from '../../src/node/index.js'

/** What a liar hands over in place of the model that it has trained. */
export type Forge = (model: Float32Array) => Float32Array

/** Ten times the model, to the other side. */
export const flipped: Forge = model => model.map(value => -10 * value)

/** The same head in every round, of this norm, in no direction that means anything. */
export function ofNorm(norm: number): Forge {
  return model => {
    // Signs by a shift register, so that it is no multiple of anything honest.
    let state = 0xace1
    const signs = model.map(() => {
      state = (state >>> 1) ^ (-(state & 1) & 0xb400)
      return (state & 1) === 0 ? 1 : -1
    })
    return signs.map(sign => (sign * norm) / Math.sqrt(model.length))
  }
}

/** A peer that does all that an honest one does, and hands something else over. Resolves when its run is over. */
export async function lie(
  address: string,
  name: string,
  share: number,
  forge: Forge,
  signal: AbortSignal,
): Promise<void> {
  const contact = parseJoinAddress(address)
  const identity = await createIdentity()
  const manifest = await askManifest(contact, identity, {}, signal)
  const peer = await createPeer({
    manifest,
    identity,
    name,
    data: { share },
    listen: ['/ip4/127.0.0.1/tcp/0'],
    contacts: [contact.address],
    backend: 'wasm',
    signal,
  })
  try {
    let trained = peer.parameters.slice()
    const does = (event: PeerEvent): void => {
      if (event.type === 'trained') {
        trained = peer.parameters.slice()
        peer.parameters.set(forge(trained))
      }
      // It learns on its own: what it has merged is its lie with the others' heads.
      if (event.type === 'merged') peer.parameters.set(trained)
    }
    for await (const event of peer.run({ signal })) does(event)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await peer.stop()
  }
}
