import { expect, it } from 'vitest'
import { sweepOf, tableOf } from '../e2e/sweeps.js'

it('a sweep of 24 runs that is killed twice ends with the same table as one undisturbed', async () => {
  const methods = ['dfedavg', 'dfedsam', 'dpsgd']
  const [whole, killed] = [await sweepOf(methods, 8), await sweepOf(methods, 8)]
  expect((await whole.run()).status).toBe(0)
  await killed.end('SIGKILL', 'done', 5)
  // The next one begins while the runs of the one before end.
  await killed.end('SIGKILL', 'done', 7)
  expect(await killed.run()).toMatchObject({ status: 0, stdout: expect.stringContaining('24 of 24 runs are done') })
  expect(await tableOf(killed)).toEqual(await tableOf(whole))
})
