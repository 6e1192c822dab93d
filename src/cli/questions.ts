import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { type CANCEL_SYMBOL, cancel, intro, isCancel, select, text } from '@clack/prompts'
import { isOfRows, shippedSets } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import { inMidLine, nameOf, wordsOf } from '../json-schema.js'
import { defaultMethod } from '../methods/index.js'
import { defaultModel, defaultModelOfRows, manifestJsonSchema, parseManifest } from '../node/index.js'
import type { RunFlags } from './run-flags.js'

/** Options of `hearsay init`, from flags and from answers. */
export interface InitOptions extends RunFlags {
  readonly minPeers?: number
  readonly out?: string
  readonly yes?: boolean
  readonly force?: boolean
}

/** The streams on which questions are asked. */
export interface Asking {
  readonly input: Readable
  readonly output: Writable
  /** Ends the questions as Ctrl-C does. */
  readonly signal: AbortSignal
}

const own = 'own'

/** Thrown and caught in this file alone: cancelling one question ends them all. */
class Cancelled extends Error {}

/**
 * Asks the user for what the flags do not specify.
 *
 * @returns the flags with the answers; undefined when the user cancels
 */
export async function askForRun(flags: InitOptions, where: Asking): Promise<InitOptions | undefined> {
  // A separate signal, since each question leaves a listener on the one that it gets.
  const until = createDeadline(where.signal)
  const asking = { ...where, signal: until.signal }
  intro('A run of Hearsay: what is learned, by whom, and how.', asking)
  try {
    const data = flags.data ?? (await dataAsked(asking))
    // In the order of the questions; a value from a flag is not asked for.
    const model = flags.model ?? (await modelAsked(data, flags, asking))
    const share = flags.share ?? (await shareAsked(asking))
    const merge = flags.merge ?? (await mergeAsked(asking))
    const topology = flags.topology ?? (await topologyAsked(asking))
    const rounds = flags.rounds ?? (await numberAsked('rounds', 'How many rounds?', asking))
    const minPeers =
      flags.minPeers ?? (await numberAsked('minPeers', 'How many peers must be there before the run begins?', asking))
    const out = flags.out ?? (await outAsked(flags.force === true, asking))
    return { ...flags, data, model, share, merge, topology, rounds, minPeers, out }
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    cancel('Nothing was written.', asking)
    return undefined
  } finally {
    until.clear()
  }
}

async function dataAsked(asking: Asking): Promise<string> {
  const shipped = Object.entries(shippedSets).map(([value, { title }]) => ({ value, label: value, hint: title }))
  const answer = await answered(
    select({
      ...asking,
      message: 'What is learned from?',
      options: [...shipped, { value: own, label: 'your own', hint: 'IDX, NPZ, CIFAR-10, CSV, a folder of images' }],
    }),
  )
  if (answer !== own) return answer
  const required = (path: string | undefined): string | undefined =>
    path === undefined || path.trim() === '' ? 'A path is needed.' : undefined
  return answered(
    text({ ...asking, message: 'Where is it?', placeholder: 'path of a file or folder', validate: required }),
  )
}

async function modelAsked(data: string, { superResolution }: InitOptions, asking: Asking): Promise<string> {
  const isTable = await isOfRows({ set: data })
  return answered(
    select({
      ...asking,
      message: 'Which model?',
      initialValue: isTable ? defaultModelOfRows : defaultModel,
      // Only one model restores images, and it does nothing else.
      options: kindsToChoose('model').filter(({ value }) => (value === 'sr') === (superResolution !== undefined)),
    }),
  )
}

/** The kinds of a section, each with its description. */
function kindsToChoose(section: 'model' | 'merge' | 'topology'): { value: string; hint: string }[] {
  return wordsOf(manifestJsonSchema().properties![section]!).map(kind => ({
    value: nameOf(kind).name as string,
    hint: inMidLine(kind.description!),
  }))
}

function shareAsked(asking: Asking): Promise<string> {
  return answered(
    select({
      ...asking,
      message: 'What do peers hand to each other?',
      options: [
        { value: 'all', hint: 'the whole model' },
        { value: 'head', hint: 'its last layer; the rest stays with each peer' },
      ],
    }),
  )
}

function mergeAsked(asking: Asking): Promise<string> {
  return answered(
    select({
      ...asking,
      message: 'How do they merge?',
      initialValue: defaultMethod,
      options: kindsToChoose('merge'),
    }),
  )
}

function topologyAsked(asking: Asking): Promise<string> {
  return answered(
    select({ ...asking, message: 'Which peers hand heads to which?', options: kindsToChoose('topology') }),
  )
}

/** Asks the user for a number of the manifest, whose schema has its bounds and its default. */
async function numberAsked(field: 'rounds' | 'minPeers', message: string, asking: Asking): Promise<number> {
  const usual = String(parseManifest({})[field])
  const validate = (typed: string | undefined): string | undefined => {
    try {
      parseManifest({ [field]: Number(typed || usual) }, 'Not so')
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  const typed = await answered(text({ ...asking, message, placeholder: usual, defaultValue: usual, validate }))
  return Number(typed)
}

function outAsked(force: boolean, asking: Asking): Promise<string> {
  const usual = 'run.yaml'
  const isFree = (path: string | undefined): string | undefined =>
    !force && existsSync(path === undefined || path === '' ? usual : path)
      ? 'It is there already; name another.'
      : undefined
  return answered(
    text({ ...asking, message: 'Where is it written?', placeholder: usual, defaultValue: usual, validate: isFree }),
  )
}

async function answered<T extends string>(answer: Promise<T | typeof CANCEL_SYMBOL>): Promise<T> {
  const value = await answer
  if (isCancel(value)) throw new Cancelled()
  return value
}
