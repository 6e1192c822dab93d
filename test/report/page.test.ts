import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { type PageProgram, pageOf, pageProgram, type ReportData } from '../../src/report/index.js'
import { createRecord } from '../../src/watch/index.js'

const hostile = '</script><img src=x onerror="globalThis.marked = true"><!--\u202e'

function dataOf(changes: Partial<ReportData> = {}): ReportData {
  const record = createRecord()
  record.add({ type: 'begin', atMs: 1, round: 0, run: 'ab', members: [{ peer: 'id-0', name: hostile }] })
  record.add({ type: 'trained', atMs: 1, round: 0, peer: 'id-0', loss: 1 / 3, samples: 12, seconds: 0.5 })
  return {
    name: hostile,
    says: 'a run',
    measure: 'accuracy',
    primary: 'accuracy',
    manifest: `format: 1\nnote: ${hostile}\n`,
    environment: [],
    outcome: [],
    rejected: [],
    untested: null,
    classes: [hostile],
    peers: [{ samples: 12, confusion: null }],
    arrangement: 'circle',
    contraction: null,
    figures: [],
    weights: [],
    again: [],
    paper: null,
    version: '0',
    record: record.record(),
    ...changes,
  }
}

const program = { script: 'draw()', style: 'p{}' }

function page(made: PageProgram = program): string {
  return pageOf({ title: `${hostile}: Hearsay report`, withoutScript: hostile, data: dataOf() }, made)
}

it('names are text: no element but its own is in the page', () => {
  const text = page()
  const elements = [...text.matchAll(/<(?!\/)([a-z!-]+)/g)].map(([, name]) => name)
  expect(elements).toEqual([
    '!doctype',
    'html',
    'head',
    'meta',
    'meta',
    'meta',
    'meta',
    'meta',
    'title',
    'style',
    'body',
    'main',
    'noscript',
    'script',
    'script',
  ])
  expect(text).not.toContain('\u202e')
})

it('the page’s data are what was given, in as many digits as are seen, with foreign text made harmless', () => {
  const [, text] = /<script type="application\/json" id="data">(.*)<\/script>\n<script>/.exec(page())!
  const data = JSON.parse(text!) as ReportData
  const shown = hostile.replace('\u202e', '\\u202e')
  expect(data.name).toBe(shown)
  expect(data.record.members[0]!.name).toBe(shown)
  expect(data.manifest.split('\n')).toEqual(['format: 1', `note: ${shown}`, ''])
  expect(data.record.rounds[0]!.columns.loss).toEqual([0.333333])
})

it('its policy allows its script and its style, and nothing else', () => {
  const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(page())!
  const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  expect(policy!.split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${digest('draw()')}`,
    `style-src ${digest('p{}')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ])
})

it('a program that would end its element is refused; the built ones do not, and name no place to fetch from', async () => {
  expect(() => page({ ...program, script: '"</script>"' })).toThrow('would end its element')
  for (const name of ['report', 'compare'] as const) {
    expect(page(await pageProgram(name))).not.toMatch(/\b(?:src|href)="?https?:|url\(|@import/)
  }
})
