// Compiles the kernels, each of kernels/*.ts with AssemblyScript, into dist/kernels/*.wasm; `npm run build` runs it.
//
//   node scripts/kernels/index.js

import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('../../', import.meta.url))

// No runtime, no memory of its own: a kernel works on numbers that lie in the memory it is given, and allocates
// nothing.
const options = [
  ['--optimizeLevel', '3'],
  ['--shrinkLevel', '0'],
  ['--runtime', 'stub'],
  ['--enable', 'simd', '--enable', 'threads'],
  ['--importMemory'],
  ['--noAssert'],
].flat()
// Memory that threads may share. With 32-bit addresses it has at most 65,536 pages of 64 KiB.
const shared = ['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536']
// Kernels on a memory that one thread has for itself: the heap of TensorFlow.js' wasm backend.
const alone = ['dense.ts']

for (const file of readdirSync(`${root}kernels`).filter(name => name.endsWith('.ts'))) {
  const { error, stderr } = await asc.main([
    file,
    ...['--baseDir', `${root}kernels`],
    ...['--outFile', `${root}dist/kernels/${basename(file, '.ts')}.wasm`],
    ...options,
    ...(alone.includes(file) ? [] : shared),
  ])
  if (error !== null) throw new Error(`kernels/${file}\n${stderr.toString()}`)
}
