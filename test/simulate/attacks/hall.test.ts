import { expect, it } from 'vitest'
import { createHall } from '../../../src/simulate/attacks/hall.js'

const never = new AbortController().signal
const at = { round: 0, step: 0 }

it('an attacker hears what all honest peers say, in the order of their numbers, as it was said', async () => {
  const hall = createHall({ isAsync: false, honestIn: () => [0, 2], listenersIn: () => 1 })
  const heard = hall.heard(at, never)
  const head = Float32Array.of(7)
  await hall.say(2, at, head)
  head[0] = 8
  expect(await Promise.race([heard, Promise.resolve('waits')])).toBe('waits')
  await hall.say(0, { round: 0, step: 1 }, head)
  await hall.say(0, at, head)
  expect([...(await heard)]).toEqual([
    [0, Float32Array.of(8)],
    [2, Float32Array.of(7)],
  ])
})

it('it ends with its signal', async () => {
  const control = new AbortController()
  const hall = createHall({ isAsync: false, honestIn: () => [0], listenersIn: () => 1 })
  const heard = hall.heard(at, control.signal)
  control.abort(new Error('over'))
  await expect(heard).rejects.toThrow('over')
})

it('what all listeners have heard is forgotten, and nothing is held where nobody listens', async () => {
  const hall = createHall({ isAsync: false, honestIn: () => [0], listenersIn: round => (round === 0 ? 2 : 0) })
  await hall.say(0, at, Float32Array.of(7))
  hall.leave(at)
  expect((await hall.heard(at, never)).size).toBe(1)
  hall.leave(at)
  const control = new AbortController()
  const forgotten = hall.heard(at, control.signal)
  await hall.say(0, { round: 1, step: 0 }, Float32Array.of(7))
  const unsaid = hall.heard({ round: 1, step: 0 }, control.signal)
  control.abort(new Error('over'))
  await expect(forgotten).rejects.toThrow('over')
  await expect(unsaid).rejects.toThrow('over')
})

it('in an asynchronous run the newest of each counts, and nobody is waited for', async () => {
  const hall = createHall({ isAsync: true, honestIn: () => [0, 1], listenersIn: () => 1 })
  expect((await hall.heard({ round: 5, step: 0 }, never)).size).toBe(0)
  await hall.say(0, at, Float32Array.of(7))
  await hall.say(0, { round: 1, step: 0 }, Float32Array.of(8))
  expect([...(await hall.heard({ round: 5, step: 0 }, never))]).toEqual([[0, Float32Array.of(8)]])
})
