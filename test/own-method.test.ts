import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

it("the README's method of one's own runs as it stands there, in less than 40 lines", async () => {
  const readme = await readFile(`${root}README.md`, 'utf8')
  const [, code] = /### A method of your own\n[\s\S]*?```js\n([\s\S]*?)```/.exec(readme)!
  expect(code!.trim().split('\n').length).toBeLessThan(40)
  // In the package's own folder, where it finds itself by its name.
  const path = `${root}.own-method-${process.pid}.mjs`
  await writeFile(path, code!)
  onTestFinished(() => rm(path, { force: true }))
  const { stdout } = await promisify(execFile)(process.execPath, [path], { timeout: 120_000 })
  const accuracies = stdout.trim().split('\n').map(Number)
  expect(accuracies).toHaveLength(3)
  for (const accuracy of accuracies) expect(accuracy).toBeGreaterThan(0.1)
}, 130_000)
