import type { PeerIdStr } from '../peer-id.js'
import { Rejection } from '../rejection.js'
import type { Claim, DatedHead, Inbox } from './inbox.js'
import { handoverProtocol } from './protocol.js'

/** An inbox for peers that do not wait: of each sender the newest head, however often it is looked at. */
export interface LatestInbox extends Inbox {
  latest(sender: PeerIdStr): DatedHead | undefined
  /** Lets go of the heads of all others. */
  keepOnly(senders: ReadonlySet<PeerIdStr>): void
}

interface Desk {
  held: DatedHead | undefined
  /** Rounds of the heads that are arriving: a newer one does not wait for an older to be through. */
  readonly arriving: Set<number>
  /** Of the round that was tried last. */
  tried: number
  attempts: number
}

async function notTaken(): Promise<never> {
  throw new Error('With latestOnly heads are read by latest(), not taken')
}

/** Its memory: of each sender the head that is held, and those arriving: as many as it may have streams. */
export function createLatestInbox(): LatestInbox {
  const desks = new Map<PeerIdStr, Desk>()

  return {
    checkPosition() {},

    claim(sender, round, step): Claim {
      if (step !== 0) throw new Rejection('FUTURE_ROUND')
      const desk = desks.get(sender) ?? { held: undefined, arriving: new Set<number>(), tried: -1, attempts: 0 }
      desks.set(sender, desk)
      if (desk.held !== undefined && round < desk.held.round) throw new Rejection('STALE_ROUND')
      if (desk.arriving.has(round) || desk.held?.round === round) throw new Rejection('DUPLICATE')
      desk.attempts = desk.tried === round ? desk.attempts + 1 : 1
      desk.tried = round
      if (desk.attempts > handoverProtocol.limits.attemptsPerHead) throw new Rejection('TOO_MANY_ATTEMPTS')
      desk.arriving.add(round)
      return {
        proceed() {},
        deliver(values) {
          desk.arriving.delete(round)
          if (desk.held === undefined || desk.held.round < round) desk.held = { round, values }
        },
        // No `take` waits for it.
        refuse() {},
        release() {
          desk.arriving.delete(round)
        },
      }
    },

    still() {
      // Nobody waits for a head, so none is told that none comes.
      throw new Rejection('MALFORMED')
    },

    take: notTaken,
    takeNew: notTaken,

    earlier: () => [],

    advance() {},

    latest: sender => desks.get(sender)?.held,

    keepOnly(senders) {
      for (const sender of desks.keys()) if (!senders.has(sender)) desks.delete(sender)
    },
  }
}
