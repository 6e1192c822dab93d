import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { expectRefusal, folderForTest, startHere } from './in-process.js'

/*
 * Mistakes that join finds by itself, or with what the peer at the address says. Those that are found when a run folder
 * and threads are there are made in processes of their own, in test/e2e/field.test.ts.
 */

/** A table of 40 rows, each class in turn. */
const table = (classes: readonly string[]): string =>
  ['age,weight,label', ...Array.from({ length: 40 }, (_, i) => `${(7 * i) % 40},${2 * i},${classes[i % 2]}`)].join('\n')

it('hearsay join answers in one line to what does not fit the run', async () => {
  const folder = await folderForTest()
  const ours = join(folder, 'ours.csv')
  await writeFile(ours, table(['ill', 'well']))
  const run = { data: ours, model: 'logistic', partition: 'iid', merge: 'dfedavg', peers: 1, minPeers: 2, rounds: 1 }
  await writeFile(join(folder, 'run.yaml'), stringify(run))
  const leaving = new AbortController()
  const where = ['--out', join(folder, 'run'), '--listen', '/ip4/127.0.0.1/tcp/0', '--backend', 'wasm']
  const peer = startHere(['start', join(folder, 'run.yaml'), ...where], leaving)
  try {
    const printed = (): string | undefined => /^ {2}npx hearsay join (\S+)$/m.exec(peer.stdout())?.[1]
    await Promise.race([peer.ended, vi.waitUntil(printed, { timeout: 240_000, interval: 20 })])
    for (const [args, says] of mistakesAt(printed()!, ours)) {
      await expectRefusal(['join', ...args, '--yes', '--backend', 'wasm'], { says, mayLeave: ['runs'] })
    }
  } finally {
    leaving.abort()
    await peer.ended
  }
  // Who asked and went has taken nothing: the peer still waited.
  expect(peer.stderr()).toContain('Interrupted')
}, 300_000)

function mistakesAt(address: string, ours: string): [string[], (string | RegExp)[]][] {
  const [at, id] = address.split('#') as [string, string]
  const other = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'
  return [
    [[], ['an address is missing']],
    [['garden'], ['garden', 'hearsay start']],
    [[at.replace(/\/p2p\/.*/, '')], ['/p2p/']],
    [[`${at}#1234`], ['64 hexadecimal digits']],
    [[`${at}#${id.replace(/./g, '0')}`], [at, 'another run']],
    [[address.replace(/p2p\/\w+/, `p2p/${other}`)], [other]],
    [[address.replace(/tcp\/\d+/, 'tcp/1')], ['/tcp/1', 'is the peer running']],
    [[address], ['the data of this run', ours, 'bring your own with --data']],
    [[address, '--share', '1'], ['share 1']],
    [
      [address, '--data', 'digits'],
      ['digits', 'samples are 8×8×1', "the run's 2"],
    ],
    [[address, '--data', 'nowhere.csv'], ['nowhere.csv']],
    [[address, '--data', ours, '--as', ''], ['name']],
  ]
}
