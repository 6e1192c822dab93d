import { describe, expect, it } from 'vitest'
import { type SpeedTest, testBackend } from '../../src/doctor/speed.js'

const test: SpeedTest = {
  workers: 1,
  model: { kind: 'logistic', head: 'output' },
  inputShape: [8],
  classes: 2,
  batch: 4,
  seconds: 0.1,
}

describe('the test of a backend', () => {
  it('trains for a moment and counts', async () => {
    const result = await testBackend('wasm', test)
    expect(result).toMatchObject({ name: 'wasm', ok: true, workers: 1, report: { name: 'wasm', threads: 1 } })
    expect(result.ok && result.samplesPerSecond).toBeGreaterThan(0)
  })

  it('says in one line why nothing can be trained', async () => {
    expect(await testBackend('wasm', { ...test, model: { kind: 'lenet5', head: 'output' } })).toEqual({
      name: 'wasm',
      ok: false,
      reason: 'model: lenet5 takes images and the data has 8 features; use logistic or mlp',
    })
    const broken = await testBackend('wasm', { ...test, batch: 0 })
    expect(broken).toMatchObject({ ok: false, reason: expect.stringMatching(/^starts, but does not train \(/) })
  })

  it('can be interrupted, before and during', async () => {
    await expect(testBackend('wasm', test, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    const stop = new AbortController()
    const job = testBackend('wasm', { ...test, seconds: 60 }, { signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 200)
    await expect(job).rejects.toThrow('enough')
  })
})
