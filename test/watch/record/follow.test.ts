import { expect, it } from 'vitest'
import { followRun, roundsOver } from '../../../src/watch/index.js'
import { begunMs, idOf, ownRound, recordOf, simulationOf } from '../../series/events.js'

it('a run that is followed hands on each round as it ends, as its record has it, and keeps none', () => {
  const events = simulationOf(['boston', 'bern'], 3)
  const following = followRun()
  const handedOn = events.flatMap(event => following.add(event) ?? [])
  expect(handedOn).toEqual(recordOf(events).rounds)
  expect(handedOn.map(({ untilMs }) => untilMs)).toEqual([1, 2, 3].map(round => begunMs + 1000 * round))
  expect(following.rest().rounds).toEqual([])
  expect(following.members().map(({ name }) => name)).toEqual(['boston', 'bern'])
})

it('in the field a round is over when the peer itself has ended it', () => {
  const following = followRun()
  const [boston, bern] = ['boston', 'bern'].map(idOf) as [string, string]
  const events = [0, 1].flatMap(round => ownRound(boston, round, begunMs, bern))
  expect(events.map(event => following.add(event)?.round ?? null)).toEqual(
    events.map(({ type, round }) => (type === 'ended' ? round : null)),
  )
})

it('a round in which a simulation was interrupted is not over', () => {
  const events = simulationOf(['boston', 'bern'], 2)
  expect(roundsOver(recordOf(events)).map(({ round }) => round)).toEqual([0, 1])
  expect(roundsOver(recordOf(events.slice(0, -1))).map(({ round }) => round)).toEqual([0])
  const own = ownRound(idOf('boston'), 0, begunMs, idOf('bern'))
  expect(roundsOver(recordOf(own))).toHaveLength(1)
  expect(roundsOver(recordOf(own.slice(0, -1)))).toEqual([])
})
