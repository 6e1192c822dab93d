import { expect, it, onTestFinished } from 'vitest'
import { createSampling, type HearsayHost, type SampledCall, type SamplingService } from '../../../src/gossip/index.js'
import { connect, never, startHost } from '../hosts.js'

const runId = new Uint8Array(32).fill(7)
const call: SampledCall = {
  part: 'PARTICIPANT',
  round: 4,
  sampled: 3,
  view: new Map([['a', { lastActive: 3, counter: 1, membership: 'leave' }]]),
}

type Init = Parameters<typeof createSampling>[0]

async function startService(
  init: Partial<Init> = {},
): Promise<{ host: HearsayHost; service: SamplingService; calls: unknown[] }> {
  const host = await startHost()
  const calls: unknown[] = []
  const service = createSampling({
    runId,
    admit: () => undefined,
    answer(caller, asked) {
      calls.push([caller, asked])
      return { code: 'READY', round: 5 }
    },
    ...init,
  })({ node: host })
  await service.start()
  onTestFinished(() => service.stop())
  return { host, service, calls }
}

it('asks a peer, which learns the view of who asks, and answers', async () => {
  const [one, two] = [await startService(), await startService()]
  await connect(one.host, two.host)
  expect(await one.service.ask(two.host.peerId, call, never)).toEqual({ code: 'READY', round: 5 })
  expect(two.calls).toEqual([[one.host.peerId.toString(), expect.objectContaining(call)]])
  expect(one.service.counters.sentBytes).toBe(two.service.counters.receivedBytes)
})

it('refuses strangers and other runs, and counts them', async () => {
  const [one, two, other] = [
    await startService(),
    await startService({ admit: () => 'NOT_A_NEIGHBOUR' }),
    await startService({ runId: new Uint8Array(32) }),
  ]
  await connect(one.host, two.host)
  await connect(other.host, one.host)
  expect(await one.service.ask(two.host.peerId, call, never)).toEqual({ code: 'REFUSED', round: 0 })
  expect(await other.service.ask(one.host.peerId, call, never)).toEqual({ code: 'REFUSED', round: 0 })
  expect(two.service.counters.rejected).toEqual({ NOT_A_NEIGHBOUR: 1 })
  expect(one.service.counters.rejected).toEqual({ WRONG_RUN: 1 })
  expect([...one.calls, ...two.calls]).toEqual([])
})

it('has no answer of who is gone, and none once it is aborted', async () => {
  const [one, two] = [await startService(), await startService()]
  await connect(one.host, two.host)
  await two.service.stop()
  expect(await one.service.ask(two.host.peerId, call, never)).toBeUndefined()
  await two.host.stop()
  expect(await one.service.ask(two.host.peerId, call, never)).toBeUndefined()
  await expect(one.service.ask(two.host.peerId, call, AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
})
