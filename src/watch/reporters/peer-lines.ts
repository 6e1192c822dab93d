import { measureOf } from '../../data/index.js'
import { shown } from '../../foreign.js'
import { reportTextsOf } from '../../methods/index.js'
import type { NamedPeer, ReportedRun, Reporter, RunEvent } from '../../node/index.js'
import { testedText } from '../field-text.js'
import { reportedText } from '../figures-text.js'
import { finalMergeText } from '../final-text.js'
import { createPrivacyNotes } from '../privacy-text.js'
import { createRefusalNews, refusalText, tooStrictText } from '../refusals.js'
import { small } from '../text.js'

/** The most of a line: names in it are foreign text. */
const longest = 1000

/** A peer of the field: a line a round, and one for what is out of the ordinary. */
export function peerLinesReporter(write: (line: string) => void): Reporter {
  let lineOf: (event: RunEvent) => string | undefined
  return {
    onBegin(run) {
      lineOf = createPeerLines(run)
    },
    onEvent(event) {
      const line = lineOf(event)
      if (line !== undefined) write(shown(line, longest))
    },
  }
}

function createPeerLines({
  manifest: { rounds, data, merge, believe, reputation, evaluation },
  classes,
}: ReportedRun): (event: RunEvent) => string | undefined {
  const measure = measureOf(data)
  const texts = reportTextsOf({ merge, believe, reputation })
  /** By their ids. */
  let names: ReadonlyMap<string, string> = new Map()
  const newsOf = createRefusalNews()
  const privacyNote = createPrivacyNotes()
  let loss = Number.NaN
  let received: number | undefined
  /** Has this round no exchange, by the run's schedule? */
  let isSilent = false
  let without = ''
  let refused: string[] = []
  let merged = ''
  let accuracy = ''
  const nameOf = (peer: string): string => names.get(peer) ?? peer.slice(-6)
  return event => {
    switch (event.type) {
      case 'silent':
        received = undefined
        refused = []
        without = ''
        merged = ''
        isSilent = true
        return undefined
      case 'final':
        return `final     ${finalMergeText(event, nameOf, measure)}`
      case 'members': {
        const before = names
        names = new Map(event.members.map(({ peer, name }) => [peer, name]))
        if (before.size === 0) return `peers     ${listed(event.members)}`
        const came = event.members.filter(({ peer }) => !before.has(peer))
        const gone = [...before].flatMap(([peer, name]) => (names.has(peer) ? [] : name))
        const parts = [
          ...(came.length > 0 ? [`${listed(came)} joined`] : []),
          ...(gone.length > 0 ? [`${gone.join(', ')} left`] : []),
        ]
        return `peers     ${parts.join('; ')}; ${names.size} now`
      }
      case 'trained': {
        loss = event.loss
        const note = privacyNote(event)
        return note && `privacy   ${note}`
      }
      case 'exchanged': {
        const missing = event.absent.map(({ peer, reason }) => `${nameOf(peer)} (${reason})`).join(', ')
        isSilent = false
        received = event.received.length
        without = missing === '' ? '' : `, without ${missing}`
        if (event.still !== undefined) without += `, nothing new at ${event.still.map(nameOf).join(', ')}`
        if (event.step === 0) refused = []
        const note = privacyNote(event)
        return note && `privacy   ${note}`
      }
      case 'refused': {
        refused.push(...event.heads.map(({ name }) => name))
        const news = newsOf(event.heads).map(head => `refused   ${refusalText(head)}`)
        if (event.tooStrict !== undefined) news.push(`refused   ${tooStrictText(event.tooStrict)}`)
        return news.length === 0 ? undefined : news.join('\n')
      }
      case 'merged': {
        const { localDistance, peer } = event
        const parts = [
          ...(localDistance === undefined ? [] : [`distance ${small(localDistance)}`]),
          reportedText(event, texts, peer, measure),
        ].filter(part => part !== '')
        merged = parts.length === 0 ? '' : `  ${parts.join(', ')}`
        return undefined
      }
      case 'evaluated':
        accuracy = `  ${testedText(event, { measure, classes, primary: evaluation.primary })}`
        return undefined
      case 'ended': {
        const heard = isSilent
          ? 'no exchange'
          : received === undefined
            ? ''
            : `merged with ${received - refused.length}${without}`
        const rest = refused.length === 0 ? '' : `, refused ${refused.join(', ')}`
        const line = `round ${event.round + 1}/${rounds}${Number.isNaN(loss) ? '' : `  loss ${small(loss)}`}${accuracy}${merged}  ${heard}${rest}`
        accuracy = ''
        return line.trimEnd()
      }
      default:
        return newsText(event)
    }
  }
}

/** What needs no more than its event. */
function newsText(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'waiting':
      return `waiting   ${event.live.length} of ${event.wanted} peers are here: ${listed(event.live)}`
    case 'standardised':
      return `agreed    on mean and spread of all columns, by the sums over ${listed(event.members)}`
    case 'agreeing':
      return `agreeing  waits for a peer that has agreed on mean and spread of the columns, or until ${event.wanted} are here to add them up; here: ${listed(event.live) || 'nobody'}. Any peer's agreed.json, copied into this run folder, does it too: resume then`
    case 'unlike': {
      const [see, heads] = event.peers.length === 1 ? ['sees', 'its'] : ['see', 'their']
      const remedy = event.isMost
        ? '; most others do: stop this peer, take agreed.json out of its run folder, and resume it'
        : ''
      return `unlike    ${listed(event.peers)} ${see} the columns by other sums than this peer, so ${heads} heads are refused${remedy}`
    }
    case 'caught-up':
      return `${event.to > event.round ? 'behind ' : 'ahead  '}   the others are in round ${event.to + 1}; this one goes on there`
    case 'muted':
      return `muted     ${listed(event.peers)}: for ${event.rounds} rounds ${event.peers.length === 1 ? 'its heads have' : 'their heads have'} no weight, as they did harm and led elsewhere for as long (reputation)`
    case 'unmuted':
      return `unmuted   ${listed(event.peers)} ${event.peers.length === 1 ? 'is' : 'are'} heard again`
    default:
      return undefined
  }
}

function listed(peers: readonly NamedPeer[]): string {
  return peers.map(({ name }) => name).join(', ')
}
