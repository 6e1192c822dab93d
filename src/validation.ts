import * as z from 'zod'
import { type ErrorCode, HearsayError } from './errors.js'
import { didYouMean } from './nearest.js'

/** Turns the path of a field in a parsed document into "line:column", for files that have lines. */
export type Locate = (path: PropertyKey[]) => string | undefined

/** A section that may be written as one word, which is then the value of its main field: `topology: ring`. */
export function orOneWord<S extends z.ZodType>(field: string, section: S) {
  return z
    .preprocess((input: string | z.input<S>) => (typeof input === 'string' ? { [field]: input } : input), section)
    .meta({ word: field })
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
  return undefined
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

/** In a union the error of the branch that got furthest is the most specific. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const branches = issue.errors.filter(branch => branch.length > 0).map(branch => deepest(branch[0]!))
  const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a), branches[0]!)
  return best.path.length === 0 ? issue : { ...best, path: [...issue.path, ...best.path] }
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown field ${issue.keys.map(key => JSON.stringify(key)).join(', ')}${issue.message || '; remove it or check its spelling'}`
    case 'invalid_value':
      return notAllowed(issue.input, issue.values)
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}`
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}`
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; expected ${issue.expected}`
        : `must be ${article(issue.expected === 'int' ? 'whole number' : issue.expected)}`
    case 'invalid_union':
      // A choice between kinds of values; a union with a message of its own has no errors of branches.
      return issue.errors.length === 0
        ? issue.message
        : [...new Set(issue.errors.flatMap(branch => branch.slice(0, 1).map(sentence)))].join(', or ')
    default:
      return issue.message
  }
}

function notAllowed(input: unknown, allowed: readonly unknown[]): string {
  const names = allowed.map(String)
  // A list or a map may be as long and as deep as its file; its place is reported anyway.
  const shown = input === undefined || typeof input === 'object' ? '' : `${JSON.stringify(input)} is not allowed; `
  return `${shown}must be ${oneOf(names)}${didYouMean(input, names)}`
}

function oneOf(names: readonly unknown[]): string {
  return `${names.length > 1 ? 'one of ' : ''}${names.join(', ')}`
}

function unit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''
}

function article(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`
}
