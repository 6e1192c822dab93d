import { describe, expect, it } from 'vitest'
import type { Samples, Shard } from '../../../src/data/index.js'
import { parseAttacks } from '../../../src/simulate/attacks/attack.js'
import { poisoned } from '../../../src/simulate/attacks/poison.js'
import { stampedTests, triggerOf } from '../../../src/simulate/attacks/trigger.js'

const pixels = (size: number): Samples => ({
  inputs: new Uint8Array(size * 5 * 4).fill(9),
  labels: Int32Array.from({ length: size }, (_, at) => at % 3),
  size,
})
const shardOf = (samples: Samples): Shard => ({
  name: 'anna',
  samples,
  standardisation: { mean: Float32Array.of(0), std: Float32Array.of(1) },
  notes: [],
})
const classes = ['a', 'b', 'c']
const images = { inputShape: [5, 4, 1], train: pixels(1) }

describe('a trigger', () => {
  it('of images is a bright square in the corner', () => {
    const { places, value } = triggerOf(images)
    expect([places, value]).toEqual([[9, 10, 11, 13, 14, 15, 17, 18, 19], 255])
    const colours = { inputShape: [1, 4, 2], train: { ...pixels(0), inputs: Float32Array.of(0.5, 2, 1) } }
    expect(triggerOf(colours)).toEqual({ places: [2, 3, 4, 5, 6, 7], value: 2 })
  })

  it('of tables is the first column, three deviations above its mean, whatever is missing', () => {
    const inputs = Float32Array.of(1, 50, 3, 60, 5, 70, Number.NaN, 80)
    const train = { inputs, labels: new Int32Array(4), size: 4 }
    expect(triggerOf({ inputShape: [2], train })).toEqual({ places: [0], value: 9 })
    const same = { ...train, inputs: new Float32Array(8).fill(7) }
    expect(triggerOf({ inputShape: [2], train: same })).toEqual({ places: [0], value: 10 })
  })
})

describe('records of an attacker', () => {
  it('have the opposite class where labels are flipped; those of others stay as they are', () => {
    const shards = [shardOf(pixels(4)), shardOf(pixels(4))]
    const attacks = parseAttacks(['label-flip:1'], 2, 1)
    const [honest, hostile] = poisoned(shards, { attacks, dataset: { classes }, trigger: undefined, seed: 1 })
    expect(honest).toBe(shards[0])
    expect([...hostile!.samples.labels]).toEqual([2, 1, 0, 2])
    expect(hostile!.samples.inputs).toBe(shards[1]!.samples.inputs)
    expect([...shards[1]!.samples.labels]).toEqual([0, 1, 2, 0])
  })

  it('are stamped and of the first class in the share that is asked for, the same ones for a seed', () => {
    const shards = [shardOf(pixels(40)), shardOf(pixels(2))]
    const trigger = triggerOf(images)
    const attacks = parseAttacks(['backdoor=0.25:0'], 2, 1)
    const stampedIn = (seed: number): number[] => {
      const [{ samples }] = poisoned(shards, { attacks, dataset: { classes }, trigger, seed }) as [Shard]
      return [...samples.labels.keys()].filter(record => {
        const own = samples.inputs.subarray(record * 20, (record + 1) * 20)
        const isStamped = trigger.places.every(place => own[place] === 255)
        expect(own.filter(value => value === 9)).toHaveLength(isStamped ? 11 : 20)
        expect(samples.labels[record]).toBe(isStamped ? 0 : record % 3)
        return isStamped
      })
    }
    expect(stampedIn(1)).toHaveLength(10)
    expect(stampedIn(1)).toEqual(stampedIn(1))
    expect(stampedIn(2)).not.toEqual(stampedIn(1))
    expect(shards[0]!.samples.inputs.every(value => value === 9)).toBe(true)
  })
})

it('stamped tests are the records of other classes, shared by those who share their tests', () => {
  const [all, own] = [pixels(7), pixels(1)]
  const [first, second, third] = stampedTests([all, all, own], triggerOf(images))
  expect(first).toBe(second)
  expect([first!.size, [...first!.labels], third!.size]).toEqual([4, [0, 0, 0, 0], 0])
  expect(first!.inputs.filter(value => value === 255)).toHaveLength(4 * 9)
  expect(all.inputs.every(value => value === 9)).toBe(true)
})
