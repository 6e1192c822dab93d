import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { layoutOf, reserveVector } from '../../src/tensors/index.js'
import { codecNamed } from './named.js'

it('no codec writes into vectors that came after it, whatever the garbage collector has freed', async () => {
  const layout = layoutOf([{ name: 'dense/kernel', shape: [4096] }])
  const values = Float32Array.from({ length: layout.size }, (_, k) => Math.sin(k))
  const codecs = ['topk', 'topk2bit', 'randk', 'qsgd'].map(codecNamed)
  const rounded = new Float32Array(layout.size)
  const code = (): void => {
    for (const codec of codecs) {
      const bytes = new Uint8Array(codec.size(layout).most)
      for (const pass of codec.encode(layout, values, bytes).passes) pass(0, layout.size)
      codec.decode(layout, bytes, rounded)(0, layout.size)
    }
  }
  code()
  // The memory itself holds on to the buffer of what was reserved last.
  reserveVector(1024)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let times = 0; times < 3; times++) {
    collect()
    // Finalizers have a turn of their own.
    await setTimeout(50)
  }
  // More than the memory has grown by: whatever is free is taken.
  const vectors = Array.from({ length: 1000 }, () => reserveVector(1024).fill(7))
  code()
  for (const vector of vectors) expect(vector.every(value => value === 7)).toBe(true)
})
