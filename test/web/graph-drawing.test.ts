import { expect, it } from 'vitest'
import { linesOf, mostLines } from '../../web/parts/graph-drawing.js'

it('two peers that heard each other are joined by one line, but where lines are bent to one side', () => {
  const edges = [0, 1, 1, 0, 1, 2]
  expect(linesOf(edges, false)).toEqual({ places: [0, 4], every: 1 })
  expect(linesOf(edges, true)).toEqual({ places: [0, 2, 4], every: 1 })
})

it('of more edges than can be drawn in a frame, some are', () => {
  const edges = Array.from({ length: 200 }, (_, to) => Array.from({ length: 200 }, (_, from) => [from, to])).flat(2)
  const { places, every } = linesOf(edges, false)
  expect(places.length).toBeLessThanOrEqual(mostLines)
  expect(places.length * every).toBeGreaterThanOrEqual(20_100)
})
