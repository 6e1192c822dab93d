import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { root, startProgram, temporaryFolder } from './hearsay.js'

async function succeed(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { status, stdout, stderr } = await startProgram(file, args, cwd).ended
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

it('the package installs into an empty folder and runs from there', async () => {
  const folder = await temporaryFolder()
  // As on a machine where nothing else is installed.
  vi.stubEnv('HEARSAY_NATIVE', join(folder, 'native'))
  // dist/ is built before the tests; building it again here would pull it from under the others.
  await succeed('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root)
  const [tarball] = (await readdir(folder)).filter(name => name.endsWith('.tgz'))
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const quietly = ['--ignore-scripts', '--prefer-offline', '--omit=optional', '--no-audit', '--no-fund']
  await succeed('npm', ['install', ...quietly, join(folder, tarball!)], folder)
  const flags = '--data digits --model logistic --rounds 1 --peers 3 --no-baselines --json --out run'.split(' ')
  const printed = await succeed('npx', ['--no', 'hearsay', 'simulate', ...flags], folder)
  expect(JSON.parse(printed)).toMatchObject({ peers: 3, rounds: 1, backend: 'wasm' })
  // Its program is bundled from packages that are not installed here.
  expect(await readdir(join(folder, 'run'))).toContain('report.html')
})
