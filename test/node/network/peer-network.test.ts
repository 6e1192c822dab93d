import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { createInvite } from '../../../src/gossip/index.js'
import { checkInvited, foundersOf, hostNetwork, parseManifest, simulatedIdentities } from '../../../src/node/index.js'

const [founder, guest, relay] = simulatedIdentities(2, 3) as ReturnType<typeof simulatedIdentities> & {
  length: 3
}
const runId = new Uint8Array(32).fill(4)
const founders = [founder!.peerId]
const hour = 3_600_000

describe('who may take part', () => {
  it('is everybody unless there is a list or founders', () => {
    expect(hostNetwork({}, { runId })).toEqual({ field: { relays: [] }, lan: false })
    const listed = hostNetwork({ allow: [guest!.peerId] }, { runId }).access!
    expect([listed.isAdmitted(guest!.peerId), listed.isAdmitted(founder!.peerId)]).toEqual([true, false])
    const invited = hostNetwork({}, { runId, founders }).access!
    expect([invited.isAdmitted(guest!.peerId), invited.isAdmitted(founder!.peerId)]).toEqual([false, true])
    expect(() => hostNetwork({ allow: [] }, { runId, founders })).toThrow('leave the list out')
  })

  it('is not a relay, ours or one that we call through, and that may be connected', async () => {
    const through = multiaddr(`/ip4/192.0.2.1/tcp/1/p2p/${relay!.peerId}/p2p-circuit/p2p/${guest!.peerId}`)
    const at = `/ip4/192.0.2.1/tcp/1/p2p/${relay!.peerId}`
    for (const access of [
      hostNetwork({ allow: [guest!.peerId], relays: [at] }, { runId }).access!,
      hostNetwork({ allow: [guest!.peerId] }, { runId, contacts: [through] }).access!,
    ]) {
      expect(access.isAdmitted(relay!.peerId)).toBe(false)
      expect(await access.gater.denyDialPeer?.(relay!.peerId)).toBe(false)
      expect(await access.gater.denyDialPeer?.(founder!.peerId)).toBe(true)
    }
  })

  it('is said before anything is dialled', async () => {
    const token = await createInvite({
      runId,
      privateKey: founder!.privateKey,
      expiresAt: Date.now() + hour,
      invitee: guest!.peerId,
    })
    const run = { runId, founders }
    await checkInvited({}, run, founder!.peerId)
    await checkInvited({ invite: token }, run, guest!.peerId)
    await checkInvited({}, { runId }, guest!.peerId)
    await expect(checkInvited({}, run, guest!.peerId)).rejects.toThrow(`this peer, ${guest!.peerId}, is none of them`)
    await expect(checkInvited({ invite: token }, run, relay!.peerId)).rejects.toThrow('for another peer id')
    await expect(checkInvited({ invite: token }, { ...run, runId: new Uint8Array(32) }, guest!.peerId)).rejects.toThrow(
      'for another run',
    )
    await expect(checkInvited({ invite: token }, { runId }, guest!.peerId)).rejects.toThrow('not by invitation')
  })

  it('stands in the manifest, and is part of the run', () => {
    const manifest = parseManifest({ access: { founders: [founder!.peerId.toString()] } })
    expect(foundersOf(manifest)!.map(String)).toEqual([founder!.peerId.toString()])
    expect(foundersOf(parseManifest({}))).toBeUndefined()
    for (const wrong of [
      [],
      ['boston'],
      ['x'.repeat(200)],
      Array.from({ length: 65 }, () => String(founder!.peerId)),
    ]) {
      expect(() => parseManifest({ access: { founders: wrong } })).toThrow(/access\.founders/)
    }
    expect(() => parseManifest({ access: { allow: [] } })).toThrow(/access/)
  })
})

describe('addresses to announce', () => {
  it.each(['my.house', '/ip4/1.2.3.4', `/ip4/1.2.3.4/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA`])(
    'are refused where they are none: %s',
    address => {
      expect(() => hostNetwork({ announce: [address] }, { runId })).toThrow(`announce: ${address}`)
    },
  )
})
