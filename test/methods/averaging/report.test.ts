import { afterAll, expect, it } from 'vitest'
import * as z from 'zod'
import { averagingMethod, registerMethod } from '../../../src/methods/index.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { closePools, startPeers } from '../peers.js'

afterAll(closePools)

registerMethod(
  averagingMethod({
    name: 'counting',
    says: 'count the rounds, and average',
    schema: z.strictObject({ method: z.literal('counting') }),
    needs: {},
    settle: section => section,
    local: () => ({ rho: 0, momentum: 0, oneStep: false }),
    plan: () => ({
      keeps: { count: layoutOf([{ name: 'count', shape: [1] }]) },
      async merge({ count }) {
        count[0]! += 1
      },
      report: ({ count }) => ({ figures: { rounds: count[0]! } }),
    }),
  }),
)

it('a method of averaging reports its own figures with its merge', async () => {
  const run = await startPeers({ merge: 'counting' })
  for (const round of [0, 1]) {
    await run.train(round)
    const merged = (await run.exchange(round)).map(events => events.filter(({ type }) => type === 'merged'))
    const expected = { type: 'merged', localDistance: expect.any(Number), figures: { rounds: round + 1 } }
    expect(merged).toEqual(run.peers.map(() => [expected]))
  }
})
