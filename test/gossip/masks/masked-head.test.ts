import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawOwnMask } from '../../../src/gossip/masks/double-mask.js'
import { toFixed } from '../../../src/gossip/masks/fixed-point.js'
import { type MaskGroup, maskGroup } from '../../../src/gossip/masks/group.js'
import { createMaskKey, type MaskKey } from '../../../src/gossip/masks/mask.js'
import { isMaskedFor, maskedLayout, unmask, writeMasked } from '../../../src/gossip/masks/masked-head.js'
import { layoutOf } from '../../../src/tensors/index.js'

const runId = new Uint8Array(32).fill(7)

interface Sender {
  readonly name: string
  readonly key: MaskKey
  readonly head: Float32Array
  readonly weight: number
}

function sendersOf(heads: readonly Float32Array[], weights?: readonly number[]): Sender[] {
  return heads.map((head, at) => ({
    name: `peer-${at}`,
    key: createMaskKey(),
    head,
    weight: weights?.[at] ?? 1 / (heads.length + 1),
  }))
}

function groupOf(senders: readonly Sender[], round = 0): MaskGroup {
  const keys = new Map(senders.map(({ name, key }) => [name, key.publicKey]))
  const weights = new Map(senders.map(({ name, weight }) => [name, weight]))
  return maskGroup({ runId, receiver: 'rome', round, step: 0, senders: keys, weights, least: 2 })!
}

async function maskedBy({ name, key, head, weight }: Sender, group: MaskGroup): Promise<Float32Array> {
  const into = new Float32Array(head.length + 8)
  expect(await writeMasked(into, head, { group, self: name, key, weight })).toBe(0)
  return into
}

const wordsOf = ({ buffer, byteOffset, length }: Float32Array): Int32Array => new Int32Array(buffer, byteOffset, length)

/** What the receiver computes. */
async function summed(came: readonly Float32Array[], length: number): Promise<Int32Array> {
  const sum = new Int32Array(length)
  await unmask(new Float32Array(length), sum, came, 1)
  return sum
}

/** The fixed-point sum without any masks. */
function plainSum(senders: readonly Sender[], length: number): Int32Array {
  const total = new Int32Array(length)
  const words = new Int32Array(length)
  for (const { head, weight } of senders) {
    toFixed(words, head, weight, 0, length)
    for (let at = 0; at < length; at++) total[at]! += words[at]!
  }
  return total
}

const headsOf = (least: number) =>
  fc
    .integer({ min: 1, max: 40 })
    .chain(length =>
      fc.array(
        fc
          .array(fc.float({ min: -64, max: 64, noNaN: true }), { minLength: length, maxLength: length })
          .map(Float32Array.from.bind(Float32Array) as (numbers: number[]) => Float32Array),
        { minLength: least, maxLength: 6 },
      ),
    )

describe('masked heads', () => {
  it('P40 add up to the fixed-point sum without masks, to the last bit, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(headsOf(2), fc.infiniteStream(fc.nat()), async (heads, order) => {
        const senders = sendersOf(heads)
        const group = groupOf(senders)
        const came = await Promise.all(senders.map(sender => maskedBy(sender, group)))
        const shuffled = came
          .map(words => ({ words, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ words }) => words)
        expect(await summed(shuffled, heads[0]!.length)).toEqual(plainSum(senders, heads[0]!.length))
      }),
      { numRuns: 50 },
    )
  })

  it('are the heads that were handed over, up to 2^-25 a sender and number', async () => {
    await fc.assert(
      fc.asyncProperty(headsOf(2), async heads => {
        const length = heads[0]!.length
        const senders = sendersOf(heads)
        const group = groupOf(senders)
        const came = await Promise.all(senders.map(sender => maskedBy(sender, group)))
        const weight = senders.reduce((sum, sender) => sum + sender.weight, 0)
        const mean = new Float32Array(length)
        await unmask(mean, new Int32Array(length), came, weight)
        for (let at = 0; at < length; at++) {
          const exact = senders.reduce((sum, { head, weight }) => sum + weight * head[at]!, 0)
          // And what a float32 of this size rounds.
          const error = senders.length * 2 ** -25 + Math.abs(exact) * 2 ** -23
          expect(Math.abs(mean[at]! * weight - exact)).toBeLessThanOrEqual(error)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('never wrap, with the largest numbers and weights that sum to 1', async () => {
    for (const sign of [1, -1]) {
      const heads = Array.from({ length: 9 }, () => new Float32Array(5).fill(sign * 64))
      const senders = sendersOf(heads, [0.9, ...new Array<number>(8).fill(0.1 / 8)])
      const group = groupOf(senders)
      const sum = await summed(await Promise.all(senders.map(sender => maskedBy(sender, group))), 5)
      for (const word of sum) expect(Math.abs(word - sign * 2 ** 30)).toBeLessThanOrEqual(9)
    }
  })

  it('cut off what is larger, and what is no number, and count it', () => {
    const words = new Int32Array(5)
    const head = Float32Array.of(65, -1e30, Number.NaN, Number.POSITIVE_INFINITY, 0.5)
    expect(toFixed(words, head, 0.5, 0, 5)).toBe(4)
    expect([...words]).toEqual([2 ** 29, -(2 ** 29), 0, 2 ** 29, 2 ** 22])
  })

  it('P41 one alone, and all but one together, look like chance: chi-square of a million words', async () => {
    const length = 1_000_000
    // As unlike chance as can be: all numbers are the same.
    const senders = sendersOf(Array.from({ length: 3 }, () => new Float32Array(length).fill(0.25)))
    const group = groupOf(senders)
    const [a, b] = (await Promise.all(senders.map(sender => maskedBy(sender, group)))) as [Float32Array, Float32Array]
    const together = new Int32Array(length)
    for (let at = 0; at < length; at++) together[at] = wordsOf(a)[at]! + wordsOf(b)[at]!
    for (const view of [wordsOf(a).subarray(0, length), together]) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, 4 * length)
      for (let place = 0; place < 4; place++) {
        const bins = new Float64Array(256)
        for (let at = place; at < bytes.length; at += 4) bins[bytes[at]!]! += 1
        const expected = length / 256
        const chi = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
        // 255 degrees of freedom: mean 255, deviation 22.6; chance passes 420 once in 10⁹ times.
        expect(chi).toBeGreaterThan(110)
        expect(chi).toBeLessThan(420)
      }
    }
  })

  it('of the same head are unlike each other in two rounds, and with the key of another life', async () => {
    const senders = sendersOf(Array.from({ length: 3 }, () => new Float32Array(50_000).fill(1)))
    const again = [{ ...senders[0]!, key: createMaskKey() }, ...senders.slice(1)]
    const views = await Promise.all([
      maskedBy(senders[0]!, groupOf(senders)),
      maskedBy(senders[0]!, groupOf(senders, 1)),
      maskedBy(again[0]!, groupOf(again)),
    ])
    for (const [one, other] of [
      [views[0]!, views[1]!],
      [views[0]!, views[2]!],
    ] as const) {
      const same = wordsOf(one).filter((word, at) => word === wordsOf(other)[at]).length
      expect(same).toBeLessThan(5)
      // Nor is the difference of the two that of the heads, which is nothing.
      const small = wordsOf(one).filter((word, at) => Math.abs((word - wordsOf(other)[at]!) | 0) < 2 ** 24).length
      expect(small).toBeLessThan(50_000 * 2 ** -7 * 1.5)
    }
  })

  it('say for which group they are masked', async () => {
    const senders = sendersOf([Float32Array.of(1), Float32Array.of(2), Float32Array.of(3)])
    const group = groupOf(senders)
    const came = await maskedBy(senders[0]!, group)
    expect(isMaskedFor(came, group)).toBe(true)
    expect(isMaskedFor(came, groupOf(senders, 1))).toBe(false)
    expect(isMaskedFor(came, groupOf(senders.slice(0, 2)))).toBe(false)
  })

  it('are not made with a key that makes each secret 0', async () => {
    const senders = sendersOf([Float32Array.of(1), Float32Array.of(2)])
    const keys = new Map([
      ['peer-0', senders[0]!.key.publicKey],
      ['peer-1', new Uint8Array(32)],
    ])
    const weights = new Map([...keys.keys()].map(name => [name, 1]))
    const group = maskGroup({ runId, receiver: 'rome', round: 0, step: 0, senders: keys, weights, least: 2 })!
    const { key, head } = senders[0]!
    const into = new Float32Array(9)
    await expect(writeMasked(into, head, { group, self: 'peer-0', key, weight: 1 })).rejects.toThrow(RangeError)
    expect(new Set(into)).toEqual(new Set([0]))
    expect(() => drawOwnMask(group, 'peer-0', key)).toThrow('peer-1 is in a group, and its key makes every secret 0')
  })

  it('have a layout of their own, with room for the group', () => {
    const layout = maskedLayout(layoutOf([{ name: 'dense/kernel', shape: [2, 3] }]))
    expect(layout.tensors.map(({ name, shape }) => ({ name, shape }))).toEqual([
      { name: 'dense/kernel', shape: [2, 3] },
      { name: 'masks:group', shape: [8] },
    ])
  })
})
