import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadDataset } from '../../src/data/index.js'
import { folderWith } from './samples.js'

describe('notes of a data set', () => {
  it('tell which classes are only tested, and which nobody has', async () => {
    const set = await folderWith({ 'train.csv': '1,a\n2,b\n3,a\n', 'test.csv': '4,c\n5,a\n' })
    const { notes } = await loadDataset({ set, classes: ['a', 'b', 'c', 'd', 'e'] }, 1)
    expect(notes).toEqual(['class c: test samples only, so no model learns it', 'classes d, e: no samples'])
  })

  it('are none where there is nothing to tell', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${(i * 7) % 20},${i % 2}\n`).join('')
    const set = join(await folderWith({ 'a.csv': rows }), 'a.csv')
    expect((await loadDataset({ set }, 1)).notes).toBeUndefined()
    expect((await loadDataset({ set, target: 2 }, 1)).notes).toBeUndefined()
  })

  it('show some names of many', async () => {
    const classes = Array.from({ length: 30 }, (_, i) => `c${i}`)
    const set = await folderWith({ 'train.csv': '1,c0\n2,c1\n', 'test.csv': '4,c0\n' })
    expect((await loadDataset({ set, classes }, 1)).notes).toEqual([
      'classes c2, c3, c4, c5, c6, c7, c8, c9 and 20 more: no samples',
    ])
  })
})
