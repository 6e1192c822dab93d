import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/watch/index.js'
import { expectAccessible, expectPrintable, hasBrowser, launched, type Opened, opened as openedIn } from './browser.js'
import { hearsay, readJson, temporaryFolder } from './hearsay.js'

/** A peer that calls itself so must stay text. */
const hostile = '<img src=x onerror=globalThis.marked=1>'

/** Peers that are named by a table's cells, one of them badly. */
async function runIn(cwd: string): Promise<string> {
  const rows = ['boston', hostile, 'zurich'].flatMap((site, at) =>
    Array.from({ length: 30 + 10 * at }, (_, i) => `${i},${(i * 7) % 11},${site},${i % 2 === 0 ? 'ill' : 'well'}`),
  )
  await writeFile(join(cwd, 'sites.csv'), ['age,weight,site,outcome', ...rows].join('\n'))
  await writeFile(
    join(cwd, 'run.yaml'),
    'data: { set: sites.csv, peerColumn: site }\nmodel: logistic\npeers: 3\nrounds: 3\nexchange: { rounds: 2, final: true }\n',
  )
  const args = 'simulate run.yaml --workers 1 --backend wasm --out run'
  const { status, stdout, stderr } = await hearsay(args.split(' '), cwd)
  expect([status, stderr]).toEqual([0, expect.any(String)])
  expect(stdout).toMatch(/^report, for a browser +run\/report\.html$/m)
  return join(cwd, 'run')
}

describe.skipIf(!hasBrowser)('a report in Chromium', () => {
  let browser: Browser
  let run: string
  beforeAll(async () => {
    browser = await launched()
    run = await runIn(await temporaryFolder())
  })
  afterAll(() => browser?.close())

  const opened = (path: string): Promise<Opened> => openedIn(browser, pathToFileURL(path).href)

  it('has the figures of summary.json, complains of nothing, asks for nothing, and takes no name for markup', async () => {
    const { page, complaints } = await opened(join(run, 'report.html'))
    const { perPeer } = await readJson<RunSummary>(join(run, 'summary.json'))
    const rows = page.getByRole('table', { name: /^Peers/ }).locator('tbody tr')
    const cells = await rows.evaluateAll(all =>
      all.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent)),
    )
    expect(cells.map(row => row.slice(1, 4)).sort()).toEqual(
      perPeer.map(({ name, samples, accuracy }) => [name, String(samples), `${(100 * accuracy!).toFixed(1)} %`]).sort(),
    )
    expect(cells.map(row => row[1])).toContain(hostile)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('globalThis.marked')).toBeUndefined()
    expect(complaints).toEqual([])
    await page.close()
  })

  it('sorts its table by a heading, with the keyboard too, the other way round the second time', async () => {
    const { page } = await opened(join(run, 'report.html'))
    const table = page.getByRole('table', { name: /^Peers/ })
    const samples = () => table.locator('tbody tr td:nth-child(3)').allTextContents()
    const heading = table.getByRole('columnheader', { name: 'samples' })
    await heading.getByRole('button').click()
    const descending = (await samples()).map(Number)
    expect(descending).toEqual([...descending].sort((a, b) => b - a))
    expect(await heading.getAttribute('aria-sort')).toBe('descending')
    await heading.getByRole('button').press('Enter')
    expect((await samples()).map(Number)).toEqual(descending.reverse())
    await page.close()
  })

  it('shows any round of the graph, and tells of a peer that the arrow keys reach', async () => {
    const { page, complaints } = await opened(join(run, 'report.html'))
    const graph = page.getByRole('img', { name: /^Round 3: 3 peers/ })
    await graph.press('ArrowRight')
    expect(await page.locator('output.pointed').textContent()).toMatch(
      /^0: .*no exchange in this round · received from/,
    )
    await page.getByText('No exchange. Final merge at 3 peers.').waitFor()
    await page.getByRole('slider', { name: 'Round' }).fill('0')
    await page.getByRole('img', { name: /^Round 1: 3 peers, 0 heads/ }).waitFor()
    await page.getByText('No exchange.', { exact: true }).waitFor()
    await page.getByRole('slider', { name: 'Round' }).fill('1')
    await page.getByRole('img', { name: /^Round 2: 3 peers, 6 heads/ }).waitFor()
    expect(await page.getByText('No exchange').count()).toBe(0)
    expect(complaints).toEqual([])
    await expectAccessible(page)
    await page.close()
  })

  it('fits on paper: nothing runs off it, and no chart lies upon another', async () => {
    const { page, complaints } = await opened(join(run, 'report.html'))
    await expectPrintable(page)
    expect(complaints).toEqual([])
    await page.close()
  })

  it('is made by hearsay report for a run that has none, and not for a folder that is no run', async () => {
    const cwd = await temporaryFolder()
    await mkdir(join(cwd, 'old'))
    for (const file of ['manifest.yaml', 'metrics.jsonl']) {
      await writeFile(join(cwd, 'old', file), await readFile(join(run, file)))
    }
    const { status, stdout } = await hearsay(['report', 'old'], cwd)
    expect([status, stdout]).toEqual([0, 'old/report.html\n'])
    const { page, complaints } = await opened(join(cwd, 'old', 'report.html'))
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('old')
    expect(complaints).toEqual([])
    await page.close()
    expect(await hearsay(['report', '.'], cwd)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^error: \.: has no manifest\.yaml, so it is no run folder/),
    })
  })
})
