import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { expectAccessible, expectPrintable, hasBrowser, launched, opened } from './browser.js'
import { hearsay, readJson, temporaryFolder, tiny } from './hearsay.js'

const files = ['--html', 'page.html', '--csv', 'runs.csv', '--latex', 'table.tex']

/** Two methods with two seeds each: their folders. */
async function fourRuns(cwd: string): Promise<string[]> {
  const runs = ['dfedavg', 'dfedsam'].flatMap(merge =>
    ['1', '2'].map(seed => ({ merge, seed, out: `${merge}-${seed}` })),
  )
  for (const { merge, seed, out } of runs) {
    const small = '--peers 2 --rounds 2 --no-baselines --json --transport memory'.split(' ')
    const flags = ['--merge', merge, '--seed', seed, ...small]
    const { status, stderr } = await hearsay(['simulate', ...tiny, ...flags, '--out', out], cwd)
    expect([status, stderr]).toEqual([0, expect.any(String)])
  }
  return runs.map(({ out }) => out)
}

it('hearsay compare has the figures of the summaries, on a terminal, as CSV and LaTeX, and in a page', async () => {
  const cwd = await temporaryFolder()
  const folders = await fourRuns(cwd)
  const { status, stdout } = await hearsay(['compare', ...folders, ...files], cwd)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^digits: accuracy, 2 variants, 4 runs$/m)
  expect(stdout).toMatch(/^ 2 merge\.method: dfedsam +2 +[+−]\d+\.\d +–$/m)
  const means = await Promise.all(
    folders.map(async folder => {
      const { accuracy } = await readJson<{ accuracy: { mean: number } }>(join(cwd, folder, 'summary.json'))
      return accuracy.mean
    }),
  )
  const rows: Record<string, string>[] = parse(await readFile(join(cwd, 'runs.csv')), { columns: true })
  expect(rows.map(row => row.folder)).toEqual(folders)
  for (const [at, row] of rows.entries()) expect(Number(row.quality)).toBeCloseTo(means[at]!, 9)
  const shown = `${(50 * (means[0]! + means[1]!)).toFixed(1)}`
  expect(stdout).toContain(shown)
  expect(await readFile(join(cwd, 'table.tex'), 'utf8')).toContain(`${shown} $\\pm$`)
  expect(await hearsay(['compare', '.'], cwd)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^error: \.: has no manifest\.yaml, so it is no run folder/),
  })
  // What a page holds is tested without a Chromium, in test/compare.
  if (!hasBrowser) return
  await using browser = await launched()
  const { page, complaints } = await opened(browser, pathToFileURL(join(cwd, 'page.html')).href)
  const figures = page.getByRole('table', { name: /^Figures/ })
  expect(await figures.locator('tbody tr').first().locator('td').allTextContents()).toEqual(
    expect.arrayContaining(['merge.method: dfedavg', expect.stringMatching(`^${shown} ±`)]),
  )
  await figures.getByRole('columnheader', { name: '#' }).getByRole('button').press('Enter')
  expect(await figures.locator('tbody tr').first().locator('td').nth(1).textContent()).toBe('merge.method: dfedsam')
  await page.getByLabel('Drawn by').selectOption('bytes')
  await page.getByRole('checkbox', { name: /dfedavg/ }).uncheck()
  expect(await page.locator('canvas').count()).toBeGreaterThan(2)
  expect(complaints).toEqual([])
  await expectPrintable(page)
  await expectAccessible(page)
})
