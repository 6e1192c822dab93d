import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { hearsay, temporaryFolder } from './hearsay.js'
import { written } from './written.js'

describe('a federation that is written down', () => {
  it('answers in one line to what is wrong with it', async () => {
    const good = await written('nowhere.yaml')
    const out = join(good.folder, 'boston')
    const changed = async (members: object[] | undefined): Promise<string> => {
      const file = join(await temporaryFolder(), 'changed.yaml')
      await writeFile(file, stringify({ topology: 'ring', ...(members && { members }) }))
      return file
    }
    const [first, ...others] = good.members
    const whole = await changed(good.members)
    const mistakes: [string[], RegExp][] = [
      [[good.file, '--as', 'boston', '--out', out], /nowhere\.yaml/],
      [[whole], /--as: name the member that this is: boston, zurich, basel/],
      [[whole, '--as', 'bostom'], /--as bostom: is no member/],
      [[whole, '--as', 'boston'], /--out: name the folder with boston's identity/],
      [[whole, '--as', 'zurich', '--out', out], /its identity is 12D3\w+, and .* has 12D3\w+ for zurich/],
      [[whole, '--as', 'boston', '--out', out, '--allow', 'list.txt'], /--allow does not go with/],
      [[await changed(undefined), '--as', 'boston'], /members: is missing/],
      [[await changed([{ ...first, id: undefined }, ...others]), '--as', 'boston'], /members\.0\.id: is missing/],
      [[await changed([{ ...first, id: 'boston' }, ...others]), '--as', 'boston'], /members\.0\.id: is no peer id/],
      [[await changed([{ name: 'boston', id: first!.id }]), '--as', 'boston'], /members\.0\.addresses: is missing/],
      [[await changed([{ ...first, addresses: ['boston:4001'] }]), '--as', 'boston'], /addresses\.0: is no address/],
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
