import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { hearsay, temporaryFolder } from './hearsay.js'
import { written } from './written.js'

describe('a federation that is written down', () => {
  // One mistake in the file, one in the flags; the others are in test/cli.
  it('answers in one line to what is wrong with it', async () => {
    const { file, folder, members } = await written('nowhere.yaml')
    const whole = join(await temporaryFolder(), 'whole.yaml')
    await writeFile(whole, stringify({ topology: 'ring', members }))
    const mistakes: [string[], RegExp][] = [
      [[file, '--as', 'boston', '--out', join(folder, 'boston')], /nowhere\.yaml/],
      [[whole], /--as: name the member that this is: boston, zurich, basel/],
    ]
    const tries = mistakes.map(async ([args, says]) => {
      const { status, stdout, stderr } = await hearsay(['join', ...args, '--yes', '--backend', 'wasm'])
      expect({ args, status, stdout, stderr }).toEqual({
        args,
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(says),
      })
      expect(stderr).toMatch(/^error: .+\n$/)
    })
    await Promise.all(tries)
  })
})
