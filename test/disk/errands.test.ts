import { expect, it } from 'vitest'
import { createErrands } from '../../src/disk/errands.js'

const { signal } = new AbortController()

it('errands wait for a stop, are done there once, and what they throw reaches only who asked', async () => {
  const errands = createErrands()
  const done: number[] = []
  const save = (): Promise<number> =>
    errands.ask('save', async ({ round }) => {
      done.push(round)
      return round
    })
  const failing = errands.ask('fail', () => Promise.reject(new Error('no')))
  const asked = [save(), save()]
  expect(done).toEqual([])
  await errands.run({ round: 3, signal })
  await errands.run({ round: 4, signal })
  expect([await Promise.all(asked), done]).toEqual([[3, 3], [3]])
  await expect(failing).rejects.toThrow('no')
  const again = save()
  await errands.run({ round: 5, signal })
  expect(await again).toBe(5)
})

it('what no stop comes for any more is refused', async () => {
  const errands = createErrands()
  const waiting = errands.ask('save', async () => {})
  errands.end(new Error('over'))
  await expect(waiting).rejects.toThrow('over')
  await expect(errands.ask('save', async () => {})).rejects.toThrow('over')
})
