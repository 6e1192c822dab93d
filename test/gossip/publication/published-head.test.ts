import { expect, it } from 'vitest'
import { headFormat } from '../../../src/gossip/head/format.js'
import { encodePublished, publishedBytes } from '../../../src/gossip/publication/published-head.js'
import { layoutOf } from '../../../src/tensors/index.js'

it.each([
  ['in its message', 66],
  ['behind its announcement', 100_000],
])('a published head takes as many bytes as are forecast, %s', (_, numbers) => {
  const head = headFormat(layoutOf([{ name: 'dense/kernel', shape: [numbers] }]))
  const payload = new Uint8Array(head.payloadBytes).fill(1)
  const message = encodePublished({ rounds: 10, head }, 9, payload, new Uint8Array(32).fill(2))
  const isHere = message.length > head.payloadBytes - head.header.length
  expect(isHere).toBe(numbers === 66)
  expect(publishedBytes({ rounds: 10, head })).toBe(message.length + (isHere ? 0 : head.payloadBytes))
})
