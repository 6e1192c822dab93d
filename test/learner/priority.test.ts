import { readdir, readFile } from 'node:fs/promises'
import { constants, getPriority } from 'node:os'
import { expect, it, onTestFinished } from 'vitest'
import { createLearnerPool } from '../../src/learner/index.js'
import { giveWay } from '../../src/learner/priority.js'

/** The nice value of each thread of this process, by the kernel's number. */
async function niceness(): Promise<Map<string, number>> {
  const threads = await readdir('/proc/self/task')
  const all = threads.map(async (thread): Promise<[string, number]> => {
    // Fields from the third on; a thread's name, the second, may hold spaces.
    const fields = (await readFile(`/proc/self/task/${thread}/stat`, 'utf8')).split(') ').at(-1)!.split(' ')
    return [thread, Number(fields[16])]
  })
  const settled = await Promise.allSettled(all)
  return new Map(settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : [])))
}

it.skipIf(process.platform !== 'linux')('workers give way to the network thread, which stays as it is', async () => {
  const own = getPriority()
  const below = Math.min(constants.priority.PRIORITY_LOW, own + constants.priority.PRIORITY_BELOW_NORMAL)
  const before = new Set((await niceness()).keys())
  const pool = await createLearnerPool({
    backend: 'wasm',
    workers: 2,
    models: [{ model: { kind: 'logistic', head: 'output' }, inputShape: [4] }],
    classes: 2,
    seed: 1,
  })
  onTestFinished(() => pool.close())
  const added = [...(await niceness())].filter(([thread]) => !before.has(thread))
  expect(added.filter(([, nice]) => nice === below).length).toBeGreaterThanOrEqual(2)
  expect(getPriority()).toBe(own)
})

it.skipIf(process.platform !== 'linux')('a system that lets nobody change priorities is no reason to stop', () => {
  const refused = Object.assign(new Error('A system error occurred: uv_os_setpriority returned EPERM'), {
    code: 'ERR_SYSTEM_ERROR',
  })
  expect(() => giveWay(() => failWith(refused))).not.toThrow()
  expect(() => giveWay(() => failWith(new RangeError('a bug')))).toThrow('a bug')
})

function failWith(error: Error): never {
  throw error
}
