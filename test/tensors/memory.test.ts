import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, vi } from 'vitest'
import { addressOf, copyBytes, kernelMemory, reserve, reserveScratch } from '../../src/tensors/index.js'

it('what is reserved lies in the memory for kernels, each block by itself', () => {
  const blocks = [1, 64, 100_000, 3_000_000].map(reserve)
  for (const [at, block] of blocks.entries()) block.fill(at + 1)
  const all = new Uint8Array(kernelMemory().buffer)
  for (const [at, block] of blocks.entries()) {
    const address = addressOf(block)!
    expect(address % 64).toBe(0)
    expect(all.subarray(address, address + block.length).every(byte => byte === at + 1)).toBe(true)
  }
  const inside = blocks[2]!.subarray(64, 128)
  expect(addressOf(inside)).toBe(addressOf(blocks[2]!)! + 64)
})

it('other numbers lie outside, and so does what is too large', () => {
  expect(addressOf(new Float32Array(4))).toBeUndefined()
  expect(addressOf(new Float32Array(new SharedArrayBuffer(16)))).toBeUndefined()
  const tooLarge = reserve(2 ** 32)
  expect(addressOf(tooLarge)).toBeUndefined()
  expect(tooLarge.length).toBe(2 ** 32)
  expect(() => reserveScratch(2 ** 32)).toThrow(RangeError)
})

it('bytes are copied as they are, however both sides lie', () => {
  const from = Uint8Array.from({ length: 300 }, (_, at) => at * 7)
  for (const into of [new Uint8Array(400), new Uint8Array(new SharedArrayBuffer(400)), reserve(400)]) {
    for (const [start, end, at] of [
      [0, 300, 0],
      [15, 300, 3],
      [1, 2, 399],
      [5, 5, 400],
    ] as const) {
      into.fill(255)
      copyBytes(from.subarray(start, end), into, at)
      const length = end - start
      expect(into.slice(at, at + length)).toEqual(from.slice(start, end))
      expect(into.slice(0, at).every(byte => byte === 255)).toBe(true)
      expect(into.slice(at + length).every(byte => byte === 255)).toBe(true)
    }
    expect(() => copyBytes(from, into, 101)).toThrow(RangeError)
  }
})

it('a block is used again once no view on it is left, and not before', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const bytes = 5_000_000
  // Of what was reserved only a view on a part is kept.
  let part: Uint8Array | undefined = reserve(bytes).subarray(1000, 2000).fill(7)
  const address = addressOf(part)! - 1000
  collect()
  await new Promise(resolve => setTimeout(resolve, 50))
  for (let i = 0; i < 3; i++) reserve(bytes).fill(1)
  expect(part.every(byte => byte === 7)).toBe(true)
  part = undefined
  const held: Uint8Array[] = []
  await vi.waitFor(
    () => {
      collect()
      held.push(reserve(bytes))
      // What was beside it may be free as well, so that a new block begins elsewhere.
      expect(held.some(block => Math.abs(addressOf(block)! - address) < bytes)).toBe(true)
    },
    { timeout: 50_000 },
  )
})
