/*
 * The picture of a comparison in the README, of nine runs that this makes: docs/comparison.png. Needs Debian's chromium.
 *
 *   npm run build && node scripts/pictures/compare.js
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('../../', import.meta.url))
const task = ['--data', 'digits', '--model', 'mlp', '--peers', '8', '--partition', 'dirichlet:0.1', '--rounds', '20']
const folder = mkdtempSync(join(tmpdir(), 'hearsay-picture-'))
const hearsay = (...args) =>
  execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { cwd: folder, encoding: 'utf8' })

try {
  const runs = ['dfedavg', 'dfedsam', 'dfedsam-mgs'].flatMap(method =>
    ['1', '2', '3'].map(seed => {
      const out = `${method}-${seed}`
      hearsay('simulate', ...task, '--merge', method, '--seed', seed, '--no-baselines', '--json', '--out', out)
      return out
    }),
  )
  process.stdout.write(hearsay('compare', ...runs, '--html', 'page.html'))
  const browser = await chromium.launch({
    executablePath: process.env.HEARSAY_TEST_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  const page = await browser.newPage({ viewport: { width: 1240, height: 1010 }, colorScheme: 'light' })
  await page.goto(pathToFileURL(join(folder, 'page.html')).href)
  await page.locator('canvas').first().waitFor()
  await page.screenshot({ path: join(root, 'docs/comparison.png') })
  await browser.close()
} finally {
  rmSync(folder, { recursive: true })
}
