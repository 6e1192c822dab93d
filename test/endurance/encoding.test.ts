import { describe, expect, it } from 'vitest'
import { type SimulatedRun, simulated } from '../e2e/hearsay.js'

const args = ['--data', 'digits', '--model', 'mlp', '--partition', 'iid', '--workers', '1', '--transport', 'memory']
const run = (...more: string[]): Promise<SimulatedRun> => simulated([...args, '--peers', '4', '--rounds', '6', ...more])

describe('heads that travel as', () => {
  it('int8 end with nearly the accuracy of f32, for a quarter of the bytes', async () => {
    const whole = await run()
    const rounded = await run('--encoding', 'int8')
    expect(whole.summary.accuracy.mean).toBeGreaterThan(0.8)
    expect(Math.abs(rounded.summary.accuracy.mean! - whole.summary.accuracy.mean!)).toBeLessThan(0.02)
    // 55,210 numbers: headers, scales and presence are small beside them.
    expect(rounded.summary.bytes.sent / whole.summary.bytes.sent).toBeCloseTo(1 / 4, 1)
    expect(rounded.summary.bytes.sent / whole.summary.bytes.sent).toBeLessThan(0.27)
    expect(rounded.summary.rejected).toEqual({})
    expect(rounded.summary.absent).toBe(0)
  })

  it('bf16 send half, and on a full graph come close to consensus without reaching it', async () => {
    const whole = await run('--topology', 'full')
    const rounded = await run('--topology', 'full', '--encoding', 'bf16')
    expect(rounded.summary.bytes.sent / whole.summary.bytes.sent).toBeCloseTo(1 / 2, 1)
    expect(whole.summary.consensusDistance).toBe(0)
    expect(rounded.summary.consensusDistance).toBeGreaterThan(0)
    // 2^-8 of parameters whose squares sum to some hundreds.
    expect(rounded.summary.consensusDistance).toBeLessThan(0.05)
  })
})
