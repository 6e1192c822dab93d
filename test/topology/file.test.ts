import { readdir, readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import { parseTopologyFile, readTopologyFile } from '../../src/topology/file.js'
import { createTopology, spectralGap } from '../../src/topology/index.js'

const folder = new URL('../../topologies/', import.meta.url)
const files = (await readdir(folder)).filter(name => name.endsWith('.yaml'))

describe('the files in topologies/', () => {
  it('are at least six', () => {
    expect(files.length).toBeGreaterThanOrEqual(6)
  })

  it.each(files)('%s loads, says what it is for, and its λ is true', async name => {
    const path = new URL(name, folder).pathname
    const { spec, peers } = await readTopologyFile(path)
    const text = await readFile(path, 'utf8')
    const claims = [...text.matchAll(/^# λ = ([\d.]+) with (\d+) peers/gm)]
    expect(claims.length).toBeGreaterThan(0)
    for (const [, lambda, count] of claims) {
      if (peers !== undefined) expect(Number(count)).toBe(peers)
      expect(spectralGap(createTopology(spec, Number(count), 1)).lambda.toFixed(5)).toBe(lambda)
    }
  })

  it('hospitals.yaml names its members and joins them by name', async () => {
    const { spec, peers, members } = await readTopologyFile(new URL('hospitals.yaml', folder).pathname)
    expect(peers).toBe(members!.length)
    const graph = createTopology(spec, peers!, 1).graphAt(0)
    const names = members!.map(({ name }) => name)
    expect(graph.sendsTo(names.indexOf('zurich')).map(peer => names[peer])).toEqual(['boston', 'basel', 'bern'])
  })
})

describe('a topology file', () => {
  it('without members counts the peers in its edges', () => {
    expect(parseTopologyFile('topology: { kind: edges, edges: [[0, 1], [1, 4]] }', 't.yaml')).toMatchObject({
      peers: 5,
    })
    expect(parseTopologyFile('topology: ring', 't.yaml')).toEqual({
      spec: { kind: 'ring', weights: 'metropolis-hastings' },
    })
  })

  it('may list members for any kind', () => {
    const file = parseTopologyFile('topology: ring\nmembers: [{ name: a }, { name: b }, { name: c }]', 't.yaml')
    expect(file).toMatchObject({ peers: 3, members: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] })
  })

  const mistakes: [what: string, text: string, message: RegExp][] = [
    ['is not YAML', 'topology: [ring', /^t\.yaml:1:\d+: /],
    ['is empty', '', /^t\.yaml/],
    ['has a misspelt kind', '\ntopology: rign\n', /^t\.yaml:2:11: topology\.kind: .*did you mean "ring"/],
    ['has a misspelt kind in an object', 'topology:\n  kind: tours\n', /^t\.yaml:2:9: .*did you mean "torus"/],
    ['has an unknown section', 'topology: ring\nrounds: 3', /^t\.yaml:2:9: unknown field "rounds"/],
    ['has no topology', 'members: [{ name: a }]', /^t\.yaml:1:1: topology: /],
    [
      'names someone twice',
      'members:\n  - name: a\n  - name: a\ntopology: ring',
      /^t\.yaml:3:11: members\.1\.name: "a" is there twice/,
    ],
    [
      'names someone oddly',
      'members: [{ name: "../x" }]\ntopology: ring',
      /^t\.yaml:1:19: members\.0\.name: must begin with a letter/,
    ],
    [
      'joins a stranger',
      'members: [{ name: boston }, { name: bern }]\ntopology:\n  kind: edges\n  edges:\n    - [boston, bren]\n',
      /^t\.yaml:5:16: topology\.edges\.0: there is no member "bren"; did you mean "bern"\?/,
    ],
    [
      'joins names without members',
      'topology: { kind: edges, edges: [[a, b]] }',
      /^t\.yaml:1:35: topology\.edges\.0: "a" is a name, but the file has no members/,
    ],
    ['joins three at once', 'topology: { kind: edges, edges: [[0, 1, 2]] }', /^t\.yaml:1:\d+: topology\.edges\.0/],
    ['joins a fraction', 'topology: { kind: edges, edges: [[0, 1.5]] }', /^t\.yaml:1:38: topology\.edges\.0\.1/],
  ]

  it.each(mistakes)('that %s is answered with one line and its place', (_, text, message) => {
    let error: unknown
    try {
      parseTopologyFile(text, 't.yaml')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(HearsayError)
    expect(error).toMatchObject({ code: 'TOPOLOGY', message: expect.stringMatching(message) })
    expect((error as Error).message).not.toContain('\n')
  })

  it('that is not there, or is a folder, is answered with its path', async () => {
    await expect(readTopologyFile('nowhere.yaml')).rejects.toThrow(/^nowhere\.yaml: /)
    await expect(readTopologyFile(folder.pathname)).rejects.toBeInstanceOf(HearsayError)
  })

  it('that multiplies itself is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 9; i++) lines.push(`a${i}: &a${i} [${new Array(9).fill(`*a${i - 1}`).join(', ')}]`)
    expect(() => parseTopologyFile(lines.join('\n'), 't.yaml')).toThrow(HearsayError)
  })

  it('of any text either loads or is answered with a HearsayError', () => {
    const words = fc.constantFrom(
      'topology',
      'kind',
      'edges',
      'members',
      'name',
      'ring',
      ':',
      '-',
      '[',
      ']',
      '{',
      '}',
      ',',
      ' ',
      '\n',
      '0',
      'a',
      '&x',
      '*x',
      '"',
      'null',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 30 }).map(parts => parts.join('')),
        ),
        text => {
          try {
            parseTopologyFile(text, 't.yaml')
          } catch (error) {
            expect(error).toBeInstanceOf(HearsayError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
