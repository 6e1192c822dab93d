// The pictures of the dashboard and the report in the README, from a real run, which takes a minute:
//
//   npm run build && node scripts/pictures/run.js
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import sharp from 'sharp'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** As high as the graph lies. */
const size = { width: 1240, height: 1880 }
const rounds = 20
const flags =
  `--model mlp --peers 16 --topology exponential --rounds ${rounds} --no-baselines --fail 5@12 --attack bit-flip=10:11@6`.split(
    ' ',
  )

const folder = mkdtempSync(join(tmpdir(), 'hearsay-picture-'))
const browser = await chromium.launch({
  executablePath: process.env.HEARSAY_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
try {
  const out = join(folder, 'x-rays')
  const args = ['dist/cli/main.js', 'simulate', ...flags, '--out', out, '--watch']
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const page = await browser.newPage({ viewport: size, colorScheme: 'dark' })
  for await (const line of createInterface({ input: child.stderr })) {
    const [, address] = /^dashboard (\S+)$/.exec(line) ?? []
    if (address !== undefined) await page.goto(address)
    if (line.startsWith(`round ${Math.round(0.7 * rounds)}/`)) await picture(page, 'dashboard')
  }
  await ended
  const report = await browser.newPage({ viewport: size, colorScheme: 'light' })
  await report.goto(pathToFileURL(join(out, 'report.html')).href)
  await picture(report, 'report')
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}

/** What a page shows at first, in few colours. */
async function picture(page, name) {
  await page.locator('canvas.graph').waitFor()
  const png = await page.screenshot()
  await sharp(png)
    .png({ palette: true, colours: 64, effort: 10 })
    .toFile(join(root, 'docs', `${name}.png`))
}
