import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type Codec, codecNames, codecOf, f32, registerCodec } from '../../src/codec/index.js'
import { parseManifest } from '../../src/node/index.js'
import { codecContract } from './contract.js'
import { codecNamed } from './named.js'
import { signs } from './signs.js'

describe('the registry of codecs', () => {
  it.each(codecNames())('has a test of its own for %s, which runs the contract', name => {
    expect(codecNamed(name).name).toBe(name)
    expect(existsSync(new URL(`./${name}.test.ts`, import.meta.url))).toBe(true)
  })

  it('refuses a name that is taken, or that no manifest can have', () => {
    expect(() => registerCodec(f32)).toThrow('there is already one named f32')
    for (const name of ['', 'Half', 'a b', '8bit', 'a'.repeat(33)]) {
      expect(() => registerCodec({ ...f32, name })).toThrow('lower-case letters and digits')
    }
    expect(() => codecOf({ codec: 'half' })).toThrow(
      '"half" is not one of f32, bf16, f16, int8, qsgd, topk, topk2bit, randk, sign',
    )
  })
})

codecContract(signs)

describe('a codec from outside', () => {
  it('can be named by a manifest once it is registered', () => {
    expect(() => parseManifest({ encoding: 'signs' })).toThrow(
      'must be one of f32, bf16, f16, int8, qsgd, topk, topk2bit, randk, sign',
    )
    registerCodec(signs)
    expect(parseManifest({ encoding: 'signs' }).encoding).toEqual({ codec: 'signs' })
    expect(codecOf({ codec: 'signs' })).toBe(signs)
  })

  it('may have numbers of its own, which a settled manifest has all', () => {
    const scaled = (by: number): Codec => ({
      ...f32,
      name: 'scaled',
      tensors: () => [],
      size: () => ({ least: by, most: by }),
    })
    registerCodec({
      name: 'scaled',
      says: 'By a number',
      schema: z.strictObject({ codec: z.literal('scaled'), by: z.number().min(1).default(4) }),
      of: ({ by }) => scaled(by),
    })
    expect(parseManifest({ encoding: 'scaled' }).encoding).toEqual({ codec: 'scaled', by: 4 })
    const { encoding } = parseManifest({ encoding: { codec: 'scaled', by: 2 } })
    expect(codecOf(encoding).size({ size: 1, tensors: [] }).most).toBe(2)
    expect(() => parseManifest({ encoding: { codec: 'scaled', by: 0 } })).toThrow('encoding.by: must be at least 1')
    expect(() => parseManifest({ encoding: { codec: 'f32', by: 2 } })).toThrow('encoding: unknown field "by"')
  })
})
