import { describe, expect, it } from 'vitest'
import { csvOf, jsonOf, type Named, tableOf } from '../../src/cli/predictions.js'
import { keptPeer } from '../trained/kept.js'

/** Two answers of a mixture with one expert. */
async function answers(classes: readonly string[]): Promise<Named> {
  const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, classes })
  const prediction = {
    outputs: Float32Array.of(0.1, 0.7, 0.2, 0.5, 0.5, 0),
    width: 3,
    listened: { heads: [{ peer: '12D3KooWanna', name: 'anna, of "Zug"' }], weights: Float32Array.of(0.25, 0.75, 1, 0) },
  }
  return { names: ['a,b.png', 'c.png'], description, prediction }
}

describe('answers', () => {
  it('are lines of CSV, quoted where they must be; of equally probable classes the first', async () => {
    expect(csvOf(await answers(['x', 'y', 'z']))).toBe(
      [
        'input,class,p(x),p(y),p(z),weight(own),"weight(anna, of ""Zug"")"',
        '"a,b.png",y,0.1,0.7,0.2,0.25,0.75',
        'c.png,x,0.5,0.5,0,1,0',
        '',
      ].join('\n'),
    )
  })

  it('are objects of JSON, experts by their ids', async () => {
    expect(JSON.parse(jsonOf(await answers(['x', 'y', 'z'])))[0]).toEqual({
      input: 'a,b.png',
      class: 'y',
      probabilities: { x: 0.1, y: 0.7, z: 0.2 },
      weights: { own: 0.25, '12D3KooWanna': 0.75 },
    })
  })

  it('are a table for people', async () => {
    const table = tableOf(await answers(['x', 'y', 'z']))
    expect(table).toContain('c.png')
    expect(table).toContain('0.7000')
  })

  it('of numbers are values', async () => {
    const objective = { kind: 'regression', target: 'price' } as const
    const kept = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, classes: ['price'], objective })
    const named = {
      names: ['0'],
      description: kept.description,
      prediction: { outputs: Float32Array.of(12.5), width: 1 },
    }
    expect(csvOf(named)).toBe('input,price\n0,12.5\n')
    expect(JSON.parse(jsonOf(named))).toEqual([{ input: '0', value: 12.5 }])
  })
})
