import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const source = fileURLToPath(new URL('../../../shared/data/mnist', import.meta.url))

/** How many of the first images and labels are taken: MNIST is shuffled as it is published. */
export const taken = { train: 8000, t10k: 1000 }

let made

/** The first images of MNIST as a folder of its own, made once; undefined where MNIST, which the user brings, is not there. */
export function mnistPart() {
  made ??= makePart()
  return made
}

function makePart() {
  if (!existsSync(join(source, 'train-images-idx3-ubyte.gz'))) return undefined
  const folder = join(tmpdir(), 'hearsay-reproduce', 'mnist')
  mkdirSync(folder, { recursive: true })
  for (const [split, count] of Object.entries(taken)) {
    for (const [kind, head, size] of [
      ['images-idx3', 16, 28 * 28],
      ['labels-idx1', 8, 1],
    ]) {
      const name = `${split}-${kind}-ubyte`
      const bytes = gunzipSync(readFileSync(join(source, `${name}.gz`))).subarray(0, head + count * size)
      // The count is the first of an IDX file's dimensions.
      bytes.writeUInt32BE(count, 4)
      writeFileSync(join(folder, name), bytes)
    }
  }
  return folder
}
