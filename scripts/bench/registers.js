import asc from 'assemblyscript/asc'

/** Independent sums, so that none waits for the one before: more than a core has in work at once, and fewer than it has registers. */
const sums = Array.from({ length: 12 }, (_, k) => `s${k}`)
const times = 100_000

const source = `
export function run(x: f32, y: f32): f32 {
  const a = f32x4.splat(x), b = f32x4.splat(y);
  ${sums.map(name => `let ${name} = f32x4.splat(0);`).join('\n  ')}
  for (let i = 0; i < ${times}; i++) {
    ${sums.map(name => `${name} = f32x4.add(f32x4.mul(${name}, a), b);`).join('\n    ')}
  }
  return f32x4.extract_lane(${sums.reduce((all, name) => `f32x4.add(${all}, ${name})`)}, 0);
}`

/**
 * Multiplications and additions that touch no memory, four numbers at a time: what a core can do in WebAssembly, whose sums
 * and products are not fused.
 *
 * @returns the floating-point operations of one time, and a function that does them so many times
 */
export async function registers() {
  const options = { optimizeLevel: 3, runtime: 'stub', enable: ['simd'] }
  const { error, binary, stderr } = await asc.compileString(source, options)
  if (error !== null) throw new Error(stderr.toString())
  const { instance } = await WebAssembly.instantiate(binary)
  return {
    flops: sums.length * 4 * 2 * times,
    run(count) {
      for (let time = 0; time < count; time++) instance.exports.run(0.5, 1)
    },
  }
}
