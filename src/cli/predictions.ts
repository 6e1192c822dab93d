import { basename, extname, join } from 'node:path'
import { explainDisk, makeEmptyFolder, type PeerDescription, replaceFile } from '../disk/index.js'
import { shown } from '../foreign.js'
import { mostProbable, type Prediction } from '../trained/index.js'
import { wideTable } from '../watch/index.js'

/*
 * Output of predictions: as a table, CSV or JSON; restored images as files.
 */

/** Predictions with the names of their inputs. */
export interface Named {
  readonly names: readonly string[]
  readonly description: PeerDescription
  readonly prediction: Prediction
}

/** One answer. */
type Row = readonly (string | number)[]

/** Rounds to six digits, the precision of float32. */
function rounded(value: number): number {
  return Number(value.toPrecision(6))
}

function headOf({ description: { objective, classes }, prediction: { listened } }: Named): string[] {
  const answers = objective.kind === 'regression' ? [objective.target] : ['class', ...classes.map(name => `p(${name})`)]
  return [
    'input',
    ...answers,
    ...(listened === undefined
      ? []
      : ['own', ...listened.heads.map(({ name }) => name)].map(name => `weight(${name})`)),
  ]
}

function rowsOf({ names, description, prediction }: Named): Row[] {
  const { outputs, width, listened } = prediction
  const best = mostProbable(prediction)
  return names.map((name, i) => {
    const values = [...outputs.subarray(i * width, (i + 1) * width)].map(rounded)
    const voices = 1 + (listened?.heads.length ?? 0)
    const weights =
      listened === undefined ? [] : [...listened.weights.subarray(i * voices, (i + 1) * voices)].map(rounded)
    const answer = description.objective.kind === 'regression' ? values : [description.classes[best[i]!]!, ...values]
    return [name, ...answer, ...weights]
  })
}

/** RFC 4180, one line a sample. */
export function csvOf(named: Named): string {
  const cell = (value: string | number): string => {
    const text = String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [headOf(named), ...rowsOf(named)].map(row => `${row.map(cell).join(',')}\n`).join('')
}

/** A table for people. */
export function tableOf(named: Named, width?: number): string {
  const text = (value: string | number): string => (typeof value === 'number' ? value.toPrecision(4) : shown(value))
  return `${wideTable(
    headOf(named),
    rowsOf(named).map(row => row.map(text)),
    width,
  )}\n`
}

/**
 * An array of objects: `input`, `class` and `probabilities` by name, or `value`; where other peers' heads were used,
 * `weights` by peer id.
 */
export function jsonOf({ names, description, prediction }: Named): string {
  const { outputs, width, listened } = prediction
  const best = mostProbable(prediction)
  const { objective, classes } = description
  const byName = (keys: readonly string[], values: Float32Array): Record<string, number> =>
    Object.fromEntries(keys.map((key, k) => [key, rounded(values[k]!)]))
  const answers = names.map((input, i) => {
    const values = outputs.subarray(i * width, (i + 1) * width)
    const voices = 1 + (listened?.heads.length ?? 0)
    return {
      input,
      ...(objective.kind === 'regression'
        ? { value: rounded(values[0]!) }
        : { class: classes[best[i]!]!, probabilities: byName(classes, values) }),
      ...(listened && {
        weights: byName(
          ['own', ...listened.heads.map(({ peer }) => peer)],
          listened.weights.subarray(i * voices, (i + 1) * voices),
        ),
      }),
    }
  })
  return `${JSON.stringify(answers, null, 1)}\n`
}

/**
 * Writes restored images as PNG files, one a sample, named after their inputs.
 *
 * @param folder - created if missing; must be empty
 */
export async function writeImages(folder: string, { names, description, prediction }: Named): Promise<void> {
  await makeEmptyFolder(folder)
  const [height, width, channels] = description.inputShape as [number, number, 1 | 3]
  const { default: sharp } = await import('sharp')
  const used = new Set<string>()
  for (const [i, name] of names.entries()) {
    const values = prediction.outputs.subarray(i * prediction.width, (i + 1) * prediction.width)
    const stem = basename(name, extname(name))
    // Folders of different classes may contain images of the same name.
    const file = used.has(stem) ? `${stem}-${i}` : stem
    used.add(file)
    const image = await sharp(
      Uint8Array.from(values, value => Math.round(value * 255)),
      { raw: { height, width, channels } },
    )
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer()
    const path = join(folder, `${file}.png`)
    try {
      await replaceFile(path, image)
    } catch (error) {
      throw explainDisk(error, path, 'Not every image was written; those that are there are whole')
    }
  }
}
