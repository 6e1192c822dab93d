import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

it("the README's method of one's own runs as it stands there, in less than 40 lines", async () => {
  const code = await codeUnder('A method of your own')
  expect(code.trim().split('\n').length).toBeLessThan(40)
  const accuracies = await run({ 'own-method.mjs': code })
  expect(accuracies).toHaveLength(3)
  for (const accuracy of accuracies) expect(accuracy).toBeGreaterThan(0.1)
}, 130_000)

it("the README's rule of one's own takes the steps of a method that names its module", async () => {
  const method = await codeUnder('A method of your own')
  const rules = "return [{ rule: 'proximal', to: values, start, factor: mu }]"
  const own = method
    .replace(rules, "return [{ rule: 'mine/sign' }]")
    .replace('    plan:', "    modules: () => [new URL('.signs.mjs', import.meta.url)],\n    plan:")
  const files = { 'own-rule.mjs': own, 'signs.mjs': await codeUnder('A rule or a backend of your own') }
  const accuracies = await run(files)
  expect(accuracies).toHaveLength(3)
  expect(accuracies).not.toEqual(await run({ 'own-method.mjs': method }))
}, 260_000)

async function codeUnder(heading: string): Promise<string> {
  const readme = await readFile(`${root}README.md`, 'utf8')
  return readme.split(`### ${heading}\n`)[1]!.match(/```js\n([\s\S]*?)```/)![1]!
}

/** Runs the first of some files, in the package's own folder, where it finds itself by its name. @returns what it printed */
async function run(files: Record<string, string>): Promise<number[]> {
  const paths = Object.keys(files).map(name => `${root}.${name}`)
  onTestFinished(async () => void (await Promise.all(paths.map(path => rm(path, { force: true })))))
  for (const [i, code] of Object.values(files).entries()) await writeFile(paths[i]!, code)
  const { stdout } = await promisify(execFile)(process.execPath, [paths[0]!], { timeout: 120_000 })
  return stdout.trim().split('\n').map(Number)
}
