import { describe, expect, it } from 'vitest'
import { centred } from '../../../src/merge/rules/centred-clip.js'
import { weiszfeld } from '../../../src/merge/rules/geometric-median.js'
import { measure } from '../../../src/merge/rules/measure.js'
import { krumScores } from '../../../src/merge/rules/multi-krum.js'
import { inPieces } from '../../../src/turns.js'
import { once } from './ruled.js'

// ALGORITHMS-2.md 2: own (0,0), a (1,0), b (0,2), c (6,8), weights ¼.
const vectors = {
  own: [0, 0],
  others: [
    [1, 0],
    [0, 2],
    [6, 8],
  ],
}

function squaresOf(points: readonly (readonly number[])[]): Promise<readonly (readonly number[])[]> {
  const [own, ...others] = points.map(point => Float32Array.from(point))
  const all = measure({ self: 0, own: own!, others: new Map(others.map((values, j) => [j + 1, values])), pairs: true })
  for (const add of all.rows) add(0, own!.length)
  return all.squares(
    points.map((_, peer) => peer),
    inPieces,
  )
}

/** Σ weights[j] · points[j]. */
function combined(points: readonly (readonly number[])[], weights: readonly number[]): number[] {
  return points[0]!.map((_, k) => points.reduce((sum, point, j) => sum + weights[j]! * point[k]!, 0))
}

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  for (const [k, value] of expected.entries()) expect(actual[k]).toBeCloseTo(value, 6)
}

describe('the rules on the fixture', () => {
  it('clip, with τ = 2 and with τ auto', async () => {
    expectNear(await once({ rule: 'clip', tau: 2 }, vectors), [0.55, 0.9])
    expectNear(await once('clip', vectors), [0.55, 0.9])
  })

  it('trimmed mean and median', async () => {
    expectNear(await once('trimmed-mean', vectors), [0.5, 1])
    expectNear(await once('median', vectors), [0.5, 1])
  })

  it('Weiszfeld, 8 steps', async () => {
    const points = [vectors.own, ...vectors.others]
    const weights = await weiszfeld(await squaresOf(points), [1, 0, 0, 0], 8, 0.1, inPieces)
    expectNear(combined(points, weights), [0.609019, 0.734631])
  })

  it('centred clipping, after 1, 2 and 3 iterations', async () => {
    const points = [...vectors.others, [0, 0]]
    const squares = await squaresOf(points)
    const all = await Promise.all([1, 2, 3].map(iterations => centred(squares, 2, iterations, inPieces)))
    expectNear(
      all.flatMap(weights => combined(points, weights)),
      [0.733333, 1.2, 0.985997, 1.593735, 1.072892, 1.722899],
    )
  })

  it('Krum’s scores, and the mean of three and of all but one', async () => {
    const five = { own: vectors.own, others: [...vectors.others, [0.5, 0.5]] }
    expectNear(await krumScores(await squaresOf([five.own, ...five.others]), 1, inPieces), [1.5, 1.5, 6.5, 158.5, 1])
    expectNear(await once({ rule: 'multi-krum', k: 3 }, five), [0.5, 0.166667])
    expectNear(await once('multi-krum', five), [0.375, 0.625])
  })

  it('BALANCE', async () => {
    const near = {
      own: [3, 4],
      others: [
        [4, 4],
        [3, 6],
        [9, 12],
      ],
    }
    expectNear(await once({ rule: 'balance', gamma: 0.5 }, near, { progress: 0.5 }), [3.5, 4])
  })
})
