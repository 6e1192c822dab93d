import { join } from 'node:path'
import { answerOf, type Inputs, loadInputs, type Reading } from '../data/index.js'
import { type PeerDescription, putFile, readPeer } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import type { backendSchema } from '../learner/index.js'
import { loadData, type Manifest, parseManifest, readManifestFile } from '../node/index.js'
import { whyNot } from '../system-errors.js'
import { type Prediction, predict as predictWith, type Score, scoreOf, scoreOfImages } from '../trained/index.js'
import type { Run } from './command.js'
import { tellNotes } from './notes.js'
import { csvOf, jsonOf, tableOf, writeImages } from './predictions.js'
import { tellReading } from './reading-line.js'
import { evaluationText, figuresJson, scoreText } from './scores.js'
import type { NotationFlags } from './table-flags.js'

interface PredictOptions extends NotationFlags {
  readonly peer?: string
  readonly out?: string
  readonly evaluate?: boolean
  readonly backend: (typeof backendSchema.options)[number]
}

export const run: Run<PredictOptions> = async (
  [folder, path],
  { peer: name, out, evaluate = false, backend, ...flags },
  { stdout, stderr, signal },
) => {
  const peer = await readPeer(folder!, name)
  const { description } = peer
  const restores = description.objective.kind === 'super-resolution'
  checkOut(out, evaluate ? 'figures' : restores ? 'images' : 'answers')
  const manifest = await manifestIn(folder!, path === undefined)
  const wanted = { ...description, classes: manifest?.data.classes ?? description.classes }
  const inputs = await tellReading(stderr, onRead =>
    path === undefined
      ? testOf(manifest!, description, { signal, onRead })
      : loadInputs(path, wanted, flags, undefined, { signal, onRead }),
  )
  tellNotes(inputs, stderr)
  if (evaluate) checkAnswers(inputs, restores)
  const prediction = await predictWith(peer, inputs.samples, { backend, signal })
  const score = scoreIn(inputs, description, prediction)
  if (evaluate) {
    if (out === undefined) stdout.write(evaluationText(score!, inputs.answers, unitOf(description)))
    else await write(out, figuresJson(score!, description.classes))
    return 0
  }
  const named = { names: inputs.names, description, prediction }
  if (restores) await writeImages(out!, named)
  else if (out === undefined) stdout.write(stdout.isTTY ? tableOf(named, stdout.columns) : csvOf(named))
  else await write(out, /\.json$/i.test(out) ? jsonOf(named) : csvOf(named))
  if (score !== undefined) stderr.write(scoreText(score, inputs.answers, unitOf(description)))
  return 0
}

/** How right the predictions are; undefined where the inputs have no answers. */
function scoreIn(
  { answers, samples: { targets } }: Inputs,
  description: PeerDescription,
  prediction: Prediction,
): Score | undefined {
  if (answers !== undefined) return scoreOf(prediction, description, answers)
  const restores = description.objective.kind === 'super-resolution'
  return restores && targets !== undefined ? scoreOfImages(prediction, targets) : undefined
}

function checkAnswers({ answers, samples: { targets } }: Inputs, restores: boolean): void {
  if (answers !== undefined || (restores && targets !== undefined)) return
  throw new HearsayError(
    'USAGE',
    'these inputs have no answers to compare with; name a table with the column that is predicted, folders called as classes, or no inputs for what the run was tested on',
    { field: '--evaluate' },
  )
}

/** The unit of the predicted number, where the table has one. */
function unitOf({ table }: PeerDescription): string | undefined {
  const answer = table && answerOf(table)
  return answer?.kind === 'target' ? answer.unit : undefined
}

/** The run's manifest, which contains the labels of its classes. Its models can predict without it. */
async function manifestIn(folder: string, isNeeded: boolean): Promise<Manifest | undefined> {
  const path = join(folder, 'manifest.yaml')
  try {
    return parseManifest(await readManifestFile(path), path)
  } catch (error) {
    if (isNeeded || !(error instanceof HearsayError)) throw error
    return undefined
  }
}

function checkOut(out: string | undefined, what: 'figures' | 'images' | 'answers'): void {
  if (what === 'images' && (out === undefined || /\.(csv|json)$/i.test(out))) {
    throw new HearsayError('USAGE', 'this model restores images; name the folder where they are to be written', {
      field: '--out',
    })
  }
  if (what === 'figures' && out !== undefined && !/\.json$/i.test(out)) {
    throw new HearsayError('USAGE', 'must end in .json with --evaluate', { field: '--out', value: out })
  }
  if (what === 'images' || out === undefined || /\.(csv|json)$/i.test(out)) return
  throw new HearsayError('USAGE', 'must end in .csv or .json', { field: '--out', value: out })
}

/** The run's test set; for a peer in the field only where the manifest's data are on this machine. */
async function testOf(
  manifest: Manifest,
  { inputShape, objective }: PeerDescription,
  reading: Reading,
): Promise<Inputs> {
  const { test, inputShape: shape, name } = await loadData(manifest, {}, reading)
  if (shape.join() !== inputShape.join()) {
    throw new HearsayError(
      'DATA',
      `its samples are ${shape.join('×')}, and the model takes ${inputShape.join('×')}; name the inputs`,
      { source: name },
    )
  }
  const names = Array.from({ length: test.size }, (_, i) => String(i))
  if (objective.kind === 'super-resolution') return { samples: test, names }
  const { labels, targets = [] } = test
  const known = { known: test.size, strange: [] }
  const answers =
    objective.kind === 'classification' ? { labels, ...known } : { targets: Float64Array.from(targets), ...known }
  return { samples: test, names, answers }
}

async function write(out: string, text: string): Promise<void> {
  try {
    await putFile(out, text)
  } catch (error) {
    throw new HearsayError('USAGE', whyNot(error), { field: '--out', value: out, cause: error })
  }
}
