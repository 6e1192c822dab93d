import { describe, expect, it } from 'vitest'
import { createTopology, topologyKinds, topologySchema } from '../../src/topology/index.js'
import { drawGraph } from '../../src/watch/graph.js'

function draw(kind: string, peers: number, width = 72, round = 0): string {
  const topology = createTopology(topologySchema.parse(kind), peers, 1)
  return drawGraph(topology.graphAt(round), { arrangement: topology.arrangement, width, color: false })
}

describe('the drawing of a graph', () => {
  it('of a grid and a torus has rows and columns', () => {
    expect(draw('grid', 4)).toBe(['    0 ⠤⠤⠤⠤ 1', '    ⡇      ⡇', '    ⡇      ⡇', '    2 ⠤⠤⠤⠤ 3'].join('\n'))
    expect(draw('torus', 9)).toBe(
      [
        '    ⡆      ⡆      ⡆',
        '⠤⠤⠤ 0 ⠤⠤⠤⠤ 1 ⠤⠤⠤⠤ 2 ⠤⠤⠄',
        '    ⡇      ⡇      ⡇',
        '    ⡇      ⡇      ⡇',
        '⠤⠤⠤ 3 ⠤⠤⠤⠤ 4 ⠤⠤⠤⠤ 5 ⠤⠤⠄',
        '    ⡇      ⡇      ⡇',
        '    ⡇      ⡇      ⡇',
        '⠤⠤⠤ 6 ⠤⠤⠤⠤ 7 ⠤⠤⠤⠤ 8 ⠤⠤⠄',
        '    ⡇      ⡇      ⡇',
      ].join('\n'),
    )
  })

  it('of a line turns at the border', () => {
    expect(draw('line', 4, 12)).toBe(['  0 ⠤⠤⠤ 1', '        ⡇', '        ⡇', '  3 ⠤⠤⠤ 2'].join('\n'))
  })

  it.each(topologyKinds.filter(kind => kind !== 'edges'))('of %s shows every peer and keeps to the width', kind => {
    for (const [peers, width] of [
      [1, 40],
      [8, 40],
      [16, 60],
      [64, 100],
    ] as const) {
      const drawn = draw(kind, peers, width)
      const numbers = new Set(drawn.split('edges have')[0]!.match(/\d+/g)?.map(Number))
      for (let peer = 0; peer < peers; peer++) expect(numbers).toContain(peer)
      for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(width)
    }
  })

  it('has arrowheads where they can be told apart, words where not', () => {
    expect(draw('one-peer-exponential', 8)).toMatch(/[←→]/)
    expect(draw('exponential', 8)).toMatch(/edges have a direction: 0 → 1 2 4$/)
    expect(draw('ring', 8)).not.toMatch(/[←→↑↓]/)
  })

  it('lists who sends to whom when there are too many peers or columns too few', () => {
    const listed = draw('ring', 100)
    expect(listed).toContain('100 peers, 100 edges, 2 neighbours each, diameter 50')
    expect(listed).toContain(' 0 – 1 99')
    expect(listed).toContain('… and 88 more')
    expect(draw('full', 64, 30)).toContain('…')
    for (const line of draw('full', 100, 30).split('\n')) expect(line.length).toBeLessThanOrEqual(30)
  })

  it('has colours when asked', () => {
    const graph = createTopology(topologySchema.parse('ring'), 4, 1).graphAt(0)
    expect(drawGraph(graph, { color: true })).toContain('\u001b[')
    expect(drawGraph(graph, { color: false })).not.toContain('\u001b[')
  })
})
