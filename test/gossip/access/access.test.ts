import type { Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AccessRequest } from '../../../src/gossip/generated/access.js'
import {
  type Access,
  type AccessInit,
  type AccessPolicy,
  accessProtocol,
  createAccess,
  createHost,
  createInvite,
  dialAddresses,
  type HearsayHost,
  type HostInit,
} from '../../../src/gossip/index.js'
import { ask, echo } from '../host/hosts.js'
import { until } from '../hosts.js'
import { type Person, person } from './person.js'

const protocol = '/hearsay/test-echo/1.0.0'
const topic = 'test'
const runId = new Uint8Array(32).fill(3)
const expiresAt = Date.now() + 3_600_000

interface Running extends Person {
  readonly host: HearsayHost
  readonly access: Access
}

/** A host with this policy that echoes and is on a topic. */
async function start(
  who: Person,
  policy: AccessPolicy,
  init: Partial<AccessInit> = {},
  hostInit: Partial<HostInit> = {},
): Promise<Running> {
  const access = createAccess({ policy, ...init })
  const { privateKey } = who
  const host = await createHost({ privateKey, transport: 'tcp', listen: ['/ip4/127.0.0.1/tcp/0'], access, ...hostInit })
  onTestFinished(() => host.stop())
  await host.start()
  await echo(host, protocol)
  host.services.pubsub!.subscribe(topic)
  return { ...who, host, access }
}

const dial = (from: Running, to: Running): Promise<unknown> => from.host.dial(to.host.getMultiaddrs())
const talks = async (from: Running, to: Running): Promise<string> =>
  ask(await from.host.dialProtocol(to.peerId, protocol), 'hello')
const hears = (on: Running, other: Running): boolean =>
  on.host.services.pubsub!.getSubscribers(topic).some(peer => peer.equals(other.peerId))
const isAlone = (...all: Running[]): boolean => all.every(({ host }) => host.getConnections().length === 0)

describe('an open network', () => {
  it('admits everybody', async () => {
    const [a, b] = [await start(await person(), { kind: 'open' }), await start(await person(), { kind: 'open' })]
    await dial(a, b)
    expect(await talks(a, b)).toBe('hello')
    expect([a.access.isAdmitted(b.peerId), a.access.rejected]).toEqual([true, {}])
    expect(() => a.access.allow([])).toThrow(TypeError)
  })
})

describe('an allow-list', () => {
  it('keeps others out before any protocol, whoever calls, until they are on it', async () => {
    const [one, two] = [await person(), await person()]
    const a = await start(one, { kind: 'allow-list', peers: [] })
    const b = await start(two, { kind: 'open' })
    let identified = 0
    for (const { host } of [a, b]) host.addEventListener('peer:identify', () => (identified += 1))
    await dial(b, a).catch(() => {})
    await until(() => a.access.rejected.INBOUND === 1 && isAlone(a, b))
    await expect(dial(a, b)).rejects.toThrow()
    // An address without a peer id: who is there shows only after the handshake.
    const [bare] = b.host.getMultiaddrs().map(address => address.decapsulate('/p2p'))
    await expect(a.host.dial(bare!)).rejects.toThrow()
    await until(() => isAlone(a, b))
    expect(a.access.rejected).toEqual({ INBOUND: 1, DIAL: 1, OUTBOUND: 1 })
    expect(identified).toBe(0)

    a.access.allow([two.peerId])
    await dial(b, a)
    await until(() => !isAlone(a))
    expect(await talks(a, b)).toBe('hello')
    await until(() => hears(a, b) && hears(b, a))

    a.access.allow([one.peerId])
    await until(() => isAlone(a, b))
    expect(a.access.rejected).toMatchObject({ REMOVED: 1 })
    expect(a.access.isAdmitted(two.peerId)).toBe(false)
  })

  it('hangs up on WebSocket too', async () => {
    const field = { autoNat: false, holePunching: false }
    const listen = ['/ip4/127.0.0.1/tcp/0/ws']
    const a = await start(await person(), { kind: 'allow-list', peers: [] }, {}, { field, listen })
    const b = await start(await person(), { kind: 'open' }, {}, { field })
    await dial(b, a).catch(() => {})
    await until(() => a.access.rejected.INBOUND === 1 && isAlone(a, b))
    a.access.allow([b.peerId])
    await dial(b, a)
    await until(() => !isAlone(a))
    a.access.allow([])
    await until(() => isAlone(a, b))
  })
})

describe('a network by invitation', () => {
  it('admits founders, whom they invite, and whom those invite', async () => {
    const [founder, ada, ben] = [await person(), await person(), await person()]
    const policy = { kind: 'invites', runId, founders: [founder.peerId] } as const
    const invited = await createInvite({ runId, privateKey: founder.privateKey, expiresAt, invitee: ada.peerId })
    const token = await createInvite({ runId, privateKey: ada.privateKey, expiresAt, parent: invited })
    const f = await start(founder, policy)
    const a = await start(ada, { ...policy, token: invited })
    const b = await start(ben, { ...policy, token })
    await dial(a, f)
    // Two guests: each shows the other its own.
    await dial(b, a)
    await dial(f, b)
    await until(() =>
      [f, a, b].every(x => [f, a, b].every(y => x === y || (x.access.isAdmitted(y.peerId) && hears(x, y)))),
    )
    for (const [from, to] of [
      [f, a],
      [a, b],
      [b, f],
    ] as const)
      expect(await talks(from, to)).toBe('hello')
    expect([f, a, b].map(({ access }) => access.rejected)).toEqual([{}, {}, {}])

    // Whoever leaves shows it again.
    await b.host.stop()
    await until(() => !f.access.isAdmitted(b.peerId))
  })

  it('serves nothing to somebody who shows nothing, tells him no topic, and hangs up', async () => {
    const founder = await person()
    const f = await start(founder, { kind: 'invites', runId, founders: [founder.peerId] }, { deadlineMs: 400 })
    const stranger = await start(await person(), { kind: 'open' })
    await dial(stranger, f)
    const talking = talks(stranger, f)
    await expect(talking).rejects.toThrow()
    await until(() => isAlone(f, stranger))
    expect(f.access.rejected).toEqual({ TIMEOUT: 1 })
    expect([hears(stranger, f), hears(f, stranger)]).toEqual([false, false])
  })

  it.each([
    ['WRONG_RUN', (by: Person) => createInvite({ runId: new Uint8Array(32), privateKey: by.privateKey, expiresAt })],
    ['EXPIRED', (by: Person) => createInvite({ runId, privateKey: by.privateKey, expiresAt: 1000 })],
    ['WRONG_PEER', (by: Person) => createInvite({ runId, privateKey: by.privateKey, expiresAt, invitee: by.peerId })],
    ['MALFORMED', async () => 'AAAA'],
  ] as const)('says why it does not take an invitation: %s', async (reason, make) => {
    const founder = await person()
    const policy = { kind: 'invites', runId, founders: [founder.peerId] } as const
    const f = await start(founder, policy)
    const told: string[] = []
    const onRefused = (by: string, why: string): void => void told.push(`${by} ${why}`)
    const guest = await start(await person(), { ...policy, token: await make(founder) }, { onRefused })
    await dial(guest, f)
    await until(() => told.length > 0 && isAlone(f, guest))
    expect(told).toEqual([`${founder.peerId} ${reason}`])
    expect(f.access.rejected).toEqual({ [reason]: 1 })
  })

  it('hangs up on what is no request, and on silence', async () => {
    const founder = await person()
    const f = await start(founder, { kind: 'invites', runId, founders: [founder.peerId] }, { deadlineMs: 400 })
    const framed = (bytes: Uint8Array): Uint8Array => lengthPrefixed.encode.single(bytes).subarray()
    const long = AccessRequest.encode({ token: new Uint8Array(accessProtocol.limits.requestBytes) })
    for (const bytes of [
      framed(Uint8Array.of(0xff)),
      framed(long),
      Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
      Uint8Array.of(5),
    ]) {
      const stranger = await start(await person(), { kind: 'open' })
      await dial(stranger, f)
      const stream: Stream = await stranger.host.dialProtocol(f.peerId, accessProtocol.id)
      stream.send(bytes)
      await until(() => isAlone(f, stranger))
    }
    expect(f.access.rejected).toEqual({ MALFORMED: 3, TIMEOUT: 1 })
  })

  it('does not blame a newcomer for a stream that was cut, as when one of two connections is closed', async () => {
    const founder = await person()
    const f = await start(founder, { kind: 'invites', runId, founders: [founder.peerId] })
    const guest = await start(await person(), { kind: 'open' })
    await dial(guest, f)
    for (const bytes of [Uint8Array.of(), Uint8Array.of(100, 1, 2)]) {
      const cut = await guest.host.dialProtocol(f.peerId, accessProtocol.id)
      if (bytes.length > 0) cut.send(bytes)
      await until(
        () =>
          f.host.getConnections(guest.peerId)[0]?.streams.some(({ protocol }) => protocol === accessProtocol.id) ??
          false,
      )
      cut.abort(new Error('cut'))
    }
    const token = Buffer.from(await createInvite({ runId, privateKey: founder.privateKey, expiresAt }), 'base64url')
    const stream = await guest.host.dialProtocol(f.peerId, accessProtocol.id)
    stream.send(lengthPrefixed.encode.single(AccessRequest.encode({ token: Uint8Array.from(token) })))
    await until(() => f.access.isAdmitted(guest.peerId))
    expect(await talks(guest, f)).toBe('hello')
    expect(f.access.rejected).toEqual({})
  })

  it('gives relay slots to those who are admitted, and leaves a relay that is no member in peace', async () => {
    const founder = await person()
    const relayPerson = await person()
    const policy = { kind: 'invites', runId, founders: [founder.peerId] } as const
    const field = { autoNat: false, holePunching: false }
    const relay = await start(relayPerson, { kind: 'open' }, {}, { field: { ...field, relaySlots: 4 } })
    const [at] = dialAddresses(relay.host).map(address => address.toString())
    const init = { relays: [relayPerson.peerId], deadlineMs: 400 }
    const f = await start(founder, policy, init, { listen: [], field: { ...field, relays: [at!] } })
    await until(() => dialAddresses(f.host).length > 0)
    const token = await createInvite({ runId, privateKey: founder.privateKey, expiresAt })
    const guest = await start(await person(), { ...policy, token }, init, { field })
    await guest.host.dial(dialAddresses(f.host))
    await until(() => f.access.isAdmitted(guest.peerId))
    expect(await talks(guest, f)).toBe('hello')
    await new Promise(resolve => setTimeout(resolve, 600))
    expect([f.host, guest.host].map(host => host.getConnections(relay.peerId).length)).toEqual([1, 1])
    await expect(talks(relay, f)).rejects.toThrow()
    expect(hears(relay, f)).toBe(false)

    // A member that is a relay has slots for members only.
    const member = await start(founder, policy, { deadlineMs: 5_000 }, { field: { ...field, relaySlots: 4 } })
    const relays = dialAddresses(member.host).map(address => address.toString())
    const stranger = await start(await person(), { kind: 'open' }, {}, { listen: [], field: { ...field, relays } })
    await until(() => member.host.getConnections(stranger.peerId).length > 0)
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(dialAddresses(stranger.host)).toEqual([])
  })
})
