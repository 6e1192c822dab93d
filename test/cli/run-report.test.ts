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

it('Ctrl-C ends a report that has begun, without a word', async () => {
  const stop = new AbortController()
  const late = listener(stop.signal)
  const page = reportOf('run', late.terminal, async (_, signal) => {
    stop.abort()
    signal!.throwIfAborted()
    return 'written'
  })
  expect(await page).toBeUndefined()
  expect(late.said).toEqual([])
})

it('a run that Ctrl-C has ended gets a report too, if it does not take long', async () => {
  const { said, terminal } = listener(AbortSignal.abort())
  expect(await reportOf('run', terminal, async () => 'written')).toBe('written')
  const endless = (_: string, signal?: AbortSignal): Promise<string> =>
    new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
  expect(await reportOf('run', terminal, endless, 1)).toBeUndefined()
  expect(said).toEqual(['no report: it takes too long; hearsay report makes it\n'])
})
