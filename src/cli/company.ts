import type { MetMember } from '../disk/index.js'
import { joinAddress, type NamedPeer, type Peer, type PeerEvent } from '../node/index.js'
import { command, typed } from '../shell.js'
import { firstOf } from '../watch/index.js'

/** Number of rounds without any other peer before a report: one or two may pass while a network is slow. */
export const aloneRounds = 3

export interface CompanyInit {
  readonly peer: Pick<Peer, 'addresses' | 'runId'>
  /** The command that runs the peer. */
  readonly command: 'start' | 'join'
  /** The peer's run folder. */
  readonly folder: string
  /** Members that the peer has met. */
  readonly met: () => readonly MetMember[]
  /** The peer joins or resumes a run that has begun: if it waits, the peers it waits for are reported. */
  readonly hasBegun: boolean
}

/**
 * Reports absent members: which ones a resumed peer waits for, and how to continue without them; and, when a peer has
 * been alone in a run that had others, how they find each other again. A peer never continues alone in silence.
 */
export function createCompany({
  peer,
  command: typedBy,
  folder,
  met,
  hasBegun,
}: CompanyInit): (event: PeerEvent) => string[] {
  let waits = false
  let rounds = 0
  /** Was another peer present in this round? Undefined until something was exchanged. */
  let heard: boolean | undefined

  const away = (here: readonly NamedPeer[]): string[] =>
    met()
      .filter(({ finished, peerId }) => finished !== true && !here.some(({ peer }) => peerId.toString() === peer))
      .map(({ name }) => name)

  return event => {
    switch (event.type) {
      case 'waiting': {
        if (waits || !hasBegun || event.live.length >= event.wanted) return []
        waits = true
        const whom = away(event.live)
        return [
          `          ${whom.length === 0 ? '' : `for ${firstOf(whom, 8)}; `}to go on without them: ${command(`${typedBy} --resume ${typed(folder)} --alone`)}`,
        ]
      }
      case 'trained':
        heard = undefined
        return []
      case 'exchanged':
        heard = heard === true || event.received.length > 0 || event.absent.some(({ reason }) => reason !== 'gone')
        return []
      case 'ended': {
        // A round without exchange, by the run's schedule, shows nothing.
        rounds = heard === undefined ? rounds : heard ? 0 : rounds + 1
        const lost = away([])
        return rounds === aloneRounds && lost.length > 0 ? lonely(lost, peer) : []
      }
      default:
        return []
    }
  }
}

function lonely(lost: readonly string[], { addresses, runId }: CompanyInit['peer']): string[] {
  const [address] = addresses()
  return [
    `alone     ${aloneRounds} rounds without anybody: ${firstOf(lost, 8)} cannot be reached at the addresses that this peer has. It goes on looking;`,
    '          at one of them stop the peer, and type',
    `  ${command(`join --resume <its run folder> ${address === undefined ? '<an address of this peer>' : joinAddress(address, runId)}`)}`,
  ]
}
