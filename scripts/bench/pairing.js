import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.js'
import { main, measured } from './command.js'
import { torchScript } from './torch.js'

const here = name => fileURLToPath(new URL(name, import.meta.url))

/** DFedSAM's default radius, for PyTorch's loop. */
const radii = { dfedavg: 0, dfedsam: 0.05 }

export const peers = 16

/** 16 peers on a ring, one local epoch a round, batch 32, client-wise Dirichlet 0.3: of both sides. */
export function manifestOf({ data, model, merge, rounds, every = rounds, seed = 1 }) {
  return {
    seed,
    peers,
    rounds,
    data: { set: data?.folder ?? 'pneumoniamnist' },
    partition: { kind: 'dirichlet', alpha: 0.3, mode: 'client' },
    model,
    training: { epochs: 1, batch: 32, learningRate: 0.05, decay: 0.998 },
    merge,
    topology: 'ring',
    evaluation: { every },
  }
}

/** One whole run of Hearsay over TCP on loopback, as a user has it: the command, from its start to its end. */
export async function ours(manifest, backend) {
  const folder = mkdtempSync(join(tmpdir(), 'hearsay-bench-'))
  try {
    const [file, out] = ['manifest.json', 'run'].map(name => join(folder, name))
    writeFileSync(file, JSON.stringify(manifest))
    const { code, said, ...taken } = await measured([
      main,
      'simulate',
      file,
      '--out',
      out,
      '--backend',
      backend,
      '--no-baselines',
    ])
    if (code !== 0) throw new Error(`hearsay simulate ended with code ${code}: ${said.trim()}`)
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
    const { seconds, samplesPerSecond, accuracy, model } = summary
    const samples = samplesPerSecond * seconds
    const figures = { backend: summary.backend, parameters: model.parameters, accuracy: accuracy.mean }
    return { ...figures, seconds, samples, ...taken }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What PyTorch's loop of a task begins with, in a folder: the same for all its turns. */
export function beginningOf(task) {
  const folder = mkdtempSync(join(tmpdir(), 'hearsay-bench-'))
  const manifest = JSON.stringify(manifestOf(task))
  execFileSync(process.execPath, [here('beginning.js'), manifest, folder], { stdio: 'ignore' })
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/**
 * PyTorch's loop over the same peers from the same beginning, in as many processes as there are shares of the peers, all
 * begun at once; the slowest one counts.
 */
export async function theirs(torch, shares, { folder }, { data, model, merge, rounds, seed = 1 }) {
  const children = []
  try {
    for (const share of shares) {
      const args = [data.folder, folder, model, share, rounds, radii[merge], rounds, seed]
      children.push(await startChild(torch.python, [torchScript('simulate'), ...args].map(String)))
    }
    const results = await Promise.all(children.map(child => child.ask('go')))
    const sum = field => results.reduce((total, result) => total + result[field], 0)
    return {
      parameters: children[0].hello.parameters,
      seconds: Math.max(...results.map(({ seconds }) => seconds)),
      samples: sum('samples'),
      accuracy: sum('accuracy') / results.length,
      cpuSeconds: sum('cpuSeconds'),
      peakMB: sum('peakMB'),
    }
  } finally {
    await Promise.all(children.map(child => child.stop()))
  }
}
