import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { root, startHearsay, temporaryFolder, tiny } from './hearsay.js'

interface Mistake {
  readonly args: readonly string[]
  /** What the one line must name. */
  readonly says: readonly (string | RegExp)[]
}

/** A file with this content in a folder of its own. */
async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

const table = (rows: readonly string[]): string => `${['age,weight,label', ...rows].join('\n')}\n`
const goodRows = Array.from({ length: 30 }, (_, row) => `${row},${row * 2},${row % 2}`)

const mistakes: Readonly<Record<string, () => Promise<Mistake> | Mistake>> = {
  'an unknown field in the manifest': async () => {
    const path = await fileOf('run.yaml', 'seed: 1\ntopolgy: ring\n')
    return { args: [path], says: [`${path}:2:10: `, '"topolgy"'] }
  },
  'a manifest that is no YAML': async () => {
    const path = await fileOf('run.yaml', 'data: [digits\n')
    return { args: [path], says: [`${path}:2:1: `] }
  },
  'a manifest that is not there': () => ({ args: ['nowhere.yaml'], says: ['nowhere.yaml: there is no such file'] }),
  'a misspelt topology': () => ({
    args: [...tiny, '--topology', 'rign'],
    says: ['topology.kind', '"rign"', 'did you mean "ring"?'],
  }),
  'a topology file with a peer that is not there': async () => {
    const path = await fileOf('own.yaml', 'topology:\n  kind: edges\n  edges: [[0, 1], [1, bern]]\n')
    return { args: [...tiny, '--topology', path], says: [`${path}:3:23`, 'bern'] }
  },
  'text in a numeric column': async () => {
    const path = await fileOf('patients.csv', table([...goodRows, 'fifty,3,1']))
    return { args: ['--data', path, '--model', 'logistic', '--peers', '2'], says: [`${path}:32`, 'age', 'fifty'] }
  },
  'an archive that was cut off': async () => {
    const whole = readFileSync(join(root, 'data', 'pneumoniamnist', 'pneumoniamnist.npz'))
    const path = await fileOf('cut.npz', whole.subarray(0, whole.length >> 1))
    return { args: ['--data', path, '--model', 'logistic'], says: [path] }
  },
  'data that are not there': () => ({ args: ['--data', 'nowhere.csv'], says: ['nowhere.csv', 'pneumoniamnist'] }),
  'no peers': () => ({ args: [...tiny, '--peers', '0'], says: ['peers', 'at least 1'] }),
  'a number that is none': () => ({ args: [...tiny, '--rounds', 'many'], says: ['--rounds', 'many'] }),
  'a number that does not go with the method': () => ({
    args: [...tiny, '--merge', 'dfedavg', '--gossip-steps', '4'],
    says: ['merge.gossipSteps', 'dfedavg', 'dfedsam-mgs'],
  }),
  'acceleration on a graph that changes': () => ({
    args: [...tiny, ...'--topology one-peer-exponential --merge dfedsam-mgs --acceleration chebyshev'.split(' ')],
    says: ['merge.acceleration', 'one-peer-exponential', 'plain'],
  }),
  'a layer that is not there': () => ({ args: [...tiny, '--share', 'top'], says: ['"top"', 'output'] }),
  'a port in use': async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    return { args: [...tiny, '--port', `${port}`], says: [`/tcp/${port}`, 'in use'] }
  },
  'ports beyond the last': () => ({
    args: [...tiny, '--port', '65535', '--peers', '3'],
    says: ['--port 65535', '3 peers'],
  }),
  'an unknown flag': () => ({ args: ['--pears', '3'], says: ['--pears', '--peers'] }),
  'a flag without its value': () => ({ args: ['--model'], says: ['--model'] }),
  'an unknown backend': () => ({ args: [...tiny, '--backend', 'tpu'], says: ['--backend', 'tpu', 'wasm'] }),
  'a backend that is not installed': () => ({
    args: [...tiny, '--backend', 'node-gpu'],
    says: ['node-gpu', '--backend'],
  }),
  'a folder that is not empty': async () => {
    const path = await fileOf('notes.txt', 'mine')
    const folder = join(path, '..')
    return { args: [...tiny, '--rounds', '1', '--out', folder], says: ['--out', folder, 'not empty'] }
  },
  'a fault in a round that there is not': () => ({
    args: [...tiny, '--rounds', '2', '--fail', '0@2'],
    says: ['--fail 0@2', 'rounds 0 to 1'],
  }),
}

describe('hearsay simulate answers in one line to', () => {
  it.each(Object.entries(mistakes))('%s', async (_, mistake) => {
    const { args, says } = await mistake()
    // A working directory of its own: what goes wrong must not leave a run folder behind.
    const cwd = await temporaryFolder()
    const { status, stdout, stderr } = await startHearsay(['simulate', ...args], cwd).ended
    expect({ status, stdout, lines: stderr.split('\n').length, stderr }).toEqual({
      status: 2,
      stdout: '',
      lines: 2,
      stderr: expect.stringMatching(/^error: .+\n$/),
    })
    expect(stderr).not.toContain('    at ')
    for (const what of says) expect(stderr).toMatch(what)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('hearsay answers in one line to', () => {
  it.each([
    [['simulat'], 'simulate'],
    [['topology', 'rign'], 'ring'],
    [['topology'], "'graph'; see hearsay topology --help"],
    [['--nothing'], 'see hearsay --help'],
    [['topology', 'ring', '--peers', '1.5'], 'peers'],
    [['data', 'nowhere'], 'nowhere'],
    [['data', 'digits', '--partition', 'dirichlet:x'], 'dirichlet:x'],
  ])('%j', async (args, names) => {
    const { status, stdout, stderr } = await startHearsay(args).ended
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: .+\n$/)
    expect(stderr).toContain(names)
  })
})
