import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The rules that files break, by the file. */
function broken(files: Readonly<Record<string, string>>): Record<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hearsay-lint-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['biome.jsonc', 'lint']) cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['--vcs-enabled=false', '--reporter=github', '--max-diagnostics=100']
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', ...options, 'src'], { cwd: folder, encoding: 'utf8' })
  const found: Record<string, string[]> = {}
  for (const [, rule, file] of stdout.matchAll(/^::error title=([^,]+),file=([^,]+),/gm)) {
    const name = file!.replaceAll('\\', '/').replace(/^.*\/(?=src\/)/, '')
    found[name] = [...(found[name] ?? []), rule!.split('/').at(-1)!]
  }
  return found
}

it('lint refuses imports upwards and in circles, files and functions that are too long, and deadlines of Node’s own', () => {
  const lines = (count: number): string => '  count += 1\n'.repeat(count)
  const long = (count: number): string =>
    `export function long(count: number): number {\n${lines(count)}  return count\n}\n`
  expect(
    broken({
      'src/tensors/fine.ts': 'export const fine = 1\n',
      'src/tensors/up.ts': "export { seen } from '../topology/seen.js'\n",
      'src/topology/seen.ts': 'export const seen = 1\n',
      'src/merge/fine.ts':
        "import { fine } from '../tensors/fine.js'\nimport type { Own } from './own.js'\nexport const own: Own = fine\n",
      'src/merge/own.ts': 'export type Own = number\n',
      'src/gossip/deep/up.ts': "import type { Task } from '../../learner/task.js'\nexport const task: Task = 1\n",
      'src/learner/task.ts': 'export type Task = number\n',
      'src/node/late.ts': "export const late = (): Promise<unknown> => import('../disk/file.js')\n",
      'src/disk/file.ts': 'export const file = 1\n',
      'src/turns.ts': "export { fine } from './tensors/fine.js'\n",
      'src/index.ts': "export { fine } from './tensors/fine.js'\n",
      'src/report/fine.ts': "export { timed } from '../watch/timed.js'\n",
      'src/dashboard/fine.ts': "export { timed } from '../report/fine.js'\n",
      'src/report/up.ts': "export { timed } from '../dashboard/fine.js'\n",
      'src/sweep/up.ts': "export { timed } from '../simulate/timed.js'\n",
      'src/simulate/timed.ts': "export { timed } from '../watch/timed.js'\n",
      'src/watch/up.ts': "export { fine } from '../report/fine.js'\n",
      'src/series/fine.ts': "export { timed } from '../watch/timed.js'\n",
      'src/series/up.ts': "export { fine } from '../report/fine.js'\n",
      'src/compare/fine.ts': "export { timed } from '../report/fine.js'\n",
      'src/watch/higher.ts': "export { timed } from '../compare/fine.js'\n",
      'src/watch/one.ts': "import type { Other } from './other.js'\nexport interface One { readonly other: Other }\n",
      'src/watch/other.ts': "import type { One } from './one.js'\nexport interface Other { readonly one: One }\n",
      'src/watch/long.ts': long(81),
      'src/watch/short.ts': long(79),
      'src/watch/many-lines.ts': Array.from({ length: 301 }, (_, i) => `export const line${i} = ${i}\n`).join(''),
      'src/watch/timed.ts': 'export const timed = AbortSignal.timeout(1)\n',
    }),
  ).toEqual({
    'src/tensors/up.ts': ['plugin'],
    'src/gossip/deep/up.ts': ['plugin'],
    'src/node/late.ts': ['plugin'],
    'src/turns.ts': ['plugin'],
    'src/sweep/up.ts': ['plugin'],
    'src/report/up.ts': ['plugin'],
    'src/watch/up.ts': ['plugin'],
    'src/series/up.ts': ['plugin'],
    'src/watch/higher.ts': ['plugin'],
    'src/watch/one.ts': ['noImportCycles'],
    'src/watch/other.ts': ['noImportCycles'],
    'src/watch/long.ts': ['noExcessiveLinesPerFunction'],
    'src/watch/many-lines.ts': ['noExcessiveLinesPerFile'],
    'src/watch/timed.ts': ['plugin'],
  })
})
