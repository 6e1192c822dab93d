import '../../../src/runtime.js'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { type Admission, admitting } from '../../../src/gossip/host/admission.js'

/** What the door does with streams of one peer, until it is told whether the peer is admitted. */
function door(isAdmitted: boolean): {
  readonly served: Stream[]
  readonly decide: (admitted: boolean) => void
  open(peer?: string): { stream: Stream; done: unknown }
} {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const served: Stream[] = []
  const admission: Admission = {
    gater: {},
    ownProtocols: [],
    isAdmitted: () => isAdmitted,
    admits: () => promise,
    start: async () => {},
    stop: async () => {},
  }
  const handler = admitting(admission, stream => void served.push(stream))
  return {
    served,
    decide: resolve,
    open(peer = 'a') {
      const stream = {
        status: 'open',
        readStatus: 'readable',
        pause: () => Object.assign(stream, { readStatus: 'paused' }),
        resume: () => Object.assign(stream, { readStatus: 'readable' }),
        abort: () => Object.assign(stream, { status: 'aborted', readStatus: 'closed' }),
      }
      const remotePeer = { toString: () => peer } as PeerId
      const opened = stream as unknown as Stream
      return { stream: opened, done: handler(opened, { remotePeer } as Connection) }
    },
  }
}

describe('a protocol behind admission', () => {
  it('serves those who are admitted at once', async () => {
    const { open, served } = door(true)
    const { stream } = open()
    expect(served).toEqual([stream])
    expect(stream.readStatus).toBe('readable')
  })

  it('keeps the others waiting, without reading, and serves them when they are admitted', async () => {
    const { open, served, decide } = door(false)
    const { stream, done } = open()
    expect([served, stream.readStatus]).toEqual([[], 'paused'])
    decide(true)
    await done
    expect([served, stream.readStatus]).toEqual([[stream], 'readable'])
  })

  it('resets those who are not, and those who went away meanwhile are not served', async () => {
    const refused = door(false)
    const { stream, done } = refused.open()
    refused.decide(false)
    await done
    expect([refused.served, stream.status]).toEqual([[], 'aborted'])
    const late = door(false)
    const gone = late.open()
    gone.stream.abort(new Error('gone'))
    late.decide(true)
    await gone.done
    expect(late.served).toEqual([])
  })

  it('keeps no more than four of one peer waiting', async () => {
    const { open, served, decide } = door(false)
    const streams = Array.from({ length: 7 }, () => open())
    const other = open('b')
    expect(streams.map(({ stream }) => stream.status)).toEqual([...Array(4).fill('open'), ...Array(3).fill('aborted')])
    decide(true)
    await Promise.all([...streams, other].map(({ done }) => done))
    expect(served).toHaveLength(5)
  })
})
