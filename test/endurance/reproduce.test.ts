import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/reproduce/index.js', import.meta.url))
const reproduce = (...args: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [script, ...args])

const temporary = mkdtempSync(join(tmpdir(), 'hearsay-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

describe('npm run reproduce', () => {
  it('runs every row, prints the tables and writes them beside a plot and the raw numbers', async () => {
    const { stdout } = await reproduce('dflmoe', '--quick', '--out', temporary)
    const page = readFileSync(join(temporary, 'dflmoe.md'), 'utf8')
    for (const title of ['One architecture', 'Different architectures', 'Communication disconnect', 'The relations']) {
      expect(stdout).toContain(title)
      expect(page).toContain(title)
    }
    expect(page).not.toMatch(/NaN|undefined|null/)
    const { runs } = JSON.parse(readFileSync(join(temporary, 'dflmoe.json'), 'utf8'))
    // The heads alone are a thousandth of the model: with all that goes along, a hundredth.
    const bytes = (name: string): number => runs.find((run: { name: string }) => run.name === name).bytes
    expect(bytes('mixture')).toBeLessThan(bytes('whole') / 50)
    expect(readFileSync(join(temporary, 'dflmoe.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/)

    const again = await reproduce('dflmoe', '--quick', '--resume', '--out', temporary)
    expect(again.stdout).not.toMatch(/^seed/m)
  })
})
