import { join, normalize, sep } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { folderOf, seriesNames } from '../../src/series/names.js'

it('peers that are called alike do not share a name', () => {
  const members = [
    { peer: 'id-000001', name: 'Boston' },
    { peer: 'id-000002', name: 'boston' },
    { peer: 'id-000003', name: 'bern' },
    { peer: 'other-000002', name: 'BOSTON' },
  ]
  expect(seriesNames(members)).toEqual(['Boston', 'boston 000002', 'bern', 'BOSTON 4'])
  fc.assert(
    fc.property(fc.array(fc.record({ peer: fc.string(), name: fc.string() })), all => {
      const names = seriesNames(all).map(name => name.toLowerCase())
      expect(new Set(names).size).toBe(all.length)
    }),
  )
})

it('a name is harmless and bounded', () => {
  const [name] = seriesNames([{ peer: 'id', name: `\u202e\n${'x'.repeat(5000)}` }])
  expect(name).toMatch(/^\\u202e\\n/)
  expect(name!.length).toBeLessThanOrEqual(200)
})

it('a name is one folder, which is not hidden, and no way up', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('', '.', '..', '../..', '/', 'a/b', 'con.', ' ')), name => {
      const folder = folderOf(name)
      expect(normalize(join('peers', folder)).split(sep)).toEqual(['peers', folder])
      expect(folder.startsWith('.')).toBe(false)
    }),
  )
})

it('a folder’s name is no longer than disks allow, whole to its last character, and still the peer’s own', () => {
  const long = '東'.repeat(100)
  const folders = [long, `${long}京`, '/'.repeat(200), '🏥'.repeat(64)].map(folderOf)
  for (const folder of folders) {
    expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(255)
    expect(folder.isWellFormed()).toBe(true)
  }
  expect(new Set(folders).size).toBe(folders.length)
  expect(folders[0]).toMatch(/^東{79}~[0-9a-f]{16}$/)
  expect(folderOf('東'.repeat(85))).toBe('東'.repeat(85))
})
