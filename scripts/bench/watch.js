import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.js'
import { median, print } from './measure.js'

const executablePath = process.env.HEARSAY_TEST_CHROMIUM ?? '/usr/bin/chromium'
const runScript = fileURLToPath(new URL('watch-run.js', import.meta.url))

/** Runs whose pages are drawn: 8, about 11 and 99 heads a peer and round. */
const shapes = [
  { peers: 200, rounds: 100, topology: 'exponential' },
  { peers: 200, rounds: 100, topology: 'erdos-renyi' },
  { peers: 100, rounds: 50, topology: 'full' },
]

/** A run whose cost with a dashboard is compared: 16 peers, tested every round: about ten seconds. */
const manifest = {
  seed: 1,
  peers: 16,
  rounds: 20,
  data: { set: 'digits' },
  model: 'mlp',
  merge: 'dfedavg',
  topology: 'ring',
}

/**
 * What the dashboard costs: a browser, which is to paint soon and to scroll through rounds smoothly, and the run, with
 * a reader, with a browser that draws on the same cores, and with one that stalls.
 *
 * @param {{ quick: boolean }} options
 */
export async function watch({ quick }) {
  if (!existsSync(executablePath)) {
    console.log(`\nwatch: there is no ${executablePath}; name a Chromium in HEARSAY_TEST_CHROMIUM`)
    return
  }
  const { chromium } = await import('playwright-core')
  const folder = mkdtempSync(join(tmpdir(), 'hearsay-bench-'))
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const rows = []
    for (const [at, shape] of shapes.entries()) rows.push(await drawn(browser, join(folder, `drawn-${at}`), shape))
    print('watch: a run replayed in Chromium (first paint below 1000 ms, frames below 100 ms)', [
      [
        '',
        'first paint ms',
        'whole run s',
        'scrubbing: frame p50 / p95 / longest ms',
        'CPU of a step p50 / longest ms',
        'peer by peer, longest ms',
      ],
      ...rows,
    ])
    await compare(browser, folder, quick ? 2 : 11)
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function drawn(browser, folder, shape) {
  const { createDashboard } = await import('../../dist/dashboard/index.js')
  const { writeRun } = await import('./written-run.js')
  await writeRun(folder, shape)
  const dashboard = createDashboard({ folder })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  try {
    const startedAt = performance.now()
    await page.goto(await dashboard.start())
    const last = `Round ${shape.rounds} of ${shape.rounds}`
    await page.getByRole('status').filter({ hasText: last }).waitFor({ timeout: 120_000 })
    const wholeSeconds = (performance.now() - startedAt) / 1000
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
    const slider = page.locator('input[type=range]').first()
    await slider.scrollIntoViewIfNeeded()
    // What is still being drawn of the replay is not scrubbing.
    await page.waitForTimeout(2000)
    const steps = (await stepped(page, slider, shape.rounds)).sort((a, b) => a - b)
    const scrubbed = (await slider.evaluate(scrub)).sort((a, b) => a - b)
    const pointed = (await page.locator('canvas.graph').evaluate(point)).sort((a, b) => a - b)
    const at = share => scrubbed[Math.min(scrubbed.length - 1, Math.floor(share * scrubbed.length))].toFixed(0)
    return [
      `${shape.peers} peers, ${shape.rounds} rounds, ${shape.topology}`,
      paint.toFixed(0),
      wholeSeconds.toFixed(1),
      [at(0.5), at(0.95), at(1)].join(' / '),
      `${median(steps).toFixed(1)} / ${steps.at(-1).toFixed(1)}`,
      pointed.at(-1).toFixed(0),
    ]
  } finally {
    await page.close()
    await dashboard.stop()
  }
}

/** What the page's main thread computes for each round that the slider goes to, in ms: other processes do not count. */
async function stepped(page, slider, rounds) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const taskMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value
  }
  const steps = []
  for (let round = 0; round < rounds; round++) {
    const before = await taskMs()
    await slider.evaluate(go, round)
    steps.push((await taskMs()) - before)
  }
  return steps
}

/** In the page: moves the slider to a round, and waits until that is drawn. */
async function go(slider, round) {
  slider.value = String(round)
  slider.dispatchEvent(new Event('input', { bubbles: true }))
  await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
}

/** In the page: moves the slider by a round a frame, there and back. @returns milliseconds of each frame */
async function scrub(slider) {
  const last = Number(slider.max)
  const frames = []
  let before = await new Promise(requestAnimationFrame)
  for (const round of [...Array(last).keys(), ...[...Array(last + 1).keys()].reverse()]) {
    slider.value = String(round)
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    const now = await new Promise(requestAnimationFrame)
    frames.push(now - before)
    before = now
  }
  return frames
}

/** In the page: goes to peer after peer. */
async function point(canvas) {
  const frames = []
  let before = await new Promise(requestAnimationFrame)
  for (let step = 0; step < 60; step++) {
    canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))
    const now = await new Promise(requestAnimationFrame)
    frames.push(now - before)
    before = now
  }
  return frames
}

/**
 * Opens nothing, a reader, a page, or a connection that takes no byte, before the run begins: that a process starts is no
 * cost of the run's. @returns a function that closes it
 */
const watchers = {
  'without a dashboard': async () => async () => {},
  // On another machine, or on cores that the run does not need: what the run itself pays.
  'with one, and a reader that does not draw': async address => {
    const reader = await readerOf(address)
    return async () => void reader.kill()
  },
  'with one, and a browser that draws on the same cores': async (address, browser) => {
    const page = await browser.newPage()
    await page.goto(address)
    await page.getByRole('status').first().waitFor()
    return () => page.close()
  },
  'with one, and a browser that stalls': async address => {
    const { port, pathname } = new URL(address)
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
    socket.write(`GET ${pathname}events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await once(socket, 'readable')
    return async () => socket.destroy()
  },
}

/** The same run again and again, in turn, each in a process of its own. */
async function compare(browser, folder, times) {
  const results = Object.fromEntries(Object.keys(watchers).map(name => [name, []]))
  let lastRun
  for (let time = 0; time < times; time++) {
    // Every second time in the other order: what comes first on a machine has it otherwise than what comes after.
    const inOrder = Object.entries(watchers)
    for (const [name, open] of time % 2 === 0 ? inOrder : inOrder.reverse()) {
      const isWatched = name.startsWith('without') ? 'no' : 'yes'
      lastRun = `run-${time}-${name.replaceAll(/\W/g, '-')}`
      const args = [runScript, JSON.stringify(manifest), join(folder, lastRun), isWatched]
      const child = await startChild(process.execPath, args)
      const close = await open(child.hello.address, browser)
      results[name].push(await child.ask('go'))
      await close()
      await child.stop()
    }
  }
  const [plain] = Object.values(results)
  const seconds = median(plain.map(({ seconds }) => seconds))
  const alone = await servedAlone(join(folder, lastRun), seconds)
  const share = (alone / median(plain.map(({ cpuSeconds }) => cpuSeconds))) * 100
  const more = (all, what) => {
    // Each run beside the one without that was next to it: a busy moment hits both.
    const ratios = all.map((result, time) => result[what] / plain[time][what])
    return `${((median(ratios) - 1) * 100).toFixed(1)} %`
  }
  const { peers, rounds } = manifest
  print(`watch: what it costs a run (${peers} peers, ${rounds} rounds, ${times} times in turn; below 2 %)`, [
    ['', 'seconds', 'CPU seconds', 'more seconds', 'more CPU'],
    ...Object.entries(results).map(([name, all]) => [
      name,
      median(all.map(({ seconds }) => seconds)).toFixed(2),
      median(all.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
      ...(all === plain ? ['', ''] : [more(all, 'seconds'), more(all, 'cpuSeconds')]),
    ]),
  ])
  console.log(
    `  serving a browser for as long, in a process that does nothing else: ${alone.toFixed(3)} CPU seconds, ${share.toFixed(1)} % of the run's`,
  )
}

/** A process that reads all that a dashboard tells, and has begun to. */
async function readerOf(address) {
  const program = `for await (const _ of (await fetch('${address}events')).body) process.stdout.write('.')`
  const reader = spawn(process.execPath, ['--input-type=module', '--eval', program])
  await once(reader.stdout, 'readable')
  reader.stdout.resume()
  return reader
}

/** CPU seconds of a process that only serves a reader: all events, and then looks for more as long as the run took. */
async function servedAlone(folder, seconds) {
  const { createDashboard } = await import('../../dist/dashboard/index.js')
  const dashboard = createDashboard({ folder })
  const address = await dashboard.start()
  const before = process.cpuUsage()
  const reader = await readerOf(address)
  await setTimeout(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  reader.kill()
  await dashboard.stop()
  return (user + system) / 1e6
}
