import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { licencesOf } from '../licences.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Bundles programs, with the packages that they need and those packages' licences, into a folder of dist. What several of
 * them use is there once.
 *
 * @param {string} folder - in dist; as deep as the modules of a room, which find the package's files by their own place
 * @param {string[] | Record<string, string>} input - by name: the modules that programs begin with
 * @param {{ effects: RegExp, groups?: object[] }} shape - which of our modules is imported for what it does, and chunks
 *   to put together
 * @returns {Promise<string>} where it is
 */
export async function bundle(folder, input, { effects, groups }) {
  const dir = join(root, 'dist', folder)
  rmSync(dir, { recursive: true, force: true })
  const { output } = await build({
    cwd: root,
    input,
    platform: 'node',
    // Native code, and packages that read files of their own.
    external: [/^@tensorflow\//, 'open', 'sharp', 'webgpu'],
    transform: { target: 'node20.19' },
    treeshake: { moduleSideEffects: [{ test: effects, sideEffects: false }] },
    output: {
      comments: false,
      dir,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      codeSplitting: groups === undefined ? true : { groups },
    },
    checks: { circularDependency: false },
    logLevel: 'warn',
  })
  const files = output.flatMap(chunk => ('moduleIds' in chunk ? chunk.moduleIds : []))
  writeFileSync(join(dir, 'LICENSES.txt'), licencesOf(files))
  return dir
}
