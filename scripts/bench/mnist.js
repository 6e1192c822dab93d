import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const beside = fileURLToPath(new URL('../../../shared/data/mnist', import.meta.url))
const debian = '/usr/share/datasets/fashion-mnist'

/** A folder with MNIST's or Fashion-MNIST's four IDX files: which one is named with every figure. */
export function findMnist() {
  const candidates = [
    { name: 'MNIST', folder: beside },
    { name: 'Fashion-MNIST', folder: debian },
    { name: 'HEARSAY_MNIST', folder: process.env.HEARSAY_MNIST },
  ]
  return candidates.find(({ folder }) => folder && ['', '.gz'].some(end => existsSync(join(folder, images + end))))
}

const images = 'train-images-idx3-ubyte'

/** What to say where there is none. */
export const noMnist =
  'no MNIST here: install the package dataset-fashion-mnist (Debian, Ubuntu), or set HEARSAY_MNIST to a folder with the four IDX files'
