import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Summary } from '../../src/watch/index.js'
import { hearsay, temporaryFolder } from './hearsay.js'

it('npm start: eight peers end better than each alone, by the margin that the README states', async () => {
  const out = join(await temporaryFolder(), 'run')
  // The README's figures are those of the backend that is everywhere.
  const { status, stdout } = await hearsay(['simulate', '--backend', 'wasm', '--json', '--out', out])
  expect(status).toBe(0)
  const { accuracy, peers, topology, merge, transport } = JSON.parse(stdout) as Summary
  expect({ peers, topology, merge, transport }).toEqual({
    peers: 8,
    topology: 'ring',
    merge: 'dfedsam',
    transport: 'tcp',
  })
  expect(accuracy.mean - accuracy.localOnly!).toBeGreaterThan(0.1)
  expect(accuracy.centralised).toBeGreaterThan(accuracy.localOnly!)
})
