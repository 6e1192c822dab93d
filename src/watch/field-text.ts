import type { Measure } from '../data/index.js'
import type { PeerEvent } from '../node/index.js'
import { byteCount, measured, measureNames, percent, small } from './text.js'

/** One peer's run, as it tells of it when it ends: the last figures of each kind. */
export interface FieldSummary {
  readonly run: string
  readonly peer: string
  readonly id: string
  readonly backend: string
  readonly rounds: number
  readonly samples: number
  readonly measure: Measure
  /** In the measure, on the test set after the last merge that was tested. */
  readonly accuracy: number | null
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly rejected: Readonly<Record<string, number>>
  readonly interrupted: boolean
}

/** Puts one peer's events into lines, one a round and one for what is out of the ordinary. */
export function createFieldLines(rounds: number, measure: Measure): (event: PeerEvent) => string | undefined {
  let names: readonly string[] = []
  let loss = 0
  let heard = ''
  let distance = ''
  let accuracy = ''
  const nameOf = (peer: number): string => names[peer] ?? `peer ${peer}`
  return event => {
    switch (event.type) {
      case 'waiting':
        return `waiting   ${event.live.length} of ${event.wanted} peers are here: ${event.live.join(', ')}`
      case 'joined':
        return undefined
      case 'members': {
        const gone = names.filter(name => !event.names.includes(name))
        const came = event.names.filter(name => !names.includes(name))
        const wasEmpty = names.length === 0
        names = event.names
        if (wasEmpty) return `peers     ${names.join(', ')}`
        const parts = [
          ...(came.length > 0 ? [`${came.join(', ')} joined`] : []),
          ...(gone.length > 0 ? [`${gone.join(', ')} left`] : []),
        ]
        return `peers     ${parts.join('; ')}; ${names.length} now`
      }
      case 'caught-up':
        return `behind    the others are in round ${event.to + 1}; this one goes on there`
      case 'trained':
        loss = event.loss
        return undefined
      case 'exchanged': {
        const missing = event.absent.map(({ peer, reason }) => `${nameOf(peer)} (${reason})`).join(', ')
        heard = `merged with ${event.received.length}${missing === '' ? '' : `, without ${missing}`}`
        return undefined
      }
      case 'mixed': {
        const { own, experts } = event.weights
        distance = `  own head ${percent(own)}, ${experts.length} experts`
        return undefined
      }
      case 'merged':
        distance = `  distance ${small(event.localDistance)}`
        return undefined
      case 'evaluated':
        accuracy = `  ${measureNames[measure]} ${measured(event.accuracy, measure)}`
        return undefined
      case 'ended': {
        const line = `round ${event.round + 1}/${rounds}  loss ${small(loss)}${accuracy}${distance}  ${heard}`
        accuracy = ''
        return line.trimEnd()
      }
      case 'finished':
        return undefined
    }
  }
}

/** The end of a run, in one line. */
export function fieldResult({ rounds, measure, accuracy, sentBytes, receivedBytes, rejected }: FieldSummary): string {
  const refused = Object.entries(rejected).map(([reason, times]) => `${reason} ${times}`)
  const parts = [
    `${measureNames[measure]} ${measured(accuracy, measure)} after ${rounds} rounds`,
    `sent ${byteCount(sentBytes)}, received ${byteCount(receivedBytes)}`,
    ...(refused.length === 0 ? [] : [`refused ${refused.join(', ')}`]),
  ]
  return parts.join('; ')
}
