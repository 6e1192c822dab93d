import { shown } from '../foreign.js'
import type { NamedPeer, RunEvent } from '../node/index.js'
import { createPrivacyNotes } from './privacy-text.js'
import { createRefusalNews, refusalText, tooStrictText } from './refusals.js'

/**
 * What is out of the ordinary in a run of many peers, a sentence each.
 *
 * @param members - of the run; their names may be foreign text
 * @returns the sentence for the next event, where it needs one
 */
export function createEventNotes(members: readonly NamedPeer[]): (event: RunEvent) => string | undefined {
  const names = new Map(members.map(({ peer, name }) => [peer, name]))
  const nameOf = (peer: string): string => shown(names.get(peer)!)
  const namesOf = (peers: readonly NamedPeer[]): string => peers.map(({ peer }) => nameOf(peer)).join(', ')
  const newsOf = createRefusalNews()
  // Peers of a simulation are much alike: the first one's news are told.
  const privacyNote = createPrivacyNotes()

  return event => {
    switch (event.type) {
      case 'failed':
        return `${nameOf(event.peer)} was killed in round ${event.round + 1}`
      case 'trained': {
        const note = privacyNote(event)
        return note && `round ${event.round + 1}: privacy at ${nameOf(event.peer)}: ${note}`
      }
      case 'exchanged': {
        if (event.absent.length === 0) return undefined
        const who = event.absent.map(({ peer, reason }) => `${nameOf(peer)} (${reason})`).join(', ')
        const note = privacyNote(event)
        return `round ${event.round + 1}: ${nameOf(event.peer)} merged without ${who}${note ? `; ${note}` : ''}`
      }
      case 'refused': {
        const news = newsOf(event.heads, event.peer).map(head => shown(refusalText(head)))
        if (event.tooStrict !== undefined) news.push(tooStrictText(event.tooStrict))
        return news.length === 0 ? undefined : `round ${event.round + 1}: at ${nameOf(event.peer)}, ${news.join('; ')}`
      }
      case 'muted':
        return `round ${event.round + 1}: ${nameOf(event.peer)} mutes ${namesOf(event.peers)} for ${event.rounds} rounds (reputation)`
      case 'unmuted':
        return `round ${event.round + 1}: ${nameOf(event.peer)} hears ${namesOf(event.peers)} again`
      case 'final': {
        const { missed, isMerged } = event
        if (missed.length === 0) return undefined
        const whom = missed.map(nameOf).join(', ')
        return isMerged
          ? `final merge: at ${nameOf(event.peer)} without ${whom}`
          : `final merge: ${nameOf(event.peer)} keeps its own model, as none came and was believed of ${whom}`
      }
      case 'joined':
        return event.missing.length === 0
          ? undefined
          : `${nameOf(event.peer)} begins without its neighbours ${event.missing.map(nameOf).join(', ')}: no record of them came in time`
      default:
        return undefined
    }
  }
}
