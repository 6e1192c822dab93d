import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { hearsay, readJson, temporaryFolder } from './hearsay.js'

/** The packages and rooms of which a command has loaded something, as the bundle's files name what they are made of. */
async function loadedBy(args: readonly string[]): Promise<Set<string>> {
  const folder = await temporaryFolder()
  vi.stubEnv('NODE_V8_COVERAGE', folder)
  const { status } = await hearsay(args)
  vi.unstubAllEnvs()
  expect(status).toBe(0)
  const [file] = await readdir(folder)
  const { result } = await readJson<{ result: { url: string }[] }>(join(folder, file!))
  const paths = result.flatMap(({ url }) => (url.startsWith('file:') ? [fileURLToPath(url)] : []))
  expect(paths.filter(path => path.includes('node_modules'))).toEqual([])
  const texts = await Promise.all(paths.map(path => readFile(path, 'utf8')))
  const made = /^\/\/ (?:node_modules\/((?:@[^/]+\/)?[^/]+)|src\/([a-z-]+))\//gm
  return new Set(texts.flatMap(text => [...text.matchAll(made)].map(([, name, room]) => name ?? `src/${room}`)))
}

it.each([
  { args: ['--version'], loads: ['commander', 'leven', 'src/cli'] },
  { args: ['simulate', '--help'], loads: ['commander', 'leven', 'src/cli'] },
  {
    args: ['topology', 'ring'],
    loads: [
      'commander',
      'leven',
      'ml-matrix',
      'picocolors',
      'pure-rand',
      'src/cli',
      'src/topology',
      'src/watch',
      'zod',
    ],
  },
])('$args loads what it uses and nothing else', async ({ args, loads }) => {
  expect([...(await loadedBy(args))].sort()).toEqual(loads)
})
