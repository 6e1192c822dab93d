import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Inputs, loadDataset, loadInputs } from '../data/index.js'
import { HearsayError } from '../errors.js'
import type { backendSchema } from '../learner/index.js'
import { parseManifest, readManifestFile } from '../node/index.js'
import { mostProbable, type PeerDescription, predict as predictWith, readPeer } from '../trained/index.js'
import { percent } from '../watch/index.js'
import type { Run } from './command.js'
import { tellNotes } from './notes.js'
import { csvOf, jsonOf, type Named, tableOf, writeImages } from './predictions.js'
import type { NotationFlags } from './table-flags.js'

interface PredictOptions extends NotationFlags {
  readonly peer?: string
  readonly out?: string
  readonly backend: (typeof backendSchema.options)[number]
}

export const run: Run<PredictOptions> = async (
  [folder, path],
  { peer: name, out, backend, ...flags },
  { stdout, stderr, signal },
) => {
  const peer = await readPeer(folder!, name)
  const { description } = peer
  const restores = description.objective.kind === 'super-resolution'
  checkOut(out, restores)
  const inputs = path === undefined ? await testOf(folder!, description) : await loadInputs(path, description, flags)
  tellNotes(inputs, stderr)
  const prediction = await predictWith(peer, inputs.samples, { backend, signal })
  const named = { names: inputs.names, description, prediction }
  if (restores) await writeImages(out!, named)
  else if (out === undefined) stdout.write(stdout.isTTY ? tableOf(named) : csvOf(named))
  else await write(out, named)
  if (path === undefined && description.objective.kind === 'classification') {
    const { labels, size } = inputs.samples
    const right = mostProbable(prediction).reduce((sum, best, i) => sum + (best === labels[i] ? 1 : 0), 0)
    stderr.write(`${percent(right / size)} of ${size} are right\n`)
  }
  return 0
}

function checkOut(out: string | undefined, restores: boolean): void {
  if (restores && (out === undefined || /\.(csv|json)$/i.test(out))) {
    throw new HearsayError('USAGE', '--out: this model restores images; name the folder where they are to be written')
  }
  if (restores || out === undefined || /\.(csv|json)$/i.test(out)) return
  throw new HearsayError('USAGE', `--out ${out}: must end in .csv or .json`)
}

/** What the run was tested on, of a peer in the field only where the manifest's data are there. */
async function testOf(folder: string, { inputShape }: PeerDescription): Promise<Inputs> {
  const path = join(folder, 'manifest.yaml')
  const { data, seed } = parseManifest(await readManifestFile(path), path)
  const { test, inputShape: shape, name } = await loadDataset(data, seed)
  if (shape.join() !== inputShape.join()) {
    throw new HearsayError(
      'DATA',
      `${name}: its samples are ${shape.join('×')}, and the model takes ${inputShape.join('×')}; name the inputs`,
    )
  }
  return { samples: test, names: Array.from({ length: test.size }, (_, i) => String(i)) }
}

async function write(out: string, named: Named): Promise<void> {
  try {
    await writeFile(out, /\.json$/i.test(out) ? jsonOf(named) : csvOf(named))
  } catch (error) {
    throw new HearsayError('USAGE', `--out ${out}: cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    })
  }
}
