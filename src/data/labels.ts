import { type DataLimits, dataError } from './limits.js'
import type { Part, Source } from './source.js'
import type { ClassSpec } from './spec.js'

/**
 * One spelling for one value: "1", "1.0" and 1 are the same label, as different tools write them, and so are é of one
 * character and of two, as Linux and macOS name folders.
 */
export function canonicalText(value: string | number): string {
  const text = String(value).normalize('NFC').trim()
  const number = Number(text)
  return text !== '' && Number.isFinite(number) ? String(number) : text
}

/** What means the same in whatever language a tool is written in. */
const truths: ReadonlyMap<string, string> = new Map([
  ['1', 'true'],
  ['yes', 'true'],
  ['0', 'false'],
  ['no', 'false'],
])

/** More classes of one letter than this are letters; fewer are words cut short, as M and F. */
const shortAlphabet = 10

/**
 * Two texts that are one in two spellings: "Yes" and "yes ", "not sure" and "not-sure", "true" and "1". Single letters
 * may be distinguished by case, where there are as many as of an alphabet.
 */
export function spelledAlike(texts: Iterable<string>): [string, string] | undefined {
  const seen = new Map<string, string>()
  const all = [...texts]
  const isAlphabet = all.length > shortAlphabet
  for (const text of all) {
    const folded =
      text.length === 1 && isAlphabet
        ? text
        : text
            .normalize('NFKC')
            .toLowerCase()
            .replace(/[\s_-]+/g, ' ')
            .trim()
    const spelling = truths.get(folded) ?? folded
    const other = seen.get(spelling)
    if (other !== undefined) return [other, text]
    seen.set(spelling, text)
  }
  return undefined
}

/** Numbers by value, then texts by code unit: the same order on every machine, whatever its locale. */
export function sortedTexts(texts: Iterable<string>): string[] {
  return [...texts].sort((a, b) => {
    const [x, y] = [Number(a), Number(b)]
    const [aIsNumber, bIsNumber] = [a !== '' && !Number.isNaN(x), b !== '' && !Number.isNaN(y)]
    // Two spellings of a number have an order too, or the lines of a file would decide.
    if (aIsNumber && bIsNumber && x !== y) return x < y ? -1 : 1
    if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1
    return a < b ? -1 : a > b ? 1 : 0
  })
}

/** The classes, and for each label text of the source its class (−1: no class wants it). */
export interface Classes {
  readonly classes: string[]
  readonly classOf: Int32Array
}

/**
 * Turns a source's label texts into classes.
 *
 * @param specs - the data section's `classes`; left out, the source's own labels in their order
 * @param agreed - the classes of the run: then one of them is enough here
 * @throws {@link HearsayError} when the specs contradict each other, or fewer than two classes are left
 */
export function classesOf(
  source: Source,
  specs: readonly ClassSpec[] | undefined,
  path: string,
  limits: DataLimits,
  agreed?: readonly string[],
): Classes {
  const { labelTexts, labelNames } = source
  const classes = specs?.map(spec => (typeof spec === 'string' ? spec : spec.name)) ?? [...(labelNames ?? labelTexts)]
  if (new Set(classes).size < classes.length) throw dataError('data.classes', 'names a class twice; each needs its own')
  if (classes.length > limits.classes) {
    throw dataError(
      path,
      `its label has ${classes.length} different values; at most ${limits.classes} classes are learned`,
    )
  }
  if (classes.length < 2 && agreed === undefined) {
    throw dataError(path, `has only the class "${classes[0] ?? ''}"; list all classes of the run under data.classes`)
  }
  const alike = specs === undefined ? spelledAlike(classes) : undefined
  if (alike?.some(text => agreed?.includes(text) !== true)) {
    throw dataError(
      path,
      `the classes "${alike[0]}" and "${alike[1]}" look like one that is written in two ways; write all alike, or list the classes under data.classes`,
    )
  }
  if (specs === undefined) return { classes, classOf: Int32Array.from(labelTexts, (_, i) => i) }
  const wanted = classTexts(specs)
  return { classes, classOf: Int32Array.from(labelTexts, text => wanted.get(canonicalText(text)) ?? -1) }
}

/**
 * Which class each label text is, as {@link canonicalText} writes it.
 *
 * @throws {@link HearsayError} when a label belongs to two classes
 */
export function classTexts(specs: readonly ClassSpec[]): Map<string, number> {
  const wanted = new Map<string, number>()
  const add = (text: string, index: number): void => {
    if (wanted.has(text))
      throw dataError('data.classes', `gives the label "${text}" to two classes; each belongs to one`)
    wanted.set(text, index)
  }
  for (const [index, spec] of specs.entries()) {
    if (typeof spec === 'string') add(canonicalText(spec), index)
    else for (const label of spec.labels) add(canonicalText(label), index)
  }
  // Plain names stand for 0, 1, … unless some of them are numbers themselves: then a number means that name.
  const named = specs.every(spec => typeof spec === 'string' && Number.isNaN(Number(spec)))
  if (named) for (const index of specs.keys()) add(String(index), index)
  return wanted
}

/**
 * The class of each sample of a part.
 *
 * @throws {@link HearsayError} naming the first sample whose label is no class
 */
export function classLabels(
  part: Part,
  source: Source,
  { classes, classOf }: { classes: readonly string[]; classOf: Int32Array },
): Int32Array {
  return part.labels.map((label, i) => {
    const index = classOf[label]!
    if (index < 0) {
      throw dataError(
        part.place(i),
        `label "${source.labelTexts[label]}" is none of the classes ${classes.join(', ')}; correct it, or list it under data.classes`,
      )
    }
    return index
  })
}
