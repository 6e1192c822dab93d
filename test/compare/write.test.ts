import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compareRuns, writeComparison } from '../../src/compare/index.js'
import { complete, emptyFolder, runFolder } from './folders.js'

it('a comparison goes to the files that are named: pages hold its data, as text', async () => {
  const parent = await emptyFolder()
  const folder = await runFolder(parent, '<img src=x onerror=alert(1)>', { accuracy: [[0.5, 0.6]], summary: complete })
  const comparison = await compareRuns([folder])
  const [html, csv, latex] = ['page.html', 'runs.csv', 'table.tex'].map(name => join(parent, name))
  await writeComparison(comparison, { html, csv })
  expect((await readdir(parent)).filter(name => name.includes('.')).sort()).toEqual(['page.html', 'runs.csv'])
  const page = await readFile(html!, 'utf8')
  expect(page).not.toContain('<img')
  const [, data] = /<script type="application\/json" id="data">(.*)<\/script>\n<script>/.exec(page)!
  expect(JSON.parse(data!)).toMatchObject({ tables: [{ variants: [{ runs: [{ folders: [folder] }] }] }] })
  await writeComparison(comparison, { latex })
  await expect(writeComparison(comparison, { csv: join(parent, 'nowhere', 'runs.csv') })).rejects.toThrow(/nowhere/)
})
