import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readLedger, writeLedger } from '../../src/disk/ledger-file.js'

describe('a ledger file', () => {
  let folder: string
  let path: string
  const steps = [{ rate: 0.01, noise: 1.25, steps: 117 }]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearsay-ledger-'))
    path = join(folder, 'ledger.json')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('has what was written, to the last bit', async () => {
    await writeLedger(path, steps)
    await writeLedger(path, [{ ...steps[0]!, noise: 1 / 3 }, ...steps])
    expect(await readLedger(path)).toEqual([{ ...steps[0], noise: 1 / 3 }, ...steps])
  })

  it('is no reason to spend again where it is missing', async () => {
    await expect(readLedger(path)).rejects.toThrow(`${path}: is missing, so what this peer's records have cost`)
  })

  it.each([
    ['no JSON', '{'],
    ['other fields', '{"rounds": 3}'],
    ['fewer steps than none', JSON.stringify({ steps: [{ ...steps[0], steps: -1 }] })],
    ['a rate above 1', JSON.stringify({ steps: [{ ...steps[0], rate: 1.5 }] })],
    ['no noise', JSON.stringify({ steps: [{ ...steps[0], noise: 0 }] })],
    ['more kinds than a peer has', JSON.stringify({ steps: Array.from({ length: 1001 }, () => steps[0]) })],
  ])('is refused with %s', async (_, text) => {
    await writeFile(path, text)
    await expect(readLedger(path)).rejects.toThrow(`${path}: is not what was written there`)
  })

  it('is refused above 1 MiB', async () => {
    await writeFile(path, ' '.repeat((1 << 20) + 1))
    await expect(readLedger(path)).rejects.toThrow(`${path}: `)
  })
})
