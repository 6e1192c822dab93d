import { describe, expect, it } from 'vitest'
import { interleaved } from '../../src/simulate/interleaved.js'

/** Lets everybody go on who can. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function* telling(...words: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* words
}

describe('what several sources tell', () => {
  it('comes in turn, and ends when all have ended', async () => {
    const told: string[] = []
    for await (const word of interleaved([telling('a', 'b', 'c'), telling(), telling('d', 'e')])) told.push(word)
    expect(told).toEqual(['a', 'd', 'b', 'e', 'c'])
    for await (const word of interleaved<string>([])) expect.unreachable(word)
  })

  it('is asked of each only once the reader wants more', async () => {
    let asked = 0
    async function* counting(): AsyncGenerator<number, void, undefined> {
      for (;;) yield ++asked
    }
    const reading = interleaved([counting()])
    await reading.next()
    await settled()
    expect(asked).toBe(1)
    await reading.return()
  })

  it('fails with the first that fails, though others wait to be read', async () => {
    async function* failing(): AsyncGenerator<string, void, undefined> {
      yield 'a'
      throw new Error('diverged')
    }
    async function* endless(word: string): AsyncGenerator<string, void, undefined> {
      yield word
      await new Promise(() => {})
    }
    const told: string[] = []
    const reading = (async () => {
      for await (const word of interleaved([failing(), endless('b'), endless('c')])) {
        told.push(word)
        await settled()
      }
    })()
    await expect(reading).rejects.toThrow('diverged')
    expect(told).toEqual(['a', 'b', 'c'])
  })

  it('lets go of the others, of one that waits for something else too', async () => {
    const ended: string[] = []
    async function* noting(word: string): AsyncGenerator<string, void, undefined> {
      try {
        yield word
        yield word
      } finally {
        ended.push(word)
      }
    }
    async function* waiting(): AsyncGenerator<string, void, undefined> {
      await new Promise(() => {})
    }
    for await (const _ of interleaved([noting('a'), waiting(), noting('b')])) break
    await settled()
    expect(ended.sort()).toEqual(['a', 'b'])
  })
})
