import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeDescription, explainDisk, type KeptPeer, makeFolder, replaceFile, tensorsOfPeer } from '../disk/index.js'
import { methodOf } from '../methods/index.js'
import { encodeSafetensors } from '../tensors/index.js'
import { graphOf } from './graph.js'
import { kerasModel } from './keras.js'
import { inOwnUnits } from './own-units.js'
import { inPlainLayers, needsPlainLayers, shapesOf } from './plain-layers.js'
import { layersModel, weightsOf } from './tfjs.js'

/** What a model can be exported as. */
export const exportFormats = ['tfjs', 'keras', 'safetensors'] as const

export type ExportFormat = (typeof exportFormats)[number]

export interface ExportOptions {
  /**
   * Export a model with standardised inputs, and logits or standardised numbers as outputs, as it was trained, for
   * Hearsay's own `model: { path }`. If false, inputs and answers are in the data's own units.
   * @default false
   */
  readonly bare?: boolean
}

/** A file of an export. */
export interface ExportedFile {
  /** Inside the folder, with slashes. */
  readonly path: string
  readonly contents: string | Uint8Array
}

/**
 * A peer's model as files. Where a peer predicts with other peers' heads too, `tfjs` and `keras` contain its own model
 * only; safetensors also contains those heads and what the method keeps, which no layer of the two formats can express.
 *
 * @throws {@link HearsayError} `MODEL` when the model cannot be expressed in that format
 */
export async function exportFiles(
  peer: KeptPeer,
  format: ExportFormat,
  { bare = false }: ExportOptions = {},
): Promise<ExportedFile[]> {
  const { description, parameters } = peer
  if (format === 'safetensors') return safetensorsFiles(peer)
  const weights = weightsOf(description.layout, parameters)
  const trained = graphOf(description)
  if (format === 'keras') {
    const { json, weights: arrays, script } = kerasModel(bare ? trained : inOwnUnits(trained, description), weights)
    return [
      { path: 'keras/model.json', contents: json },
      { path: 'keras/weights.npz', contents: arrays },
      { path: 'keras/load.py', contents: script },
    ]
  }
  const plain = needsPlainLayers(trained)
    ? inPlainLayers({ graph: trained, weights }, await shapesOf(description), { trained: bare })
    : { graph: trained, weights }
  const model = layersModel(bare ? plain.graph : inOwnUnits(plain.graph, description), plain.weights, producer())
  return [
    { path: 'tfjs/model.json', contents: model.json },
    { path: 'tfjs/weights.bin', contents: model.weights },
  ]
}

function safetensorsFiles(peer: KeptPeer): ExportedFile[] {
  const { run, name, classes, layout, merge } = peer.description
  const metadata = { format: 'hearsay model 1', run, name, classes: JSON.stringify(classes) }
  if (methodOf(merge).answers === undefined) {
    const contents = encodeSafetensors({ layout, values: peer.parameters }, metadata)
    return [{ path: 'safetensors/model.safetensors', contents }]
  }
  const heads = JSON.stringify(peer.heads.map(({ peer, name, round }) => ({ peer, name, round })))
  const contents = encodeSafetensors(tensorsOfPeer(peer), { ...metadata, heads })
  return [{ path: 'safetensors/model.safetensors', contents }]
}

/**
 * Writes a peer's model in the given formats, a folder each, and beside them `peer.json`: class names, columns and
 * standardisation (see description.ts).
 *
 * @param folder - created if missing
 * @returns the paths of the files, inside the folder
 */
export async function exportPeer(
  peer: KeptPeer,
  folder: string,
  formats: readonly ExportFormat[],
  options: ExportOptions = {},
): Promise<string[]> {
  const files: ExportedFile[] = [{ path: 'peer.json', contents: encodeDescription(peer.description) }]
  for (const format of new Set(formats)) files.push(...(await exportFiles(peer, format, options)))
  for (const { path, contents } of files) {
    const place = join(folder, path)
    try {
      await makeFolder(dirname(place))
      await replaceFile(place, contents)
    } catch (error) {
      throw explainDisk(error, place, 'Not everything was written; the files that are there are whole')
    }
  }
  return files.map(({ path }) => path)
}

function producer(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return `Hearsay v${version}`
}
