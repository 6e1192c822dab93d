import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../scripts/reproduce/index.js', import.meta.url))
const reproduce = (...args: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [script, ...args])

// Scripts are JavaScript without declarations: what is used of them is said here.
interface Statistics {
  deviation(values: readonly number[]): number
  percent(values: readonly number[]): string
  points(values: readonly number[]): string
  verdict(differences: readonly number[], least?: number): string
}
interface Page {
  writePage(path: string, title: string, text: string): void
}
const folder = new URL('../scripts/reproduce/', import.meta.url)
const { deviation, percent, points, verdict } = (await import(new URL('statistics.js', folder).href)) as Statistics
const { writePage } = (await import(new URL('page.js', folder).href)) as Page

const temporary = mkdtempSync(join(tmpdir(), 'hearsay-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

describe('npm run reproduce', () => {
  it.each([
    [[], 'error: name one paper: dflmoe\n'],
    [['dflmoe', 'dfedsam'], 'error: name one paper: dflmoe\n'],
    [['dflmo'], 'error: there is no paper "dflmo"; there are dflmoe\n'],
    // An object's own names only: "constructor" is no paper.
    [['constructor'], 'error: there is no paper "constructor"; there are dflmoe\n'],
    [['dflmoe', '--backend', 'cuda'], 'error: --backend cuda: must be one of auto, node-gpu, webgpu, node, wasm\n'],
  ])('refuses %j', async (args, stderr) => {
    await expect(reproduce(...args)).rejects.toMatchObject({ code: 2, stderr, stdout: '' })
  })

  it('refuses a flag that it does not know', async () => {
    await expect(reproduce('dflmoe', '--fast')).rejects.toMatchObject({ code: 2, stdout: '' })
  })
})

describe('the page', () => {
  it('is written anew between its marks only', () => {
    const path = join(temporary, 'page.md')
    writePage(path, 'Title', 'one')
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('# Title\n', '# Title\n\nBy hand, before.\n').concat('\nBehind.\n'),
    )
    writePage(path, 'Other title', 'two $& $1')
    const text = readFileSync(path, 'utf8')
    expect(text).toMatch(/^# Title\n\nBy hand, before\.\n[\s\S]*two \$& \$1[\s\S]*\nBehind\.\n$/)
    expect(text).not.toContain('one')
  })

  it('is left alone when its marks are gone', () => {
    const path = join(temporary, 'own.md')
    writeFileSync(path, 'mine')
    expect(() => writePage(path, 'Title', 'text')).toThrow('has lost the lines')
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })
})

describe('its statistics', () => {
  it('are of a sample', () => {
    expect(deviation([1, 2, 3])).toBe(1)
    expect(deviation([5])).toBe(0)
    expect(percent([0.8, 0.82, 0.84])).toBe('82.0 ± 2.0')
    expect(points([-0.01, -0.02, -0.03])).toBe('−2.0 ± 1.0')
  })

  it('call a relation shown only when the spread allows', () => {
    expect(verdict([0.02, 0.03, 0.04])).toBe('yes')
    expect(verdict([-0.02, -0.03, -0.04])).toBe('no')
    expect(verdict([-0.02, 0.03, 0.01])).toBe('within the spread')
    expect(verdict([-0.004, -0.003, -0.002], -0.01)).toBe('yes')
    expect(verdict([0.5])).toBe('one seed')
  })
})
