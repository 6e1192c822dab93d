import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Debian's, as `.ci/run` installs it. */
export const executablePath = process.env.HEARSAY_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** As root, as in a container, Chromium has no sandbox of its own. */
export function launched(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** A page in a browser; `complaints` are whatever its console shows, and whatever it asks for beside itself. */
export interface OpenedPage {
  readonly page: Page
  readonly complaints: string[]
}

export async function opened(browser: Browser, path: string): Promise<OpenedPage> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => request.isNavigationRequest() || complaints.push(request.url()))
  await page.goto(pathToFileURL(path).href)
  await page.locator('h1').waitFor()
  return { page, complaints }
}
