import { expect, it } from 'vitest'
import { type PhiloxKey, philox } from '../../../src/methods/scalars/philox.js'

/** The known answers that the authors publish with Random123. */
const known: readonly (readonly [key: PhiloxKey, counter: readonly [number, number, number, number], words: string])[] =
  [
    [[0, 0], [0, 0, 0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ]

it.each(known)('Philox 4×32-10 of key %j and counter %j', (key, counter, words) => {
  const into = new Uint32Array(4)
  philox(into, key, ...counter)
  expect([...into].map(word => word.toString(16).padStart(8, '0')).join(' ')).toBe(words)
})
