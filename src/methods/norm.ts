import { squaredNorm } from '../merge/index.js'
import { inSlices } from '../turns.js'

/** The Euclidean norm of the numbers from `start` on, in slices: a network is served between them. */
export async function normOf(values: Float32Array, start = 0): Promise<number> {
  let squares = 0
  await inSlices(values.length - start, 1, (from, to) => {
    squares += squaredNorm(values, start + from, start + to)
  })
  return Math.sqrt(squares)
}
