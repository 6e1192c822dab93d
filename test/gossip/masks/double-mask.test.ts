import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  absencesBorne,
  answerOf,
  colludersBorne,
  drawOwnMask,
  leastHeads,
  masksLeft,
  type OwnMask,
  questionTo,
  suffice,
  threshold,
} from '../../../src/gossip/masks/double-mask.js'
import { toFixed } from '../../../src/gossip/masks/fixed-point.js'
import { type MaskGroup, maskGroup } from '../../../src/gossip/masks/group.js'
import { createMaskKey, type MaskKey } from '../../../src/gossip/masks/mask.js'
import { unmask, writeMasked } from '../../../src/gossip/masks/masked-head.js'

const runId = new Uint8Array(32).fill(7)
const length = 20

interface Senders {
  readonly names: readonly string[]
  readonly keys: ReadonlyMap<string, MaskKey>
  readonly group: MaskGroup
  readonly own: ReadonlyMap<string, OwnMask>
  readonly sealedOf: ReadonlyMap<string, readonly Uint8Array[]>
  readonly weight: number
}

function sendersOf(count: number): Senders {
  const names = Array.from({ length: count }, (_, at) => `peer-${String(at).padStart(2, '0')}`)
  const keys = new Map(names.map(name => [name, createMaskKey()]))
  const senders = new Map([...keys].map(([name, { publicKey }]) => [name, publicKey]))
  const weights = new Map(names.map(name => [name, 1 / (count + 1)]))
  const group = maskGroup({ runId, receiver: 'rome', round: 0, step: 0, senders, weights, least: 3 })!
  const own = new Map(names.map(name => [name, drawOwnMask(group, name, keys.get(name)!)!]))
  const sealedOf = new Map([...own].map(([name, { sealed }]) => [name, sealed]))
  return { names, keys, group, own, sealedOf, weight: 1 / (count + 1) }
}

const headOf = (at: number): Float32Array => Float32Array.from({ length }, (_, n) => Math.sin((at + 1) * (n + 1)))

async function maskedBy({ names, keys, group, own, weight }: Senders, name: string): Promise<Float32Array> {
  const into = new Float32Array(length + 8)
  const init = { group, self: name, key: keys.get(name)!, weight, own: own.get(name)!.secret }
  await writeMasked(into, headOf(names.indexOf(name)), init)
  return into
}

/** The fixed-point sum of these heads, without masks. */
function plainSum({ names, weight }: Senders, came: readonly string[]): Int32Array {
  const total = new Int32Array(length)
  const words = new Int32Array(length)
  for (const name of came) {
    toFixed(words, headOf(names.indexOf(name)), weight, 0, length)
    for (let at = 0; at < length; at++) total[at]! += words[at]!
  }
  return total
}

function asked(senders: Senders, name: string, came: readonly string[]): Uint8Array[] | undefined {
  const { group, keys, sealedOf } = senders
  return answerOf(group, name, keys.get(name)!, questionTo(group, name, came, sealedOf))
}

async function summed(senders: Senders, came: readonly string[], answers: ReadonlyMap<string, readonly Uint8Array[]>) {
  const left = masksLeft(senders.group, came, answers)
  if (left === undefined) return undefined
  const sum = new Int32Array(length)
  const words = await Promise.all(came.map(name => maskedBy(senders, name)))
  await unmask(new Float32Array(length), sum, words, 1, left)
  return sum
}

const groups = fc.integer({ min: 3, max: 9 }).chain(count =>
  fc.record({
    count: fc.constant(count),
    came: fc.shuffledSubarray([...Array(count).keys()], { minLength: leastHeads(count) }),
  }),
)

describe('heads under two masks', () => {
  it('P42 add up to the sum of those that came, to the last bit, whoever is missing', async () => {
    await fc.assert(
      fc.asyncProperty(groups, async ({ count, came }) => {
        const senders = sendersOf(count)
        const there = came.map(at => senders.names[at]!)
        const answers = new Map(there.map(name => [name, asked(senders, name, there)!]))
        expect(await summed(senders, there, answers)).toEqual(plainSum(senders, there))
      }),
      { numRuns: 40 },
    )
  })

  it('need no answer of all where nobody is missing, and one of each where somebody is', async () => {
    const senders = sendersOf(6)
    const { names } = senders
    const whole = new Map(names.map(name => [name, asked(senders, name, names)!]))
    // Four shares restore a secret, and nobody has a share of its own.
    const five = new Map([...whole].slice(0, 5))
    expect(await summed(senders, names, five)).toEqual(plainSum(senders, names))
    expect(await summed(senders, names, new Map([...whole].slice(0, 4)))).toBeUndefined()

    // One that has no parts is no answer, and does no harm where others are.
    const without = new Map([
      [names[5]!, []],
      [names[4]!, Array(5).fill(new Uint8Array())],
    ])
    const four = [...whole].slice(0, 4)
    for (const [name, parts] of without) {
      expect(suffice(senders.group, names, new Map([...four, [name, parts]]))).toBe(false)
      const more = new Map([...whole, [name, parts]])
      expect(suffice(senders.group, names, more)).toBe(true)
      expect(await summed(senders, names, more)).toEqual(plainSum(senders, names))
    }

    const there = names.slice(1)
    const answers = new Map(there.map(name => [name, asked(senders, name, there)!]))
    answers.delete(names[3]!)
    expect(await summed(senders, there, answers)).toBeUndefined()
  })

  it('are answered for no question that an honest receiver would not ask', () => {
    const senders = sendersOf(6)
    const { names, group, keys, sealedOf } = senders
    const [self] = names as [string]
    const good = questionTo(group, self, names.slice(0, 5), sealedOf)
    const answer = (change: Partial<typeof good>) => answerOf(group, self, keys.get(self)!, { ...good, ...change })
    expect(answer({})).toHaveLength(5)
    // One too few.
    expect(asked(senders, self, names.slice(0, 4))).toBeUndefined()
    for (const change of [
      { came: [1, 2, 3, 4, 5] },
      { came: [0, 2, 1, 3, 4] },
      { came: [0, 1, 1, 2, 3] },
      { came: [0, 1, 2, 3, 6] },
      { came: [] },
      { sealed: good.sealed.slice(1) },
    ]) {
      expect(answer(change)).toBeUndefined()
    }
    // What somebody else was to open, or was changed, is no share.
    const swapped = [...good.sealed].reverse()
    const changed = good.sealed.map(sealed => sealed.map((byte, at) => (at === 7 ? byte ^ 1 : byte)))
    for (const sealed of [swapped, changed]) {
      const parts = answer({ sealed })!
      expect(parts.map(part => part.length)).toEqual([0, 0, 0, 0, 32])
    }
  })

  it('survive any bytes in a question', () => {
    const { group, keys, names } = sendersOf(5)
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 300 }), { maxLength: 8 }),
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }),
        (came, sealed) => {
          const answer = answerOf(group, names[0]!, keys.get(names[0]!)!, { came, sealed })
          if (answer !== undefined) expect(answer).toHaveLength(4)
        },
      ),
    )
  })

  /** Does a receiver that has told these stories have the head of this honest sender? */
  function isExposed(
    senders: Senders,
    target: string,
    colluders: ReadonlySet<string>,
    toldTo: ReadonlyMap<string, readonly string[]>,
  ) {
    const { names } = senders
    const partsOf = new Map(names.map(name => [name, asked(senders, name, toldTo.get(name)!)]))
    const gives = (from: string, about: string, what: 'share' | 'key'): boolean => {
      if (colluders.has(from)) return true
      const part = partsOf.get(from)?.[names.filter(name => name !== from).indexOf(about)]
      return part?.length === 32 && toldTo.get(from)!.includes(about) === (what === 'share')
    }
    const others = names.filter(name => name !== target)
    const shares = others.filter(name => gives(name, target, 'share')).length
    // A key comes from either end.
    const hasKeys = others.every(name => gives(name, target, 'key') || gives(target, name, 'key'))
    return hasKeys && shares >= threshold(names.length)
  }

  it('P43 stay hidden from a receiver that tells each sender another story, with as many colluders as are borne', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 9 }).chain(count => {
          const everybody = [...Array(count).keys()]
          return fc.record({
            count: fc.constant(count),
            colluders: fc.shuffledSubarray(everybody, { maxLength: colludersBorne(count) }),
            // What each sender is told.
            stories: fc.array(fc.shuffledSubarray(everybody, { minLength: leastHeads(count) }), {
              minLength: count,
              maxLength: count,
            }),
          })
        }),
        ({ count, colluders, stories }) => {
          const senders = sendersOf(count)
          const { names } = senders
          const helping = new Set(colluders.map(at => names[at]!))
          const toldTo = new Map(names.map((name, at) => [name, stories[at]!.map(place => names[place]!)]))
          for (const target of names) {
            if (!helping.has(target)) expect(isExposed(senders, target, helping, toldTo)).toBe(false)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('P43 stay hidden from the best such story, which one colluder more would make succeed', () => {
    for (const count of [4, 5, 6, 8, 9, 12]) {
      const senders = sendersOf(count)
      const { names } = senders
      const target = names[0]!
      const absent = absencesBorne(count)
      for (const more of [0, 1]) {
        const colluders = new Set(names.slice(1, 1 + colludersBorne(count) + more))
        const honest = names.filter(name => name !== target && !colluders.has(name))
        // The target hears that these are missing, and gives its keys with them; they hear that it is there.
        const gone = honest.slice(0, absent)
        const toldTo = new Map(
          names.map(name => {
            if (name === target) return [name, names.filter(other => !gone.includes(other))]
            return [name, gone.includes(name) ? names : names.filter(other => other !== target)]
          }),
        )
        expect({ count, more, isExposed: isExposed(senders, target, colluders, toldTo) }).toEqual({
          count,
          more,
          isExposed: more === 1,
        })
      }
    }
  })

  it('bear so many absences and colluders', () => {
    const of = (count: number) => [absencesBorne(count), colludersBorne(count)]
    expect([3, 4, 5, 6, 8, 12].map(of)).toEqual([
      [0, 1],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 2],
      [3, 4],
    ])
  })
})
