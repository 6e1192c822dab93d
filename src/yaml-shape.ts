import { Lexer } from 'yaml'

/*
 * A look at a YAML text before the parser sees it. The parser descends into what is nested, and a few kilobytes of
 * brackets end the process where nothing can be caught; the lexer goes through a text once and descends into nothing.
 */

/** What a text may be made of; a topology of 1,024 members with all their edges is far below. Each has a test. */
export const yamlLimits = {
  /** A manifest or a topology is a page or two; more is a mistake, or a file meant to fill the memory. */
  bytes: 1 << 20,
  /** Lists and maps within each other; a manifest has 5. */
  depth: 32,
  /** Values without keys are bounded by the bytes. */
  keys: 10_000,
  /** Aliases multiply: a few lines can stand for gigabytes ("billion laughs"). */
  aliases: 50,
} as const

const marks: ReadonlySet<string> = new Set(['\x02', '\x18', '\x1f'])

export type YamlLimits = Readonly<Record<keyof typeof yamlLimits, number>>

/**
 * Why a text is not parsed, in words that follow its name.
 *
 * @returns undefined for a text within the limits, which need not be YAML
 */
export function shapeProblem(text: string, limits: YamlLimits = yamlLimits): string | undefined {
  const over = (what: string, most: number): string => `${what}; at most ${most} are read. Is it the right file?`
  // No UTF-8 is shorter than one byte a unit.
  if (text.length > limits.bytes) return over(`more than ${limits.bytes} bytes`, limits.bytes)
  let [keys, aliases, brackets] = [0, 0, 0]
  // Blocks nest by columns: one inside of another stands further to the right, on this line or a later one.
  const columns: number[] = []
  let column = 0
  for (const token of new Lexer().lex(text)) {
    // Tokens that mark a beginning or an end have no length.
    if (marks.has(token)) continue
    const begins = column
    column = token.endsWith('\n') ? 0 : column + token.length
    const sign = token[0]!
    if (sign === ':') keys++
    else if (sign === '*') aliases++
    else if (sign === '[' || sign === '{') brackets++
    else if (sign === ']' || sign === '}') brackets = Math.max(0, brackets - 1)
    if (brackets === 0 && /[^\s#,]/.test(token)) nest(columns, begins)
    if (keys > limits.keys) return over(`more than ${limits.keys} keys`, limits.keys)
    if (aliases > limits.aliases) return over(`more than ${limits.aliases} aliases`, limits.aliases)
    if (brackets + columns.length > limits.depth) {
      return over(`lists and mappings nested more than ${limits.depth} deep`, limits.depth)
    }
  }
  return undefined
}

/** Keeps the columns of the blocks that are still open: those to the left of `column`, where something begins. */
function nest(columns: number[], column: number): void {
  while (columns.length > 0 && columns.at(-1)! >= column) columns.pop()
  columns.push(column)
}
