import { describe, expect, it } from 'vitest'
import type { Neighbourhood } from '../../../src/methods/index.js'
import { type Forge, saidTo } from '../../../src/node/roads/forge.js'

const head = Float32Array.of(1)
const at = { round: 0, step: 0 }
const never = new AbortController().signal

/** Who gets what. A vector is valid until the next is asked for. */
async function said(instead: Parameters<typeof saidTo>[1]): Promise<[number, number][]> {
  const all: [number, number][] = []
  for await (const { vector, receivers } of saidTo([1, 2], instead, at, head, {} as Neighbourhood, never)) {
    for (const receiver of receivers) all.push([receiver, vector[0]!])
  }
  return all
}

describe('what is said', () => {
  const told = new Float32Array(1)
  const tell = async (receiver: number) => told.fill(10 * receiver)
  const forging = (forged: Float32Array): { forge: Forge } => ({ forge: async () => forged })

  it('is the head, or what each is told', async () => {
    expect(await said({})).toEqual([
      [1, 1],
      [2, 1],
    ])
    expect(await said({ tell })).toEqual([
      [1, 10],
      [2, 20],
    ])
  })

  it('is what a liar forges, where it lies', async () => {
    expect(await said({ tell, ...forging(Float32Array.of(7)) })).toEqual([
      [1, 7],
      [2, 7],
    ])
    expect(await said({ tell, ...forging(head) })).toEqual([
      [1, 10],
      [2, 20],
    ])
  })
})
