import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HearsayError } from '../src/errors.js'
import { parseYaml, readYaml, yamlLimitBytes } from '../src/yaml.js'

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
    ['rounds: 1\nrounds: 2\n', /^run\.yaml:2:1: Map keys must be unique$/],
    ['rounds: "3\n', /^run\.yaml:2:1: Missing closing/],
    ['rounds: 3\n---\nrounds: 4\n', /^run\.yaml:2:1: a second document begins here/],
    ['rounds: *other\n', /^run\.yaml: Unresolved alias .*other$/],
  ])('%j', (text, message) => {
    const parse = (): unknown => parseYaml(text, 'run.yaml', 'MANIFEST')
    expect(parse).toThrow(HearsayError)
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(/\n/)
  })

  it('when a few lines of aliases stand for gigabytes', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      lines.push(`${name}: &${name} [${new Array(9).fill(`*${before}`).join(',')}]`)
    }
    expect(() => parseYaml(lines.join('\n'), 'run.yaml', 'MANIFEST')).toThrow(/^run\.yaml: Excessive alias count/)
  })

  it('when it is larger than any manifest, and it is not read', async () => {
    const path = await fileOf(`#${'x'.repeat(yamlLimitBytes)}`)
    await expect(readYaml(path, 'TOPOLOGY')).rejects.toMatchObject({
      code: 'TOPOLOGY',
      message: `${path}: ${yamlLimitBytes + 1} bytes; at most ${yamlLimitBytes} are read`,
    })
    const largest = await fileOf(`#${'x'.repeat(yamlLimitBytes - 1)}`)
    expect((await readYaml(largest, 'TOPOLOGY')).value).toBeNull()
  })

  it('when it is not there, or a folder', async () => {
    await expect(readYaml('nowhere.yaml', 'MANIFEST')).rejects.toThrow('nowhere.yaml: there is no such file or folder')
    await expect(readYaml(tmpdir(), 'MANIFEST')).rejects.toThrow('is a folder, not a file')
  })
})
