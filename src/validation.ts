import type * as z from 'zod'
import { type ErrorCode, HearsayError } from './errors.js'

/** Turns the path of a field in a parsed document into "line:column", for files that have lines. */
export type Locate = (path: PropertyKey[]) => string | undefined

/**
 * Checks `value` against `schema` and returns it with its defaults filled in.
 *
 * @param source - what the user knows the value by: a file name or "the command line"
 * @param locate - where in that file a field stands, when it can be told
 * @throws {@link HearsayError} with one line: source, place, field, what is wrong and what is allowed
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  source: string,
  code: ErrorCode,
  locate?: Locate,
): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  const issue = deepest(result.error.issues[0]!)
  const field = issue.path.map(String).join('.')
  // An unknown field has a line of its own; its path is that of the section it stands in.
  const place = locate?.(issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path)
  throw new HearsayError(
    code,
    `${place === undefined ? source : `${source}:${place}`}: ${field === '' ? '' : `${field}: `}${sentence(issue)}`,
  )
}

/** In a union the error of the branch that came furthest says most. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const branches = issue.errors.filter(branch => branch.length > 0).map(branch => deepest(branch[0]!))
  const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a), branches[0]!)
  return best.path.length === 0 ? issue : { ...best, path: [...issue.path, ...best.path] }
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown field ${issue.keys.map(key => JSON.stringify(key)).join(', ')}; remove it or check its spelling`
    case 'invalid_value':
      return `${shown(issue.input)}must be one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}`
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}`
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; expected ${issue.expected}`
        : `must be ${article(issue.expected === 'int' ? 'whole number' : issue.expected)}`
    case 'invalid_union':
      // Of a choice between kinds of values; a union with a message of its own has no branches left to speak.
      return issue.errors.length === 0
        ? issue.message
        : [...new Set(issue.errors.flatMap(branch => branch.slice(0, 1).map(sentence)))].join(', or ')
    default:
      return issue.message
  }
}

function shown(input: unknown): string {
  return input === undefined ? '' : `${JSON.stringify(input)} is not allowed; `
}

function unit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''
}

function article(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`
}
