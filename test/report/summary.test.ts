import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { type KeptSummary, readSummary } from '../../src/report/summary.js'

async function readOf(summary: object): Promise<KeptSummary> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-summary-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'summary.json'), JSON.stringify(summary))
  return readSummary(folder)
}

const spread = { mean: 0.5, min: 0.25, max: 0.75 }
const kept = {
  backend: 'wasm',
  beside: { macroF1: spread },
  rejected: { TOO_FAR: 2 },
  classes: ['ill', 'well'],
  faults: { fail: ['boston@2'], lie: [], disconnect: 0.5 },
  perPeer: [{ name: 'boston', samples: 4, confusion: [[3, 1]] }, { name: 'bern' }],
}

it('has what was written', async () => {
  expect(await readOf(kept)).toEqual(kept)
})

it.each([
  ['classes', { classes: ['a', 3] }],
  ['classes', { classes: Array(4097).fill('a') }],
  ['rejected', { rejected: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`reason ${i}`, 1])) }],
  ['rejected', { rejected: [1] }],
  ['beside', { beside: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`name ${i}`, spread])) }],
  ['faults', { faults: { fail: Array(10_001).fill('a') } }],
  ['perPeer', { perPeer: Array(10_001).fill({ name: 'a' }) }],
] as const)('leaves %s out where it is too long or something else, and keeps the rest', async (name, wrong) => {
  const { [name]: _, ...rest } = kept
  expect(await readOf({ ...kept, ...wrong })).toEqual(rest)
})

it('leaves out counts of classes that are none, or more than there can be classes', async () => {
  for (const confusion of [[[1, 'a']], [3], Array(4097).fill([]), [Array(4097).fill(0)]]) {
    expect(await readOf({ perPeer: [{ name: 'a', confusion }] })).toEqual({ perPeer: [{ name: 'a' }] })
  }
})

it('never throws, whatever is there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...Object.keys(kept)), fc.jsonValue()), async summary => {
      expect(Object.keys(kept)).toEqual(expect.arrayContaining(Object.keys(await readOf(summary))))
    }),
    { numRuns: 50 },
  )
})
