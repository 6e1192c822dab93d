import { describe, expect, it } from 'vitest'
import { copyInSlices, inPieces, inSlices, inTurn, sliceLength, sliceNumbers, turnMs } from '../src/turns.js'

/** Keeps the thread busy. */
function work(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('turns of the event loop', () => {
  it('come in the order in which they are asked for, and bring what the work returns', async () => {
    const order: number[] = []
    const results = await Promise.all([1, 2, 3].map(number => inTurn(() => order.push(number))))
    expect(order).toEqual([1, 2, 3])
    expect(results).toEqual([1, 2, 3])
  })

  it('pass on what the work throws, to its own caller alone', async () => {
    const failing = inTurn(() => {
      throw new Error('no room')
    })
    const other = inTurn(() => 'done')
    await expect(failing).rejects.toThrow('no room')
    expect(await other).toBe('done')
  })

  it('let others have their turn when the time is over, however many slices wait', async () => {
    const pieces = 8
    let done = 0
    const slices = Array.from({ length: pieces }, () =>
      inTurn(() => {
        work(2 * turnMs)
        done += 1
      }),
    )
    // Everybody else's callbacks: one between any two pieces, as each takes its turn's time and more.
    const between: number[] = []
    await new Promise<void>(resolve => {
      const look = (): void => {
        between.push(done)
        if (done === pieces) resolve()
        else setImmediate(look)
      }
      setImmediate(look)
    })
    await Promise.all(slices)
    expect(new Set(between)).toEqual(new Set(Array.from({ length: pieces }, (_, i) => i + 1)))
  })

  it('may be asked for from within a turn', async () => {
    let inner: Promise<string> | undefined
    await inTurn(() => {
      inner = inTurn(() => 'inner')
    })
    expect(await inner).toBe('inner')
    expect(await inTurn(() => 'after')).toBe('after')
  })
})

describe('slices', () => {
  it('cover every number once and in order, and are shorter the more vectors there are', async () => {
    for (const vectors of [1, 3, 40, 1e6]) {
      const length = 3 * sliceLength(vectors) + 7
      const ends: number[] = [0]
      await inSlices(length, vectors, (from, to) => {
        expect(from).toBe(ends.at(-1))
        ends.push(to)
      })
      expect(ends).toHaveLength(5)
      expect(ends.at(-1)).toBe(length)
    }
    expect(sliceLength(1e6)).toBeGreaterThan(0)
    expect(sliceLength(32) * 32).toBeLessThanOrEqual(sliceLength())
  })

  it('of nothing are none', async () => {
    await inSlices(0, 1, () => {
      throw new Error('called')
    })
  })

  it('stop at the first that throws', async () => {
    let calls = 0
    const failing = inSlices(10 * sliceLength(), 1, () => {
      calls += 1
      if (calls === 2) throw new Error('enough')
    })
    await expect(failing).rejects.toThrow('enough')
    expect(calls).toBe(2)
  })

  it('copy a vector, bit by bit', async () => {
    const from = Float32Array.from({ length: 2 * sliceLength(2) + 3 }, (_, i) => Math.sin(i))
    const to = new Float32Array(from.length)
    await copyInSlices(to, from)
    expect(Buffer.compare(new Uint8Array(to.buffer), new Uint8Array(from.buffer))).toBe(0)
  })
})

describe('pieces', () => {
  it('come in order, as many in a turn as a slice is long', async () => {
    const done: number[] = []
    let turns = 0
    let isDone = false
    const look = (): void => {
      turns += 1
      if (!isDone) setImmediate(look)
    }
    setImmediate(look)
    await inPieces(7, sliceNumbers / 2, at => done.push(at))
    isDone = true
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(turns).toBeGreaterThanOrEqual(4)
  })

  it('are done one by one where each is longer than a slice', async () => {
    const done: number[] = []
    await inPieces(3, 10 * sliceNumbers, at => done.push(at))
    expect(done).toEqual([0, 1, 2])
  })
})
