import { describe, expect, it } from 'vitest'
import { createBuffers } from '../../../src/gossip/head/buffers.js'
import { addressOf } from '../../../src/tensors/index.js'

describe.each(['take', 'takeForHead'] as const)('%s', take => {
  it('gives memory that was given back, by any view on it, to one that wants as much', () => {
    const buffers = createBuffers()
    const [first, second] = [buffers[take](100), buffers[take](200)]
    expect(first.buffer).not.toBe(second.buffer)
    buffers.give(second.subarray(40, 48))
    expect(buffers[take](100)).not.toBe(second)
    expect(buffers[take](200)).toBe(second)
    expect(buffers[take](200)).not.toBe(second)
  })

  it('gives nothing to two, however often it was given back', () => {
    const buffers = createBuffers()
    const used = buffers[take](100)
    buffers.give(used)
    buffers.give(used)
    expect(buffers[take](100)).toBe(used)
    expect(buffers[take](100)).not.toBe(used)
  })

  it('keeps nothing that was not taken from it, and nothing after it was cleared', () => {
    const buffers = createBuffers()
    const others = createBuffers()[take](100)
    buffers.give(others)
    const used = buffers[take](100)
    expect(used).not.toBe(others)
    buffers.give(used)
    buffers.clear()
    expect(buffers[take](100)).not.toBe(used)
  })
})

it('only what arrives lies in the memory for kernels', () => {
  const buffers = createBuffers()
  expect(addressOf(buffers.takeForHead(100))).toBeTypeOf('number')
  expect(addressOf(buffers.take(100))).toBeUndefined()
})
