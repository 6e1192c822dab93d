import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root, temporaryFolder } from './hearsay.js'
import { type Sweep, sweepOf, tableOf } from './sweeps.js'

async function begunIn({ out }: Sweep): Promise<number> {
  return (await readdir(join(out, 'jobs'))).length
}

it('a sweep that is cut into parts and interrupted ends with the same table as one undisturbed', async () => {
  const whole = await sweepOf(['dfedavg'], 2)
  const { status, stdout, stderr } = await whole.run()
  expect([status, stderr]).toEqual([0, expect.stringContaining('2 runs, 2 at a time')])
  expect(stdout).toContain('2 of 2 runs are done')
  expect((await stat(join(whole.out, 'comparison.html'))).size).toBeGreaterThan(10_000)

  const disturbed = await sweepOf(['dfedavg'], 2)
  const shard = await disturbed.run('--shard', '2/2')
  expect([shard.status, shard.stdout]).toEqual([0, expect.stringContaining('1 of 2 runs are done, 1 missing')])
  expect(await begunIn(disturbed)).toBe(1)
  const interrupted = await disturbed.end('SIGINT', 'begun', 1)
  expect(interrupted.status).toBe(130)
  expect(interrupted.stderr).toMatch(
    /^Interrupted; .*; go on with: npx hearsay sweep sweep\.yaml --out out --jobs 2 --backend wasm$/m,
  )
  await disturbed.quiet()
  expect((await disturbed.run()).status).toBe(0)
  expect(await tableOf(disturbed)).toEqual(await tableOf(whole))

  const over = await whole.run()
  expect([over.status, over.stderr]).toEqual([0, expect.stringContaining('to do    nothing')])
  expect(over.stdout).toBe(stdout)
})

it('a run whose sweep has ended before it was started ends at once', async () => {
  const out = join(await temporaryFolder(), 'run')
  const child = fork(join(root, 'dist/cli/sweep-child.js'), ['simulate', '--out', out], {
    stdio: 'ignore',
    execArgv: [],
  })
  child.disconnect()
  expect(await once(child, 'exit')).toEqual([130, null])
  expect(existsSync(out)).toBe(false)
})
