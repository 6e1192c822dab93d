import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { hearsay, temporaryFolder } from './hearsay.js'
import { end, joinPeer, startPeer, summaryOf, wellEnded } from './peers.js'

/** Faults are of blue parts, in 19 of 20; the other finish of a site is its own, and the noise tells nothing. */
function site(columns: readonly string[], other: string, isFlipped = false): string {
  const rows = Array.from({ length: 200 }, (_, i) => {
    const isBlue = i % 2 === 0
    const row: Record<string, string> = {
      finish: isBlue ? 'blue' : other,
      noise: String(((i * 37) % 23) / 10),
      fault: (isBlue ? i % 40 !== 0 : i % 40 === 1) !== isFlipped ? '1' : '0',
    }
    return columns.map(column => row[column]).join()
  })
  return `${[columns.join(), ...rows].join('\n')}\n`
}

it('sites with unlike tables agree on one schema and learn alike; who does not fit is told what to do', async () => {
  const folder = await temporaryFolder()
  const at = (name: string): string => join(folder, name)
  await writeFile(at('a.csv'), site(['finish', 'noise', 'fault'], 'amber'))
  await writeFile(at('b.csv'), site(['noise', 'fault', 'finish'], 'clear'))
  // What each brings to be tested on: 200 rows, not the fifth that is held back; at b all answers are the other ones.
  await writeFile(at('later-a.csv'), site(['finish', 'noise', 'fault'], 'amber'))
  await writeFile(at('later-b.csv'), site(['noise', 'fault', 'finish'], 'clear', true))
  await writeFile(at('c.csv'), site(['finish', 'noise', 'fault'], 'milky'))

  // Columns of b stand elsewhere, so its label is not the last.
  const [ofA, ofB] = await Promise.all([
    hearsay(['data', at('a.csv'), '--schema']),
    hearsay(['data', at('b.csv'), '--schema', '--label', 'fault']),
  ])
  expect(ofA.stdout).toContain('{name: finish, kind: category, values: [amber, blue]}')
  expect(`${ofA.stdout}${ofB.stdout}`).not.toMatch(/200|100/)
  await writeFile(at('a.yaml'), ofA.stdout)
  await writeFile(at('b.yaml'), ofB.stdout)
  const ours = await hearsay(['data', '--schema', at('a.yaml'), at('b.yaml')])
  expect(ours.stdout).toContain('{name: finish, kind: category, values: [amber, blue, clear]}')

  // Without a manifest the run is of what is brought. Its own mean and spread are not for those who come later.
  const brought = ['start', '--data', at('a.csv'), '--model', 'logistic', '--alone', '--out', at('alone')]
  const alone = await hearsay([...brought, '--backend', 'wasm'])
  expect(alone).toEqual({
    status: 2,
    stdout: expect.stringContaining('model     logistic: 8 parameters'),
    stderr: expect.stringMatching(/^error: .* this one is alone: begin without --alone, .*\n$/),
  })

  const run = { data: at('a.csv'), model: 'logistic', merge: 'dfedavg', topology: 'full', peers: 2, rounds: 8 }
  await writeFile(at('run.yaml'), `${stringify({ ...run, training: { learningRate: 0.3 } })}${ours.stdout}`)
  const start = startPeer(at('run.yaml'), at('start'), [
    '--as',
    'a',
    '--data',
    at('a.csv'),
    '--test',
    at('later-a.csv'),
  ])
  const address = await start.address
  const refused = joinPeer(address, at('refused'), ['--data', at('c.csv')])
  expect(await end(refused)).toEqual({
    status: 2,
    stderr: expect.stringMatching(
      /^error: c\.csv: column "finish" has the category "milky", which the run does not have \("amber", "blue", "clear"\): .*data\.categorical.*hearsay data --schema\n$/,
    ),
  })
  const joined = joinPeer(address, at('join'), ['--as', 'b', '--data', at('b.csv'), '--test', at('later-b.csv')])
  expect(await Promise.all([start, joined].map(end))).toEqual([wellEnded, wellEnded])
  expect((await summaryOf(start.out)).accuracy).toBeGreaterThan(0.9)
  expect((await summaryOf(joined.out)).accuracy).toBeLessThan(0.1)
  for (const { running } of [start, joined]) {
    expect((await running.ended).stdout).toContain('200 samples, which stay here; tested on 200')
    expect((await running.ended).stdout).toContain(
      'agreed    finish (amber, blue, clear), noise; to learn: fault (0, 1)',
    )
  }
  // What it was tested on has no clear part, and b's columns stand elsewhere: a model takes both.
  for (const inputs of [[], [at('b.csv')]]) {
    const { status, stderr } = await hearsay(['predict', start.out, ...inputs, '--backend', 'wasm'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/9\d\.\d %/) })
  }
})
