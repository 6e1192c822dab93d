import { expect, it } from 'vitest'
import { likenessOf } from '../../../src/audit/inversion/likeness.js'
import { random } from '../../../src/random.js'

const { uniform } = random(1, 'likeness')
const picture = Float32Array.from({ length: 64 }, (_, k) => (k % 8) / 8)

it('a picture is like itself, and what is cut off at black and white does not count', () => {
  expect(likenessOf(picture, picture, [8, 8, 1])).toEqual({ psnr: 100, ssim: 1 })
  expect(likenessOf(Float32Array.of(0, 1), Float32Array.of(-9, 7), [2])).toEqual({ psnr: 100 })
})

it('an error of a tenth everywhere is 20 dB', () => {
  const darker = picture.map(value => value + 0.1)
  expect(likenessOf(picture, darker, [8, 8, 1]).psnr).toBeCloseTo(20, 4)
})

it('noise has nothing of a picture’s structure, another brightness nearly all of it', () => {
  const noise = picture.map(() => uniform())
  expect(likenessOf(picture, noise, [8, 8, 1]).ssim).toBeLessThan(0.3)
  expect(
    likenessOf(
      picture,
      picture.map(value => value + 0.1),
      [8, 8, 1],
    ).ssim,
  ).toBeGreaterThan(0.8)
})

it('pictures smaller than a window are one window', () => {
  expect(likenessOf(picture.subarray(0, 12), picture.subarray(0, 12), [2, 2, 3]).ssim).toBeCloseTo(1, 6)
})
