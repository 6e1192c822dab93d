import * as z from 'zod'
import { type ErrorCode, HearsayError } from './errors.js'
import { didYouMean } from './nearest.js'

/** Turns the path of a field in a parsed document into "line:column", for files that have lines. */
export type Locate = (path: PropertyKey[]) => string | undefined

/**
 * A section that may be written as one word, which is then the value of its main field: `topology: ring`.
 *
 * @param usual - what the main field is where an object leaves it out: a union has no default for what it chooses by.
 *   Left out, it must be there
 */
export function orOneWord<S extends z.ZodType>(field: string, section: S, usual?: string) {
  const asObject = (input: string | z.input<S>): unknown => {
    if (typeof input === 'string') return { [field]: input }
    const isOpen = typeof input === 'object' && input !== null && !Array.isArray(input) && !Object.hasOwn(input, field)
    return isOpen && usual !== undefined ? { [field]: usual, ...input } : input
  }
  return z.preprocess(asObject, section).meta({ word: field })
}

/**
 * Checks `value` against `schema` and returns it with its defaults filled in.
 *
 * @param source - what the user knows the value by: a file name or "the command line"
 * @param locate - where in that file a field stands, when that is known
 * @throws {@link HearsayError} with one line: source, place, field, what is wrong and what is allowed
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  source: string,
  code: ErrorCode,
  locate?: Locate,
): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true, error: allowedInstead })
  if (result.success) return result.data
  const issue = deepest(result.error.issues[0]!)
  const field = issue.path.map(String).join('.')
  // An unknown field has a line of its own; its path is that of the section it stands in.
  const place = locate?.(issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path)
  throw new HearsayError(code, sentence(issue), {
    source,
    ...(place !== undefined && { place }),
    ...(field !== '' && { field }),
  })
}

/**
 * What is allowed in the place of a misspelt field or kind. Only here is the schema known that refused it; the other
 * sentences are made once the issue to report is chosen.
 */
const allowedInstead: z.core.$ZodErrorMap = issue => {
  const definition = issue.inst?._zod.def
  if (issue.code === 'unrecognized_keys' && isObject(definition)) return alternative(issue.keys[0]!, definition.shape)
  if (issue.code === 'invalid_union' && isChoice(definition)) {
    const kind = (issue.input as Record<string, unknown> | null)?.[definition.discriminator]
    const kinds = definition.options.flatMap(option => [...(option._zod.propValues?.[definition.discriminator] ?? [])])
    return kind === undefined ? `is missing; must be ${oneOf(kinds)}` : notAllowed(kind, kinds)
  }
  // Of another union `sentence` tells what is allowed, unless its schema does.
  return issue.code === 'invalid_union' ? '' : undefined
}

type Definition = z.core.$ZodCheckDef | z.core.$ZodTypeDef | undefined

function isObject(definition: Definition): definition is z.core.$ZodObjectDef {
  return definition !== undefined && 'type' in definition && definition.type === 'object'
}

function isChoice(definition: Definition): definition is z.core.$ZodDiscriminatedUnionDef {
  return definition !== undefined && 'discriminator' in definition
}

/**
 * The field that was probably meant: one with a similar name, or the same in another section, as `epochs` beside
 * `training` instead of in it.
 */
function alternative(field: string, shape: z.core.$ZodShape): string {
  const section = Object.keys(shape).find(name => fieldsOf(shape[name]!).includes(field))
  return section === undefined ? didYouMean(field, Object.keys(shape)) : `; did you mean "${section}.${field}"?`
}

/** The fields of a section, also where it is optional or may be written in another way. */
function fieldsOf(section: z.core.$ZodType): readonly string[] {
  const { def } = (section as z.core.$ZodTypes)._zod
  if (def.type === 'object') return Object.keys(def.shape)
  if (def.type === 'union') return def.options.flatMap(option => fieldsOf(option))
  if (def.type === 'pipe') return fieldsOf(def.out)
  return 'innerType' in def ? fieldsOf(def.innerType) : []
}

/**
 * In a union the error of the branch that got furthest is the most specific; of those that got nowhere, that of the only
 * branch whose kind of value it is, as an empty list is refused for being empty.
 */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const branches = issue.errors.filter(branch => branch.length > 0).map(branch => deepest(branch[0]!))
  const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a), branches[0]!)
  if (best.path.length > 0) return { ...best, path: [...issue.path, ...best.path] }
  const [ofKind, ...others] = branches.filter(({ code }) => code !== 'invalid_type')
  const isTold = ofKind !== undefined && others.length === 0 && !choices.has(ofKind.code)
  return isTold ? { ...ofKind, path: issue.path } : issue
}

/** Where one of several words was mistaken, something other than a word may have been meant. */
const choices: ReadonlySet<string> = new Set(['invalid_value', 'invalid_union'])

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown field ${issue.keys.map(key => JSON.stringify(key)).join(', ')}${issue.message || '; remove it or check its spelling'}`
    case 'invalid_value':
      return notAllowed(issue.input, issue.values)
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; expected ${kindNames[issue.expected] ?? issue.expected}`
        : `must be ${article(kindNames[issue.expected] ?? issue.expected)}`
    case 'invalid_union':
      return issue.message === '' ? inOneSentence(issue.errors.flatMap(branch => branch.slice(0, 1))) : issue.message
    default:
      return issue.message
  }
}

/** Kinds of values, as people who write YAML call them. */
const kindNames: Readonly<Record<string, string>> = {
  int: 'whole number',
  array: 'list',
  tuple: 'list',
  object: 'mapping',
  record: 'mapping',
}

/** What each branch of a union asks for: `must be a number or a list`. */
function inOneSentence(issues: readonly z.core.$ZodIssue[]): string {
  const { input } = issues[0]!
  const words = issues.flatMap(issue => (issue.code === 'invalid_value' ? issue.values : []))
  const others = issues.filter(({ code }) => code !== 'invalid_value').map(sentence)
  const sentences = [...(words.length > 0 ? [notAllowed(input, words)] : []), ...new Set(others)]
  const beginning = ['must be ', 'is missing; expected '].find(text => others.every(other => other.startsWith(text)))
  if (beginning === undefined) return sentences.join(', or ')
  const kinds = [...new Set(others)].map(other => other.slice(beginning.length))
  if (words.length > 0) return notAllowed(input, words, kinds)
  const comma = kinds.some(kind => kind.includes(',')) ? ',' : ''
  return `${beginning}${kinds.join(`${comma} or `)}`
}

/** @param others - what is allowed beside these values, as `a list` */
function notAllowed(input: unknown, allowed: readonly unknown[], others: readonly string[] = []): string {
  const names = allowed.map(String)
  // A list or a mapping may be as long and as deep as its file; its place is reported anyway.
  const shown = input === undefined || typeof input === 'object' ? '' : `${JSON.stringify(input)} is not allowed; `
  return `${shown}must be ${[oneOf(names), ...others].join(', or ')}${didYouMean(input, names)}`
}

function oneOf(names: readonly unknown[]): string {
  return `${names.length > 1 ? 'one of ' : ''}${names.join(', ')}`
}

/** A bound of a number, or of how long something is. */
function amount(bound: number | bigint, origin: string): string {
  const isOne = Number(bound) === 1
  if (origin === 'string') return `${bound} character${isOne ? '' : 's'}`
  return origin === 'array' ? `${bound} ${isOne ? 'entry' : 'entries'}` : String(bound)
}

function article(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`
}
