import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

/** A file of the dashboard's page. */
export interface PageFile {
  readonly type: string
  readonly content: string
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Hearsay</title>
<link rel="stylesheet" href="dashboard.css">
<script src="dashboard.js" defer></script>
</head>
<body>
<main id="dashboard"><noscript>The dashboard draws itself with a script of its own.</noscript></main>
</body>
</html>
`

/** Reads what the page consists of, by path; it holds nothing of the run, which comes as events. */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { resolve } = createRequire(import.meta.url)
  // Named through the package, so that sources under test find what is built as well.
  const [script, style] = await Promise.all(
    ['#web/dashboard.js', '#web/report.css'].map(name => readFile(resolve(name), 'utf8')),
  )
  return new Map([
    ['', { type: 'text/html; charset=utf-8', content: page }],
    ['dashboard.js', { type: 'text/javascript; charset=utf-8', content: script! }],
    ['dashboard.css', { type: 'text/css; charset=utf-8', content: style! }],
  ])
}
