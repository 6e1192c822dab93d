import type { Connection, ConnectionGater, Libp2p, PeerId } from '@libp2p/interface'
import { ReasonCounts } from '../../reason-counts.js'
import type { PeerIdStr } from '../peer-id.js'
import type { StreamService } from '../stream/service.js'
import { hangUp } from './allow-list.js'
import { type Authors, createAuthors } from './authors.js'
import type { InviteRejection } from './invite.js'
import { createInviteExchange, type InviteExchange } from './invite-exchange.js'
import type { Access, AccessInit, AccessPolicy } from './policy.js'
import { type AccessRejection, accessProtocol } from './protocol.js'

/** A connected peer that has not shown an invitation yet. */
interface Newcomer {
  readonly timer: NodeJS.Timeout
  readonly settle: (admitted: boolean) => void
  readonly settled: Promise<boolean>
}

/** Access for the founders and for peers that show an invitation which comes from one of them. */
export class InvitedAccess implements Access {
  readonly gater: ConnectionGater
  readonly ownProtocols = [accessProtocol.id]
  readonly admitsAuthor: Authors['admits']
  readonly inviterOf: Authors['inviterOf']
  readonly #exchange: InviteExchange
  readonly #deadlineMs: number
  readonly #token: string | undefined
  readonly #relays: ReadonlySet<PeerIdStr>
  readonly #founders: ReadonlySet<PeerIdStr>
  readonly #rejected = new ReasonCounts<AccessRejection>()
  /** Peers that showed an invitation and are still connected: no more than there are connections. */
  readonly #guests = new Set<PeerIdStr>()
  readonly #newcomers = new Map<PeerIdStr, Newcomer>()
  #running: { readonly node: Libp2p; readonly service: StreamService } | undefined

  constructor({ runId, token, ...policy }: Extract<AccessPolicy, { kind: 'invites' }>, init: AccessInit) {
    const founders = Array.from(policy.founders)
    const { deadlineMs, now, onRefused } = { deadlineMs: accessProtocol.deadlineMs, now: Date.now, ...init }
    this.#deadlineMs = deadlineMs
    this.#token = token
    this.#relays = new Set(Array.from(init.relays ?? [], relay => relay.toString()))
    this.#founders = new Set(founders.map(founder => founder.toString()))
    const authors = createAuthors({ runId, founders, now })
    this.admitsAuthor = authors.admits
    this.inviterOf = authors.inviterOf
    this.#exchange = createInviteExchange({
      runId,
      founders,
      now,
      deadlineMs,
      isAdmitted: peer => this.isAdmitted(peer),
      onVerdict: (peer, verdict) => this.#settleBy(peer, verdict),
      hangUpOn: peer => this.#hangUpOn(peer),
      ...(onRefused === undefined ? {} : { onRefused }),
    })
    // A relay's slots are for members.
    this.gater = {
      denyInboundRelayReservation: peer => !this.isAdmitted(peer),
      denyOutboundRelayedConnection: source => !this.isAdmitted(source),
    }
  }

  get rejected(): Readonly<Record<string, number>> {
    return this.#rejected.toRecord()
  }

  isAdmitted(peer: PeerId): boolean {
    return this.#founders.has(peer.toString()) || this.#guests.has(peer.toString())
  }

  async admits(peer: PeerId): Promise<boolean> {
    return this.isAdmitted(peer) || ((await this.#newcomers.get(peer.toString())?.settled) ?? false)
  }

  async start(node: Libp2p): Promise<void> {
    if (this.#running !== undefined) return
    const service = this.#exchange.serviceOn(node)
    this.#running = { node, service }
    node.addEventListener('connection:open', this.#onOpen)
    node.addEventListener('peer:disconnect', this.#onDisconnect)
    await service.start()
  }

  async stop(): Promise<void> {
    if (this.#running === undefined) return
    const { node, service } = this.#running
    this.#running = undefined
    node.removeEventListener('connection:open', this.#onOpen)
    node.removeEventListener('peer:disconnect', this.#onDisconnect)
    for (const peer of [...this.#newcomers.keys()]) this.#settle(peer, false)
    this.#guests.clear()
    await service.stop()
  }

  allow(): void {
    throw new TypeError('Only an allow-list can be changed')
  }

  readonly #onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    const peer = connection.remotePeer
    if (this.#relays.has(peer.toString())) return
    if (this.#token !== undefined && this.#running !== undefined) {
      const { service } = this.#running
      service.detach(this.#exchange.present(connection, this.#token, service.signal))
    }
    if (this.isAdmitted(peer) || this.#newcomers.has(peer.toString())) return
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => {
      this.#turnAway(peer, 'TIMEOUT')
      this.#hangUpOn(peer)
    }, this.#deadlineMs)
    this.#newcomers.set(peer.toString(), { timer, settle: resolve, settled: promise })
  }

  // A peer that comes back shows its invitation again: memory is bounded by the peers that are connected.
  readonly #onDisconnect = ({ detail: peer }: CustomEvent<PeerId>): void => {
    this.#guests.delete(peer.toString())
    this.#settle(peer.toString(), false)
  }

  /** @returns whether the peer is still connected */
  #settleBy(peer: PeerId, verdict: 'ADMITTED' | InviteRejection): boolean {
    if (this.#running === undefined || this.#running.node.getConnections(peer).length === 0) return false
    if (verdict === 'ADMITTED') {
      this.#guests.add(peer.toString())
      this.#settle(peer.toString(), true)
    } else if (!this.isAdmitted(peer)) {
      this.#turnAway(peer, verdict)
    }
    return true
  }

  /** Counts the reason and ends the wait of streams that the peer has opened; `hangUpOn` closes its connections. */
  #turnAway(peer: PeerId, reason: AccessRejection): void {
    this.#rejected.add(reason)
    this.#settle(peer.toString(), false)
  }

  #settle(peer: PeerIdStr, admitted: boolean): void {
    const newcomer = this.#newcomers.get(peer)
    if (newcomer === undefined) return
    this.#newcomers.delete(peer)
    clearTimeout(newcomer.timer)
    newcomer.settle(admitted)
  }

  #hangUpOn(peer: PeerId): void {
    for (const connection of this.#running?.node.getConnections(peer) ?? []) hangUp(connection)
  }
}
