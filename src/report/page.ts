import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { shown, shownLines } from '../foreign.js'

/** What makes a page of data: the built program and its style. */
export interface PageProgram {
  readonly script: string
  readonly style: string
}

/**
 * Reads the program of a page, and the style that all share. Named through the package, so that sources under test find
 * them as well.
 */
export async function pageProgram(page: 'report' | 'compare' | 'audit'): Promise<PageProgram> {
  const { resolve } = createRequire(import.meta.url)
  const [script, style] = await Promise.all(
    [`#web/${page}.js`, '#web/report.css'].map(name => readFile(resolve(name), 'utf8')),
  )
  return { script: script!, style: style! }
}

/** A page for a browser: what it is called, and what its program draws. */
export interface Page {
  readonly title: string
  /** What a reader whose browser runs no script is told. */
  readonly withoutScript: string
  readonly data: object
}

/**
 * One file with everything in it, which fetches nothing: its policy allows this very script and this very style, by
 * their digests, and nothing else. Names and texts of others are data, never markup.
 */
export function pageOf({ title, withoutScript, data }: Page, { script, style }: PageProgram): string {
  if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error('the program of the page would end its element')
  const policy = [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(shown(title))}</title>
<style>${style}</style>
</head>
<body>
<main id="page"><noscript>This page draws itself with a script that is inside this file. ${escaped(shown(withoutScript))}</noscript></main>
<script type="application/json" id="data">${asPageJson(data).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character]!)
}

/** Digits that a reader of curves and tables can see; doubles have 17, most of a page's bytes. */
const digits = 6

/** What a page shows, as JSON. Foreign text loses what would turn or hide other text. */
export function asPageJson(data: object): string {
  return JSON.stringify(data, (_, value: unknown) => {
    if (typeof value === 'string') return shownLines(value)
    if (typeof value === 'number' && !Number.isInteger(value)) return Number(value.toPrecision(digits))
    return value
  })
}
