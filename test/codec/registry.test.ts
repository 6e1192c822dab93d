import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codecName, codecNamed, codecNames, f32, registerCodec } from '../../src/codec/index.js'
import { parseManifest } from '../../src/node/index.js'
import { codecContract } from './contract.js'
import { sign } from './sign.js'

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
    expect(() => codecNamed('half')).toThrow('"half" is not one of f32, bf16, f16, int8')
  })
})

codecContract(sign)

describe('a codec from outside', () => {
  it('can be named by a manifest once it is registered', () => {
    expect(() => parseManifest({ encoding: 'sign' })).toThrow('must be one of f32, bf16, f16, int8')
    registerCodec(sign)
    expect(codecName.parse('sign')).toBe('sign')
    expect(parseManifest({ encoding: 'sign' }).encoding).toBe('sign')
  })
})
