import { describe, expect, it } from 'vitest'
import { codecNames, projected } from '../../src/codec/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { vectorOf } from './chunked.js'
import { codecNamed } from './named.js'
import { roundTrip } from './vectors.js'

const layout = layoutOf([
  { name: 'a/kernel', shape: [100_001] },
  { name: 'a/bias', shape: [30_002] },
])

describe('what others decode of a vector', () => {
  it.each(codecNames())('is in %s what came of it, whatever was in the room before', async name => {
    const codec = codecNamed(name)
    const values = vectorOf('normal', 5, layout)
    const into = new Float32Array(layout.size).fill(7)
    const expected = roundTrip(codec, values, layout)
    await projected(codec, layout, values, into)
    expect(into).toEqual(expected)
    await projected(codec, layout, values, into.fill(7), new Uint8Array(codec.size(layout).most).fill(0xff))
    expect(into).toEqual(expected)
  })
})
