import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hearsay, temporaryFolder } from './hearsay.js'

/** A name that forges a line, clears the screen and turns the writing. */
const nasty = (name: string): string => `${name}\nerror: forged\u001b[2J\u202e`

/** What no output may hold: controls but line breaks of ours, overrides, and a line of somebody else's. */
const harmful = /(?!\n)\p{Cc}|[\u2028-\u202e]|^\s*error: forged/mu

it('names from files and flags reach no terminal as they are, in any command', async () => {
  const cwd = await temporaryFolder()
  const folder = join(cwd, nasty('sites'))
  await mkdir(folder)
  const quoted = (text: string): string => `"${text}"`
  const table = (label: string): string =>
    [`age,${quoted(nasty('weight'))},${quoted(nasty('outcome'))}`]
      .concat(Array.from({ length: 20 }, (_, i) => `${i},${i * 2},${i % 2 === 0 ? quoted(nasty(label)) : 'well'}`))
      .join('\n')
  for (const site of ['boston', 'paris']) await writeFile(join(folder, `${nasty(site)}.csv`), table('ill'))
  await writeFile(join(cwd, `${nasty('rows')}.csv`), `age,${quoted(nasty('weight'))}\n3,4\n`)
  await writeFile(join(cwd, `${nasty('wrong')}.csv`), table('ill').replace('3,6', `${quoted(nasty('old'))},6`))

  const out = nasty('run')
  for (const [said, args, status] of [
    ['sites\\nerror: forged\\x1b[2J\\u202e: ', ['data', folder], 0],
    [
      'predict',
      [
        'simulate',
        '--data',
        folder,
        '--partition',
        'iid',
        '--model',
        'logistic',
        '--rounds',
        '1',
        '--no-baselines',
        '--workers',
        '1',
        '--out',
        out,
      ],
      0,
    ],
    ['ill', ['predict', out, `${nasty('rows')}.csv`, '--peer', 'peer-0'], 0],
    ['old\\nerror', ['data', `${nasty('wrong')}.csv`], 2],
    ['--flag\\x1b', ['data', '--flag\u001b[2J'], 2],
    ['host\\nerror', ['join', `/dns4/${nasty('host')}/tcp/1/p2p/nobody`], 2],
  ] as const) {
    const ended = await hearsay(args, cwd)
    expect([ended.status, ended.stderr]).toEqual([status, expect.any(String)])
    // Predictions into a pipe are data, not a screen: there a name is quoted as CSV has it.
    const screen = args[0] === 'predict' ? ended.stderr : ended.stdout + ended.stderr
    expect(screen).not.toMatch(harmful)
    expect(ended.stdout + ended.stderr).toContain(said)
    if (status === 2) expect(ended.stderr).toMatch(/^error: [^\n]+\n$/)
  }
})
