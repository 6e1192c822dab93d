import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

it("the README's method and rule of one's own run as they stand there, the method in less than 40 lines", async () => {
  const method = await codeUnder('A method of your own')
  expect(method.trim().split('\n').length).toBeLessThan(40)
  const byMethod = await run({ 'own-method.mjs': method })
  expect(byMethod).toHaveLength(3)
  for (const accuracy of byMethod) expect(accuracy).toBeGreaterThan(0.1)
  const rules = "return [{ rule: 'proximal', to: values, start, factor: mu }]"
  const own = method
    .replace(rules, "return [{ rule: 'mine/sign' }]")
    .replace('    plan:', "    modules: () => [new URL('.signs.mjs', import.meta.url)],\n    plan:")
  const files = { 'own-rule.mjs': own, 'signs.mjs': await codeUnder('A rule or a backend of your own') }
  // A method that names the rule's module takes its steps by that rule.
  const byRule = await run(files)
  expect(byRule).toHaveLength(3)
  expect(byRule).not.toEqual(byMethod)
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
