import { expect, it } from 'vitest'
import { createRecord } from '../../src/watch/record/record.js'
import { wholeRounds } from '../../web/whole.js'

/** A record of events. */
function recordOf(events: readonly object[]) {
  const record = createRecord()
  for (const event of events) record.addLine(JSON.stringify(event))
  return record.record()
}

const trained = (round: number) => ({ type: 'trained', peer: 'a', round, loss: 1, samples: 1, seconds: 1 })
const ended = (round: number) => ({ type: 'ended', peer: 'a', round, seconds: 1 })

it('of a simulation a round is whole when its figures over all peers are there', () => {
  const begin = { type: 'begin', round: 0, run: 'ab', members: [{ peer: 'a', name: 'ann' }] }
  const whole = { type: 'round', round: 0, peers: 1 }
  const going = recordOf([begin, trained(0), ended(0), whole, trained(1), ended(1)])
  expect(going.rounds.map(({ round }) => round)).toEqual([0, 1])
  expect(wholeRounds(going).rounds.map(({ round }) => round)).toEqual([0])
})

it('in the field when the peer has ended it', () => {
  expect(wholeRounds(recordOf([trained(0)])).rounds).toEqual([])
  const over = recordOf([trained(0), ended(0)])
  expect(wholeRounds(over)).toBe(over)
})
