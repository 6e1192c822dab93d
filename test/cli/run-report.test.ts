import { expect, it } from 'vitest'
import type { Terminal } from '../../src/cli/command.js'
import { reportOf } from '../../src/cli/run-report.js'

/** What was said, and the terminal that was told. */
function listener(signal = new AbortController().signal): {
  said: string[]
  terminal: Pick<Terminal, 'stderr' | 'signal'>
} {
  const said: string[] = []
  return { said, terminal: { stderr: { write: (text: string) => said.push(text) } as never, signal } }
}

it('a report that cannot be written is a note, not the end of a run', async () => {
  const { said, terminal } = listener()
  const page = await reportOf('run', terminal, () => Promise.reject(new Error('the disk is full\nerror: forged')))
  expect(page).toBeUndefined()
  expect(said).toEqual(['no report: the disk is full\\nerror: forged\n'])
})

it('Ctrl-C keeps a report from being begun, and ends one without a word', async () => {
  const early = listener(AbortSignal.abort())
  expect(await reportOf('run', early.terminal, () => Promise.reject(new Error('was begun')))).toBeUndefined()
  const stop = new AbortController()
  const late = listener(stop.signal)
  const page = reportOf('run', late.terminal, async (_, signal) => {
    stop.abort()
    signal!.throwIfAborted()
    return 'written'
  })
  expect(await page).toBeUndefined()
  expect([...early.said, ...late.said]).toEqual([])
})
