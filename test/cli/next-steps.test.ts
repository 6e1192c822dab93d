import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Command as Commander } from 'commander'
import { expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { register, type Terminal } from '../../src/cli/command.js'
import { predict } from '../../src/cli/commands/predict.js'
import { simulate } from '../../src/cli/commands/simulate.js'
import { nextSteps } from '../../src/cli/next-steps.js'
import { manifestFrom, type RunFlags } from '../../src/cli/run-flags.js'
import { type Manifest, type ManifestInput, parseManifest } from '../../src/node/index.js'

const terminal = { stdout: process.stdout, stderr: process.stderr, signal: AbortSignal.any([]) } as Terminal

/** The commands after a simulation of this manifest, and what they would run or ask. */
async function after(input: ManifestInput): Promise<{ commands: string[]; runs: Manifest[]; asked: unknown[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-next-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const manifest = parseManifest(input)
  await writeFile(join(folder, 'manifest.yaml'), stringify(manifest))
  const runs: Manifest[] = []
  const asked: unknown[] = []
  const program = new Commander('hearsay').exitOverride()
  const run = async ([file]: readonly (string | undefined)[], flags: RunFlags): Promise<undefined> => {
    runs.push(await manifestFrom(file, flags))
  }
  register(program, { ...simulate, load: async () => run }, terminal)
  register(program, { ...predict, load: async () => async args => void asked.push(args) }, terminal)
  const lines = stripVTControlCharacters(nextSteps(folder, manifest, 'peer-0')).split('\n')
  const commands = lines.flatMap(line => /^ {2}npx hearsay (.+?) #/.exec(line)?.[1] ?? [])
  for (const command of commands) await program.parseAsync(command.split(' '), { from: 'user' })
  return { commands: commands.map(command => command.replaceAll(folder, '…')), runs, asked }
}

it('what is said to come next can be done, and is another thing each time', async () => {
  const { commands, runs, asked } = await after({ rounds: 2 })
  expect(commands).toEqual([
    'simulate …/manifest.yaml',
    'simulate …/manifest.yaml --merge dfedsam-mgs',
    'simulate …/manifest.yaml --topology exponential',
    'predict … --peer peer-0',
    'simulate --data your.csv --peers 4',
  ])
  expect(runs[0]).toEqual(parseManifest({ rounds: 2 }))
  expect(new Set(runs.map(run => JSON.stringify(run))).size).toBe(4)
  expect(asked).toHaveLength(1)
})

it.each<[string, ManifestInput, string[]]>([
  ['bodies that differ', { merge: 'mixture', models: ['cnn', { kind: 'mlp', hidden: [32] }] }, []],
  ['mode: async', { mode: 'async' }, ['--merge dfedavg']],
  ['async DFedAvg', { mode: 'async', merge: 'dfedavg' }, ['--merge dfedsam']],
  ['several gossip steps', { merge: { method: 'dfedsam-mgs', gossipSteps: 2 } }, ['--merge dfedavg']],
  ['a mixture of like models', { merge: 'mixture' }, ['--merge dfedsam-mgs']],
])('after %s too', async (_, input, merges) => {
  const { commands } = await after(input)
  expect(commands.flatMap(command => /--merge .+$/.exec(command) ?? [])).toEqual(merges)
  expect(commands.some(command => command.includes('--topology'))).toBe(parseManifest(input).merge.method !== 'mixture')
})

it.each<[ManifestInput, string[]]>([
  [{ merge: 'relaysum', topology: 'tree' }, ['--topology line']],
  [{ merge: 'diloco', topology: 'full' }, []],
])('names graphs that the method works on: %j', async (input, graphs) => {
  const { commands } = await after(input)
  expect(commands.flatMap(command => /--topology .+$/.exec(command) ?? [])).toEqual(graphs)
})

it('restored images need a place, and an exponential graph is followed by another', async () => {
  const { commands } = await after({
    data: { set: 'pneumoniamnist', superResolution: 2 },
    model: { kind: 'sr' },
    topology: 'exponential',
  })
  expect(commands).toContain('predict … --peer peer-0 --out restored')
  expect(commands).toContain('simulate …/manifest.yaml --topology ring')
})

it('no graph is named on which the method cannot work', async () => {
  const { commands } = await after({ merge: 'diloco', topology: 'full' })
  expect(commands.some(command => command.includes('--topology'))).toBe(false)
  expect(commands).toContain('simulate …/manifest.yaml --merge dfedsam-mgs')
})
