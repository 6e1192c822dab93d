import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/watch/index.js'
import { expectAccessible, hasBrowser, launched, opened, tabTo } from './browser.js'
import { readJson, root, startHearsay, temporaryFolder, tiny } from './hearsay.js'
import { manifestFile, startPeer } from './peers.js'

/** A peer that calls itself so must stay text. */
const hostile = '<img src=x onerror=globalThis.marked=1>'
const isOver = /^This is all/
const address = /^dashboard (http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/)$/m

/** A manifest of sixteen peers that are named by a table's cells, one of them badly. */
async function sixteen(cwd: string): Promise<void> {
  const sites = [hostile, ...Array.from({ length: 15 }, (_, at) => `site-${at}`)]
  const rows = sites.flatMap((site, at) =>
    Array.from({ length: 20 + at }, (_, i) => `${i},${(i * 7) % 11},${site},${i % 2 === 0 ? 'ill' : 'well'}`),
  )
  await writeFile(join(cwd, 'sites.csv'), ['age,weight,site,outcome', ...rows].join('\n'))
  const run = 'data: { set: sites.csv, peerColumn: site }\nmodel: logistic\npeers: 16\nrounds: 12\n'
  await writeFile(join(cwd, 'run.yaml'), run)
}

/** Rows of the table of peers: name, samples, accuracy. */
async function peersOn(page: Page): Promise<string[][]> {
  const rows = page.getByRole('table', { name: /^Peers/ }).locator('tbody tr')
  const cells = await rows.evaluateAll(all =>
    all.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent)),
  )
  return cells.map(row => row.slice(1, 4)).sort()
}

describe.skipIf(!hasBrowser)('a dashboard in Chromium', () => {
  let browser: Browser
  let cwd: string
  beforeAll(async () => {
    browser = await launched()
    cwd = await temporaryFolder()
    await sixteen(cwd)
  })
  afterAll(() => browser?.close())

  /** Expects a page to show what summary.json has. */
  async function expectSummary(page: Page): Promise<void> {
    const { perPeer, fairness } = await readJson<RunSummary>(join(cwd, 'run', 'summary.json'))
    expect(await peersOn(page)).toEqual(
      perPeer.map(({ name, samples, accuracy }) => [name, String(samples), `${(100 * accuracy!).toFixed(1)} %`]).sort(),
    )
    expect(await page.getByText(`${fairness!.worst.name}: ${(100 * fairness!.worst.value).toFixed(1)} %`).count()).toBe(
      1,
    )
    await page.getByRole('table', { name: 'Figures of each class' }).waitFor()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('globalThis.marked')).toBeUndefined()
  }

  it('shows a run that is opened in its middle, as summary.json has it in the end; and takes no name for markup', async () => {
    const args = 'simulate run.yaml --workers 1 --backend wasm --no-baselines --out run --watch'
    const { says, ended } = startHearsay(args.split(' '), cwd)
    const [, url] = await says(address)
    const { page, complaints } = await opened(browser, url!, other => other.startsWith(url!))
    expect((await fetch(new URL('/', url))).status).toBe(404)
    await page.getByRole('status').filter({ hasText: isOver }).waitFor({ timeout: 120_000 })
    expect(await page.getByRole('status').first().textContent()).toContain('over after round 12 of 12')
    expect((await ended).status).toBe(0)
    await expectSummary(page)
    expect(complaints).toEqual([])
    await page.close()
  })

  it('is what hearsay watch shows of a run that is over: accessible, and all of it by keyboard', async () => {
    const { child, ended } = startHearsay(['watch', 'run'], cwd)
    const url = await new Promise<string>(resolve =>
      child.stdout!.on('data', (text: string) => resolve(address.exec(text)?.[1] ?? text)),
    )
    const { page, complaints } = await opened(browser, url, other => other.startsWith(url))
    await page.getByRole('status').filter({ hasText: 'The run is over after round 12 of 12.' }).waitFor()
    await expectSummary(page)
    expect(await page.getByRole('button', { name: 'Save now' }).count()).toBe(0)
    await expectAccessible(page)
    await tabTo(page, 'th button')
    await page.keyboard.press('Enter')
    expect(await page.locator('th[aria-sort=descending]').count()).toBe(1)
    await tabTo(page, 'input[type=range]')
    await page.keyboard.press('Home')
    const graph = page.getByRole('img', { name: /^Round 1: 16 peers/ })
    await graph.press('ArrowRight')
    expect(await page.locator('output.pointed').first().textContent()).toMatch(
      /^0: .* samples · last heard in round 1 /,
    )
    expect(complaints).toEqual([])
    child.kill('SIGINT')
    expect((await ended).status).toBe(0)
    await page.getByRole('status').filter({ hasText: isOver }).waitFor()
    await page.close()
  })

  it('of a peer in the field has its own view, and buttons that tell what came of them', async () => {
    const manifest = await manifestFile({ rounds: 1_000_000, minPeers: 1 })
    const peer = startPeer(manifest, join(await temporaryFolder(), 'run'), ['--alone', '--watch'])
    const [, url] = await peer.prints(address)
    const { page, complaints } = await opened(browser, url!, other => other.startsWith(url!))
    const view = page.getByRole('region', { name: 'This peer' })
    const told = view.getByRole('status')
    await view.getByRole('button', { name: 'Save now' }).click()
    await told.filter({ hasText: /save: saved, / }).waitFor()
    await view.getByRole('button', { name: 'Evaluate now' }).press('Enter')
    await told.filter({ hasText: /evaluate: accuracy \d/ }).waitFor()
    await expectAccessible(page)
    await view.getByRole('button', { name: 'Leave cleanly' }).click()
    await view.getByRole('button', { name: /press again/ }).click()
    await page.getByRole('status').filter({ hasText: isOver }).waitFor()
    expect((await peer.running.ended).status).toBe(130)
    expect(await readdir(peer.out)).toEqual(expect.arrayContaining(['checkpoints', 'report.html', 'summary.json']))
    expect(complaints).toEqual([])
    await page.close()
  })
})

it.runIf(process.platform === 'linux')(
  'a run goes on where no browser can be opened, and one line says so',
  async () => {
    const folder = join(await temporaryFolder(), 'run')
    const run = [...tiny, '--peers', '2', '--rounds', '2', '--no-baselines', '--out', folder]
    // Neither an opener nor a desktop whose opener would be asked.
    const nowhere = ['/usr/bin/env', '-u', 'DISPLAY', '-u', 'WAYLAND_DISPLAY', '-u', 'BROWSER', 'PATH=/nowhere']
    const { says, ended } = startHearsay(['simulate', ...run, '--open'], root, nowhere)
    await says(address)
    await says(/^no browser was opened: what opens it has ended with status \d+; open the address yourself$/m)
    expect(await ended).toMatchObject({ status: 0 })
  },
)
