import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { csvOf } from '../../src/compare/csv.js'
import { comparisonText } from '../../src/compare/index.js'
import { latexOf, latexText } from '../../src/compare/latex.js'
import type { ComparedTable, ComparedVariant, Comparison, Course } from '../../src/compare/shape.js'
import { spreadText } from '../../src/compare/text.js'
import { byteCount, percent } from '../../src/watch/index.js'

const none: Course['columns']['quality'] = { mean: [], deviation: [] }
const course: Course = {
  rounds: [],
  columns: { quality: none, worst: none, averaged: none, distance: none, bytes: none, seconds: none },
}

function variant(label: string, quality: number, changes: Partial<ComparedVariant> = {}): ComparedVariant {
  const figures = { quality, worst: null, averaged: null, distance: null, bytes: 41_152, seconds: 12.3, reached: 4 }
  return {
    label,
    values: [label, null],
    runs: [
      {
        folders: [`runs/${label}`],
        run: 'ab'.repeat(32),
        seed: 1,
        rounds: 5,
        wanted: 5,
        isComplete: true,
        incomplete: [],
        figures,
      },
    ],
    figures: {
      ...{ worst: null, averaged: null, distance: null },
      quality: { mean: quality, deviation: 0.006 },
      bytes: { mean: 41_152, deviation: 0 },
      seconds: { mean: 12.3, deviation: 0.41 },
      reached: { mean: 4, deviation: null },
    },
    course,
    difference: null,
    ...changes,
  }
}

function comparison(changes: Partial<ComparedTable> = {}): Comparison {
  const difference = { seeds: [1, 2, 3], mean: -0.012, interval: [-0.02, 0.003] as const }
  const table: ComparedTable = {
    data: 'digits',
    measure: 'accuracy',
    primary: 'accuracy',
    isError: false,
    target: 0.8,
    fields: ['merge.method', 'merge.rho'],
    named: ['merge.method'],
    variants: [variant('dfedsam', 0.842), variant('dfedavg', 0.83, { difference })],
    baseline: 0,
    ...changes,
  }
  return { tables: [table], notes: ['a note'], version: '1.2.3' }
}

/** Without the colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const bare = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '')

it('a comparison on a terminal has figures, differences, what differs too, and notes', () => {
  const cells = bare(comparisonText(comparison()))
    .split('\n')
    .map(line => line.trim().split(/ {3,}/))
  expect(cells).toEqual([
    ['digits: accuracy, 2 variants, 2 runs'],
    [''],
    ['variant', 'seeds', 'accuracy', 'sent a round', 'time', 'rounds to 80.0 %'],
    ['1 dfedsam', '1', '84.2 ± 0.6 %', '41.2 kB', '12.3 ± 0.4 s', '4'],
    ['2 dfedavg', '1', '83.0 ± 0.6 %', '41.2 kB', '12.3 ± 0.4 s', '4'],
    [''],
    ['compared to 1', 'seeds in common', 'accuracy, points', '95 % interval'],
    ['2 dfedavg', '3', '−1.2', '−2.0 to +0.3'],
    [''],
    ['differs too', 'merge.rho'],
    ['1', '–'],
    ['2', '–'],
    [''],
    ['accuracy is the mean over the peers’ own models'],
    ['every run reaches 80.0 %'],
    ['intervals: 95 %, by the bootstrap over the seeds that both have'],
    [''],
    ['a note'],
  ])
  expect(comparisonText({ tables: [], notes: [], version: '1' })).toBe('no runs')
})

it('errors and what ranks are shown in their own way', () => {
  const text = bare(comparisonText(comparison({ primary: 'auroc' })))
  expect(text).toMatch(/0\.842 ± 0\.006/)
  expect(text).toMatch(/−0\.012 +−0\.020 to \+0\.003/)
})

it('mean and deviation have one unit, where it is the same', () => {
  expect(spreadText({ mean: 0.5, deviation: null }, percent)).toBe('50.0 %')
  expect(spreadText({ mean: 41_152, deviation: 12 }, byteCount)).toBe('41.2 kB ± 12 B')
  expect(spreadText(null, percent)).toBe('–')
})

describe('LaTeX', () => {
  it('shows every character that it would take for a command', () => {
    expect(latexText('\\{}$&#%_^~<>|')).toBe(
      '\\textbackslash{}\\{\\}\\$\\&\\#\\%\\_\\textasciicircum{}\\textasciitilde{}\\textless{}\\textgreater{}\\textbar{}',
    )
  })

  it('keeps what LaTeX would join or babel take for a shorthand', () => {
    expect(latexText('"a"')).toBe('\\char34{}a\\char34{}')
    expect(latexText("--- ``it''s,, a-b")).toBe("-{}-{}- `{}`it'{}'s,{}, a-b")
    expect(latexText('2 – 3')).toBe('2 \\textendash{} 3')
  })

  it('has a booktabs table, whose names are text and whose comments end with their line', () => {
    const hostile = '\\input{/etc/passwd} & 50 %'
    const text = latexOf({ ...comparison({ variants: [variant(hostile, 0.5)] }), notes: ['a\n\\evil'] })
    expect(text).not.toMatch(/^\\evil/m)
    expect(text).toContain('1 \\textbackslash{}input\\{/etc/passwd\\} \\& 50 \\% & 1 & 50.0 $\\pm$ 0.6 \\% &')
    expect(latexOf(comparison())).toContain('& $-$1.2 & $-$2.0 to +0.3 \\\\')
    for (const rule of ['toprule', 'midrule', 'bottomrule']) expect(text.split(`\\${rule}`)).toHaveLength(2)
  })
})

describe('CSV', () => {
  it('has a row for each run, whose numbers are whole', () => {
    const [row] = parse(csvOf(comparison()), { columns: true })
    expect(row).toMatchObject({
      data: 'digits',
      figure: 'accuracy',
      variant: '1',
      'merge.method': 'dfedsam',
      'merge.rho': '',
      seed: '1',
      complete: 'yes',
      quality: '0.842',
      worst: '',
      folder: 'runs/dfedsam',
    })
  })

  it('is no formula to a spreadsheet, and negative numbers are numbers', () => {
    const text = csvOf(comparison({ measure: 'r2', variants: [variant('=cmd|calc', -0.5)] }))
    const [row] = parse(text, { columns: true }) as Record<string, string>[]
    expect(row!['merge.method']).toBe("'=cmd|calc")
    expect(row!.quality).toBe('-0.5')
  })
})
