import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

/** Debian's, as `.ci/run` installs it. */
const executablePath = process.env.HEARSAY_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** No Chromium is no failure: what a page holds is tested without one, too. */
export const hasBrowser = existsSync(executablePath)

export function launched(): Promise<Browser> {
  // As root, as in a container, Chromium has no sandbox of its own.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** An open page, and what it should not have done. */
export interface Opened {
  readonly page: Page
  /** What a console has shown, errors, and requests that went elsewhere. */
  readonly complaints: string[]
}

/** Opens a page. @param isOwn - whether a request belongs to it, besides that for the page itself */
export async function opened(browser: Browser, url: string, isOwn = (_: string): boolean => false): Promise<Opened> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => request.isNavigationRequest() || isOwn(request.url()) || complaints.push(request.url()))
  await page.goto(url)
  await page.locator('h1').waitFor()
  return { page, complaints }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** Expects that an accessibility checker finds nothing serious, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const violations = await page.evaluate<Violation[]>('axe.run().then(({ violations }) => violations)')
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const found = serious.map(({ id, nodes }) => ({
      id,
      nodes: nodes.slice(0, 3).map(node => node.failureSummary + node.html),
    }))
    expect({ colorScheme, found }).toEqual({ colorScheme, found: [] })
  }
}

/** A4 less margins of 1 cm, in pixels of CSS. */
const paper = { width: 718, height: 1047 }

/** Finds what does not stay within its place on paper, and the charts that lie upon each other; a browser runs it. */
const misplaced = `(() => {
  const boxes = selector => [...document.querySelectorAll(selector)].map(of => ({ of, ...of.getBoundingClientRect().toJSON() }))
  const name = ({ of, left, right }) => of.tagName + ' ' + of.className + ' ' + left + ' to ' + right
  const wide = boxes('canvas, table, pre, dd').filter(({ of, left, right }) => {
    const around = of.closest('figure, section, main').getBoundingClientRect()
    return left < around.left - 1 || right > around.right + 1 || right > innerWidth
  })
  const charts = boxes('.uplot canvas')
  const overlapping = charts.filter((a, at) =>
    charts.slice(0, at).some(b => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))
  const squeezed = charts.filter(({ of, width, height }) => Math.abs(width / height / (of.width / of.height) - 1) > 0.02)
  return [...wide, ...overlapping, ...squeezed].map(name)
})()`

/** Expects that a page as it was drawn on a screen fits on paper. */
export async function expectPrintable(page: Page): Promise<void> {
  const before = page.viewportSize()!
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize(paper)
  expect(await page.evaluate(misplaced)).toEqual([])
  await page.emulateMedia({ media: null })
  await page.setViewportSize(before)
}

/** Presses Tab until an element has the focus; fails where it is not reached. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)) return
  }
  throw new Error(`the keyboard does not reach ${selector}`)
}
