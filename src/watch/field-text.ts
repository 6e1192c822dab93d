import { type Beside, besideIn, type Measure, measureOf } from '../data/index.js'
import type { LastTest } from '../disk/index.js'
import { methodOf } from '../methods/index.js'
import type { Manifest, NamedPeer, PeerEvent } from '../node/index.js'
import { besideText, untestedText } from './beside-text.js'
import { reportedText } from './figures-text.js'
import { createRefusalNews, refusalText } from './refusals.js'
import { byteCount, countOf, measured, measureNames, small } from './text.js'

/** One peer's run, as it tells of it when it ends: the last figures of each kind. */
export interface FieldSummary extends Partial<Beside> {
  readonly run: string
  readonly peer: string
  readonly id: string
  readonly backend: string
  readonly rounds: number
  readonly samples: number
  readonly measure: Measure
  /** In the measure, on the test set after the last merge that was tested. What stands beside it is of the same test. */
  readonly accuracy: number | null
  /** The class with the fewest test samples, and how many of them were found. */
  readonly rarest?: { readonly class: string; readonly right: number; readonly samples: number }
  /** Of the same test: what this peer had without the others. */
  readonly before?: { readonly accuracy: number | null } & Partial<Beside>
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly rejected: Readonly<Record<string, number>>
  readonly interrupted: boolean
}

/** Puts one peer's events into lines, one a round and one for what is out of the ordinary. */
export function createFieldLines(
  { rounds, data, merge }: Pick<Manifest, 'rounds' | 'data' | 'merge'>,
  classes: readonly string[],
): (event: PeerEvent) => string | undefined {
  const measure = measureOf(data)
  const texts = methodOf(merge).reports ?? {}
  /** By their ids. */
  let names: ReadonlyMap<string, string> = new Map()
  const newsOf = createRefusalNews()
  let loss = 0
  let received: number | undefined
  let without = ''
  let refused: string[] = []
  let merged = ''
  let accuracy = ''
  const nameOf = (peer: string): string => names.get(peer) ?? peer.slice(-6)
  return event => {
    switch (event.type) {
      case 'waiting':
        return `waiting   ${event.live.length} of ${event.wanted} peers are here: ${listed(event.live)}`
      case 'joined':
        return undefined
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
      case 'caught-up':
        return `${event.to > event.round ? 'behind ' : 'ahead  '}   the others are in round ${event.to + 1}; this one goes on there`
      case 'trained':
        loss = event.loss
        return undefined
      case 'exchanged': {
        const missing = event.absent.map(({ peer, reason }) => `${nameOf(peer)} (${reason})`).join(', ')
        received = event.received.length
        without = missing === '' ? '' : `, without ${missing}`
        if (event.step === 0) refused = []
        return undefined
      }
      case 'refused': {
        refused.push(...event.heads.map(({ name }) => name))
        const news = newsOf(event.heads)
        return news.length === 0 ? undefined : news.map(head => `refused   ${refusalText(head)}`).join('\n')
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
        accuracy = `  ${testedText(event, measure, classes)}`
        return undefined
      case 'ended': {
        const heard = received === undefined ? '' : `merged with ${received - refused.length}${without}`
        const rest = refused.length === 0 ? '' : `, refused ${refused.join(', ')}`
        const line = `round ${event.round + 1}/${rounds}  loss ${small(loss)}${accuracy}${merged}  ${heard}${rest}`
        accuracy = ''
        return line.trimEnd()
      }
      case 'finished':
        return undefined
    }
  }
}

function listed(peers: readonly NamedPeer[]): string {
  return peers.map(({ name }) => name).join(', ')
}

/** "accuracy 99.7 % (alone 99.6 %), balanced 50.0 %, fraud 0 of 175": alone is what it had before the merge. */
function testedText(tested: LastTest, measure: Measure, classes: readonly string[]): string {
  const { before } = tested
  const alone = before === undefined ? '' : ` (alone ${measured(before.accuracy, measure)})`
  const more = besideText(tested, classes)
  return `${measureNames[measure]} ${measured(tested.accuracy, measure)}${alone}${more === '' ? '' : `, ${more}`}`
}

/**
 * The end of a run, in one line.
 *
 * @param tested - the last test, if there was one
 * @param classes - their names
 */
export function fieldResult(
  { rounds, measure, sentBytes, receivedBytes, rejected }: FieldSummary,
  tested: LastTest | undefined,
  classes: readonly string[],
): string {
  const refused = Object.entries(rejected).map(([reason, times]) => `${reason} ${times}`)
  const parts = [
    `${tested === undefined ? `${measureNames[measure]} –` : testedText(tested, measure, classes)} after ${countOf(rounds, 'round')}`,
    ...(tested?.untested === undefined ? [] : [untestedText(tested.untested.map(k => classes[k]!))!]),
    `sent ${byteCount(sentBytes)}, received ${byteCount(receivedBytes)}`,
    ...(refused.length === 0 ? [] : [`refused ${refused.join(', ')}`]),
  ]
  return parts.join('; ')
}

/** What a summary keeps of the last test. */
export function testedFigures(
  tested: LastTest | undefined,
  classes: readonly string[],
): Pick<FieldSummary, 'accuracy' | 'rarest' | 'before' | keyof Beside> {
  if (tested === undefined) return { accuracy: null }
  const { accuracy, rarest, before } = tested
  return {
    accuracy,
    ...besideIn(tested),
    ...(rarest && { rarest: { ...rarest, class: classes[rarest.class]! } }),
    ...(before && { before: { accuracy: before.accuracy, ...besideIn(before) } }),
  }
}
