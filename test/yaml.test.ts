import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HearsayError } from '../src/errors.js'
import { manifestYaml, parseManifest } from '../src/node/index.js'
import { parseYaml, readYaml } from '../src/yaml.js'
import { shapeProblem, yamlLimits } from '../src/yaml-shape.js'

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-yaml-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'run.yaml')
  await writeFile(path, text)
  return path
}

describe('a YAML file', () => {
  it('comes out as plain data, with the place of every field', async () => {
    const path = await fileOf('seed: 3\nmerge:\n  method: dfedsam\n  rho: 0.1\nedges: [[0, 1], [1, 2]]\n')
    const { value, locate } = await readYaml(path, 'MANIFEST')
    expect(value).toEqual({
      seed: 3,
      merge: { method: 'dfedsam', rho: 0.1 },
      edges: [
        [0, 1],
        [1, 2],
      ],
    })
    expect(locate(['merge', 'rho'])).toBe('4:8')
    expect(locate(['edges', 1, 0])).toBe('5:18')
  })

  it('gives the place of the nearest thing that is there for a field that is not', () => {
    const { locate } = parseYaml('merge:\n  method: dfedsam\n', 'run.yaml', 'MANIFEST')
    expect(locate(['merge', 'rho'])).toBe('2:3')
    expect(locate(['topology', 'kind'])).toBe('1:1')
  })

  it('may be empty', () => {
    expect(parseYaml('', 'run.yaml', 'MANIFEST').value).toBeNull()
    expect(parseYaml('# nothing\n', 'run.yaml', 'MANIFEST').value).toBeNull()
  })

  it('may use a few aliases', () => {
    expect(parseYaml('a: &a [1]\nb: *a\n', 'run.yaml', 'MANIFEST').value).toEqual({ a: [1], b: [1] })
  })
})

describe('a YAML file is refused in one line', () => {
  it.each([
    ['rounds: [1\n', /^run\.yaml:2:1: /],
    ['rounds: 3\n  peers: 2\n', /^run\.yaml:1:9: /],
    ['rounds: 1\nrounds: 2\n', /^run\.yaml:2:1: "rounds" is there twice; keep one of the two$/],
    ['rounds: "3\n', /^run\.yaml:2:1: a quote or a bracket is opened and never closed$/],
    ['merge:\n  - {rho: 1, rho: 2}\n', /^run\.yaml:2:14: "rho" is there twice/],
    ['\trounds: 3\n', /^run\.yaml:1:1: is indented with a tab; use spaces$/],
    ['data: a: b\n', /^run\.yaml:1:7: has a second ":" in one line/],
    ['data: @set\n', /^run\.yaml:1:7: a value that begins so must stand in quotes$/],
    ['- a\nb: 1\n', /is not YAML here \(.*\); compare it with what hearsay init writes$/],
    ['rounds: 3\n---\nrounds: 4\n', /^run\.yaml:2:1: a second document begins here/],
    ['rounds: *other\n', /^run\.yaml: Unresolved alias .*other; write out what/],
  ])('%j', (text, message) => {
    const parse = (): unknown => parseYaml(text, 'run.yaml', 'MANIFEST')
    expect(parse).toThrow(HearsayError)
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(/\n/)
  })

  it('when a few lines of aliases stand for gigabytes', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef']) {
      lines.push(`${name}: &${name} [${new Array(9).fill(`*${before}`).join(',')}]`)
    }
    expect(() => parseYaml(lines.join('\n'), 'run.yaml', 'MANIFEST')).toThrow(/^run\.yaml: Excessive alias count/)
  })

  it('when it is larger than any manifest, and it is not read', async () => {
    const path = await fileOf(`#${'x'.repeat(yamlLimits.bytes)}`)
    await expect(readYaml(path, 'TOPOLOGY')).rejects.toMatchObject({
      code: 'TOPOLOGY',
      message: `${path}: has ${yamlLimits.bytes + 1} bytes; at most ${yamlLimits.bytes} are read`,
    })
    const largest = await fileOf(`#${'x'.repeat(yamlLimits.bytes - 1)}`)
    expect((await readYaml(largest, 'TOPOLOGY')).value).toBeNull()
  })

  it('when it is not there, or a folder', async () => {
    await expect(readYaml('nowhere.yaml', 'MANIFEST')).rejects.toThrow('nowhere.yaml: there is no such file or folder')
    await expect(readYaml(tmpdir(), 'MANIFEST')).rejects.toThrow('is a folder, not a file')
  })
})

describe('a text that is not shown to the parser', () => {
  // Lowered, so that nothing here would hurt a parser without the guard.
  const limits = { bytes: 400, depth: 6, keys: 8, aliases: 2 }
  it.each([
    ['brackets', `a: ${'['.repeat(7)}`, 'lists and mappings nested more than 6 deep'],
    ['braces', '{a: '.repeat(7), 'lists and mappings nested more than 6 deep'],
    ['brackets after some that close nothing', `a: ]]]]${'['.repeat(7)}`, 'nested more than 6 deep'],
    ['brackets around quoted ones', '["]",'.repeat(7), 'nested more than 6 deep'],
    ['lists in one line', '- '.repeat(7), 'nested more than 6 deep'],
    ['keys in one line', '? '.repeat(7), 'nested more than 6 deep'],
    ['blocks', Array.from({ length: 7 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), 'nested more than 6 deep'],
    ['keys', Array.from({ length: 9 }, (_, i) => `k${i}: 1\n`).join(''), 'more than 8 keys'],
    ['keys of JSON', `{${Array.from({ length: 9 }, (_, i) => `"k${i}":1`).join()}}`, 'more than 8 keys'],
    ['aliases', 'a: &a 1\nb: [*a, *a, *a]\n', 'more than 2 aliases'],
    ['bytes', `# ${'x'.repeat(400)}`, 'more than 400 bytes'],
  ])('has too many %s', (_, text, problem) => {
    expect(() => parseYaml(text, 'run.yaml', 'MANIFEST', limits)).toThrow(HearsayError)
    expect(() => parseYaml(text, 'run.yaml', 'MANIFEST', limits)).toThrow(problem)
  })

  it.each([
    ['brackets in texts and comments', 'a: "[[[[[[[["\nb: x[[[[[[[[\n# [[[[[[[[[\n'],
    ['many lists that are closed', `a: [${'[0, 1], '.repeat(40)}]\n`],
    ['depth at the limit', '[[[[[[1]]]]]]'],
    ['blocks side by side', 'a:\n  - b: 1\n  - b: 2\nc:\n  - b: 3\n'],
  ])('is not one with %s', (_, text) => {
    expect(shapeProblem(text, limits)).toBeUndefined()
  })

  it('is none that Hearsay writes, nor any of its topologies', async () => {
    expect(shapeProblem(manifestYaml(parseManifest({})))).toBeUndefined()
    for (const file of await readdir('topologies')) {
      expect(shapeProblem(await readFile(join('topologies', file), 'utf8'))).toBeUndefined()
    }
    const member = (i: number): string => `  - name: p${i}\n    id: "12D3"\n    addresses: ["/ip4/127.0.0.1/tcp/1"]\n`
    const edges = Array.from({ length: 1024 }, (_, i) => `[${i}, ${(i + 1) % 1024}]`).join(', ')
    const members = Array.from({ length: 1024 }, (_, i) => member(i)).join('')
    expect(shapeProblem(`topology: {kind: edges, edges: [${edges}]}\nmembers:\n${members}`)).toBeUndefined()
  })
})
