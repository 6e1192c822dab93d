import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { invite } from '../../src/cli/commands/invite.js'
import { person } from '../e2e/person.js'
import { expectRefusal, folderForTest } from './in-process.js'

/*
 * Mistakes that start, join, id and invite find before threads and sockets are there. The others, and some of these, are
 * made in processes of their own, in test/e2e: private.test.ts and federation.test.ts.
 */

const backend = ['--backend', 'wasm']

describe('hearsay start answers in one line to', () => {
  it('what is wrong with a network, before anything is made', async () => {
    const folder = await folderForTest()
    const path = (name: string): string => join(folder, name)
    const manifest = async (name: string, fields: object): Promise<string> => {
      const run = { data: 'digits', model: 'logistic', partition: 'iid', merge: 'dfedavg', peers: 4, ...fields }
      await writeFile(path(name), stringify(run))
      return path(name)
    }
    const stranger = await person(folder, 'stranger')
    await writeFile(path('empty.txt'), '# nobody yet\n')
    await writeFile(path('odd.txt'), `${stranger.id}\nboston\n`)
    await writeFile(path('not.key'), 'secret\n')
    await writeFile(path('list.txt'), stranger.id)
    const founded = await manifest('founded.yaml', { access: { founders: [stranger.id] } })
    const plain = await manifest('plain.yaml', {})
    const wrong = await manifest('wrong.yaml', { access: { founders: ['boston'] } })
    const mistakes: [string, string[], RegExp][] = [
      [plain, ['--key', path('not.key')], /not\.key: is no network key/],
      [plain, ['--allow', path('empty.txt')], /empty\.txt: no peer is on the list/],
      [plain, ['--allow', path('odd.txt')], /odd\.txt:2: boston is no peer id/],
      [plain, ['--allow', folder], /--allow .*: is a folder, not a file/],
      [plain, ['--invite', 'x'.repeat(210)], /this run is not by invitation; leave it out/],
      [plain, ['--invite', path('list.txt')], /holds no invitation/],
      [founded, [], /access\.founders: this peer, 12D3\w+, is none of them/],
      [founded, ['--invite', 'x'.repeat(210)], /is no invitation; copy the whole token/],
      [plain, ['--relay-slots', 'many'], /--relay-slots many: must be a number/],
      [wrong, [], /^.*access\.founders\.0: must be a peer id, .+$/],
    ]
    for (const [at, [run, args, says]] of mistakes.entries()) {
      const out = path(`run-${at}`)
      const where = ['--out', out, '--listen', '/ip4/127.0.0.1/tcp/0', ...backend]
      await expectRefusal(['start', run, ...where, ...args], { says: [says] })
      expect({ args, left: existsSync(out) }).toEqual({ args, left: false })
    }
    await expectRefusal(['id', folder], { says: [/^id .*holds no identity\.key; .+$/] })
  }, 300_000)
})

describe('hearsay invite', () => {
  it.each(invite.examples)('%s asks for a run folder that is there', async example => {
    await expectRefusal(example.split(' ').slice(1), {
      says: [/^--resume runs\/boston: there is no manifest.yaml in it; .+$/],
    })
  })
})

describe('hearsay join answers in one line to', () => {
  it('what is wrong with a federation that is written down', async () => {
    const folder = await folderForTest()
    const members = await Promise.all(
      ['boston', 'zurich', 'basel'].map(async (name, at) => {
        const { id } = await person(folder, name)
        return { name, id, addresses: [`/ip4/127.0.0.1/tcp/${4001 + at}`] }
      }),
    )
    const out = join(folder, 'boston')
    let files = 0
    const changed = async (members: object[] | undefined, more: object = {}): Promise<string> => {
      const file = join(folder, `changed-${files++}.yaml`)
      await writeFile(file, stringify({ topology: 'ring', ...more, ...(members && { members }) }))
      return file
    }
    const [first, ...others] = members
    const good = await changed(members, { run: 'nowhere.yaml' })
    const whole = await changed(members)
    const mistakes: [string[], RegExp][] = [
      [[good, '--as', 'boston', '--out', out], /nowhere\.yaml/],
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
    for (const [args, says] of mistakes) await expectRefusal(['join', ...args, '--yes', ...backend], { says: [says] })
  })
})
