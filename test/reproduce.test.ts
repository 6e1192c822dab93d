import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { type ManifestInput, parseManifest } from '../src/node/index.js'

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

interface Cell {
  readonly seed: number
  readonly set: string
  readonly graph: string
  readonly rule: string
  readonly attackers: number
  readonly attack: string | null
}
interface Robust {
  readonly rules: object
  readonly attacks: object
  cellsOf(options: { readonly quick: boolean }): Cell[]
  settingOf(cell: Cell, options: { readonly quick: boolean }): { readonly manifest: ManifestInput } | undefined
  tables(records: readonly object[]): string
}
const robust = {
  ...(await import(new URL('robust-runs.js', folder).href)),
  ...(await import(new URL('robust-tables.js', folder).href)),
} as Robust

interface PrivateCell {
  readonly seed: number
  readonly set: string
  readonly method: string
  readonly budget: number | null
}
interface Private {
  readonly sets: object
  readonly methods: readonly string[]
  readonly budgets: readonly (number | null)[]
  cellsOf(options: { readonly quick: boolean }): PrivateCell[]
  manifestOf(cell: PrivateCell, options: { readonly quick: boolean }): ManifestInput | undefined
  tables(records: readonly object[]): string
  panels(records: readonly object[]): readonly { readonly rows: readonly { readonly values: readonly number[] }[] }[]
}
const privately = {
  ...(await import(new URL('private-runs.js', folder).href)),
  ...(await import(new URL('private-tables.js', folder).href)),
} as Private

interface BytesCell {
  readonly seed: number
  readonly set: string
  readonly graph: string
  readonly setting: string
}
interface Bytes {
  readonly sets: object
  readonly settings: object
  readonly aims: object
  cellsOf(options: { readonly quick: boolean }): BytesCell[]
  manifestOf(cell: BytesCell, folder: string, options: { readonly quick: boolean }): ManifestInput
  tables(records: readonly object[]): string
  panels(records: readonly object[]): readonly { readonly points: readonly object[] }[]
}
const bytes = {
  ...(await import(new URL('bytes-runs.js', folder).href)),
  ...(await import(new URL('bytes-tables.js', folder).href)),
} as Bytes
const { scatter } = (await import(new URL('scatter.js', folder).href)) as {
  scatter(name: string, panels: readonly object[]): string
}

const temporary = mkdtempSync(join(tmpdir(), 'hearsay-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

describe('npm run reproduce', () => {
  it.each([
    [[], 'error: name one of dflmoe, robust, private, bytes\n'],
    [['dflmoe', 'dfedsam'], 'error: name one of dflmoe, robust, private, bytes\n'],
    [['dflmo'], 'error: there is no "dflmo"; there are dflmoe, robust, private, bytes\n'],
    // An object's own names only: "constructor" is no paper.
    [['constructor'], 'error: there is no "constructor"; there are dflmoe, robust, private, bytes\n'],
    [['dflmoe', '--backend', 'cuda'], 'error: --backend cuda: must be one of auto, node-gpu, webgpu, node, wasm\n'],
    [['robust', '--minutes', '5'], 'error: --minutes goes with bytes; remove it\n'],
    [['bytes', '--minutes', 'soon'], 'error: --minutes soon: must be a number above 0\n'],
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

describe('robust', () => {
  const cells = robust.cellsOf({ quick: false })
  const settings = cells.map(cell => robust.settingOf({ ...cell, set: 'pneumoniamnist' }, { quick: false }))

  it('has every attack against every rule, by seed, and manifests that are valid', () => {
    const attacked = new Set(cells.map(({ rule, attack }) => `${rule} ${attack}`))
    expect(attacked.size).toBe(Object.keys(robust.rules).length * (Object.keys(robust.attacks).length + 1))
    expect(new Set(cells.map(({ seed }) => seed))).toEqual(new Set([1, 2, 3]))
    for (const setting of settings.filter(setting => setting !== undefined)) parseManifest(setting.manifest)
  })

  it('leaves out only cells in which the condition of a rule does not hold', () => {
    const left = cells.filter((_, at) => settings[at] === undefined)
    expect(left.length).toBeGreaterThan(0)
    for (const { graph, rule, attackers } of left) {
      expect([graph, attackers > 0, ['none', 'clip', 'balance', 'ubar', 'centred-clip'].includes(rule)]).toEqual([
        'regular',
        true,
        false,
      ])
    }
  })

  it('judges by the differences to plain averaging that nobody attacks, seed by seed', () => {
    const records = cells
      .filter(({ set, graph }) => set === 'pneumoniamnist' && graph === 'full')
      .map(cell => ({ ...cell, accuracy: 0.8 + cell.seed / 100 - (cell.attack === 'IPM, 1' ? 0.03 : 0) }))
      .map(record => (record.attack === 'backdoor' ? { ...record, backdoor: 0.2, mistaken: 0.1 } : record))
    const text = robust.tables(records)
    expect(text).toContain('every attack within 2 points of no attack | −3.0 ± 0.0 (IPM, 1) | no |')
    expect(text).toContain('every attack within 4 points of no attack | −3.0 ± 0.0 (IPM, 1) | yes |')
    expect(text).toContain('median, no attack: within a point | +0.0 ± 0.0 | yes |')
    expect(text).toContain('backdoor below 15 % | 20.0 ± 0.0 (without the trigger, by mistake: 10.0 ± 0.0) | no |')
  })
})

describe('private', () => {
  const cells = privately.cellsOf({ quick: false })

  it('has every budget with every method on every set, by seed, and manifests that are valid', () => {
    const { sets, methods, budgets } = privately
    expect(cells).toHaveLength(3 * Object.keys(sets).length * methods.length * budgets.length)
    const shipped = cells.filter(({ set }) => set !== 'mnist')
    for (const cell of shipped) {
      const manifest = parseManifest(privately.manifestOf(cell, { quick: false })!)
      expect(manifest.privacy?.budget ?? null).toBe(cell.budget)
    }
  })

  it('shows what a budget costs seed by seed, and what an attacker has by it', () => {
    const records = cells
      .filter(({ set }) => set === 'heart-disease')
      .map(cell => ({
        ...cell,
        accuracy: 0.8 + cell.seed / 100 - (cell.budget === null ? 0 : 0.1 / cell.budget),
        ...{ loss: 0.6, shadows: cell.budget === null ? 0.7 : 0.5, found: 0.01, gap: 0.02 },
      }))
    const text = privately.tables(records)
    expect(text).toContain('| dfedsam | 2 | 77.0 ± 1.0 | 60.0 ± 0.0 | 50.0 ± 0.0 | 1.0 ± 0.0 | 2.0 ± 0.0 |')
    expect(text).toContain('| dfedavg | ∞ | 82.0 ± 1.0 | 60.0 ± 0.0 | 70.0 ± 0.0 |')
    expect(text).toMatch(/hospitals: dfedsam \| −5\.0 ± 0\.0 \| −2\.5 ± 0\.0 \| −1\.2 ± 0\.0 \|/)
    expect(privately.panels(records).map(({ rows }) => rows.length)).toEqual([8, 8])
  })
})

describe('bytes', () => {
  const cells = bytes.cellsOf({ quick: false })

  it('has every setting on its sets, by seed, and manifests that are valid', () => {
    const { settings, aims } = bytes
    const made = new Set(cells.map(({ seed, set, setting }) => `${seed} ${set} ${setting}`))
    const onBoth = Object.values(settings).filter(({ sets }) => sets !== undefined)
    expect(onBoth.length).toBeGreaterThan(5)
    expect(made.size).toBe(3 * (Object.keys(settings).length + onBoth.length))
    for (const cell of cells) parseManifest(bytes.manifestOf(cell, 'a folder', { quick: false }))
    expect(Object.keys(settings)).toEqual(expect.arrayContaining(Object.keys(aims)))
  })

  it('compares bytes and accuracy with plain gossip on the same graph, seed by seed', () => {
    const isAimed = (setting: string): boolean => setting in bytes.aims
    const records = cells
      .filter(({ set }) => set === 'mnist')
      .map(cell => ({
        ...cell,
        accuracy: 0.8 + cell.seed / 100 - (isAimed(cell.setting) ? 0.004 : 0),
        bytes: (isAimed(cell.setting) ? 1e6 : 35e6) * (cell.graph === 'exponential' ? 2 : 1),
      }))
    const text = bytes.tables(records)
    expect(text).toContain('topk 1 %, choco: 30 times fewer bytes within 0.5 points | 35.0 | −0.4 ± 0.0 | 3 | yes |')
    expect(text).toContain('single merging: 10 times fewer bytes within 1 points | 35.0 | −0.4 ± 0.0 | 3 | yes |')
    expect(text).toContain('| How numbers travel | topk 1 %, choco | 81.6 ± 1.0 | −0.4 ± 0.0 | 1.00 | 35.0 | 3 |')
    const some = bytes.tables(records.filter(({ seed, setting }) => seed === 1 || setting === 'f32'))
    expect(some).toContain('| How numbers travel | topk 1 %, choco | 80.6 ± 0.0 | −0.4 ± 0.0 | 1.00 | 35.0 | 1 |')
    const worse = records.map(record => (isAimed(record.setting) ? { ...record, accuracy: 0.7 } : record))
    expect(bytes.tables(worse)).toContain('| 35.0 | −12.0 ± 1.0 | 3 | no |')
    const panels = bytes.panels(records)
    expect(panels).toHaveLength(3)
    expect(scatter('bytes', panels).match(/<circle/g)).toHaveLength(panels.flatMap(({ points }) => points).length)
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
