import { type Document, isScalar, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'
import { readBounded, whyNotRead } from './bounded-file.js'
import { type ErrorCode, HearsayError } from './errors.js'
import type { Locate } from './validation.js'
import { shapeProblem, type YamlLimits, yamlLimits } from './yaml-shape.js'

export interface YamlFile {
  readonly value: unknown
  /** "line:column" of a field, for errors. */
  readonly locate: Locate
}

/**
 * Reads one YAML file, plain data only.
 *
 * @throws {@link HearsayError} with `code`, naming the file and the place, when it is missing, too large or not YAML
 */
export async function readYaml(path: string, code: ErrorCode): Promise<YamlFile> {
  let text: string
  try {
    text = (await readBounded(path, yamlLimits.bytes, { pipes: true })).toString('utf8')
  } catch (error) {
    throw new HearsayError(code, whyNotRead(error), { source: path, cause: error })
  }
  return parseYaml(text, path, code)
}

/** The same for a text that is already here; `source` is what errors call it. */
export function parseYaml(text: string, source: string, code: ErrorCode, limits: YamlLimits = yamlLimits): YamlFile {
  const problem = shapeProblem(text, limits)
  if (problem !== undefined) throw new HearsayError(code, problem, { source })
  const lines = new LineCounter()
  // The parser compares every key of a map with all others: 20,000 take it 11 s. `repeatedKey` looks them up.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${line}:${col}`
  }
  const broken = document.errors[0]
  if (broken !== undefined) throw new HearsayError(code, `${source}:${place(broken.pos[0])}: ${sentence(broken)}`)
  const twice = repeatedKey(document)
  if (twice !== undefined) {
    throw new HearsayError(code, `${source}:${place(twice.at)}: "${twice.key}" is there twice; keep one of the two`)
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: limits.aliases })
  } catch (error) {
    // Only aliases cause this: one stands for nothing, or a few for too much.
    const said = (error as Error).message
    throw new HearsayError(code, `${said}; write out what the aliases (*) stand for`, { source, cause: error })
  }
  const locate: Locate = path => {
    for (let length = path.length; length >= 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return place(node.range[0])
    }
    return undefined
  }
  return { value, locate }
}

/** What is wrong, and what to do; for rare errors in the parser's words. */
function sentence({ code, message }: YAMLError): string {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'a second document begins here ("---"); keep one'
    case 'TAB_AS_INDENT':
      return 'is indented with a tab; use spaces'
    case 'BAD_INDENT':
      return 'is not indented as what it belongs to, or a bracket before it is not closed'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'has a second ":" in one line; put a value that holds one into quotes, or begin a new line'
    case 'MISSING_CHAR':
      return 'a quote or a bracket is opened and never closed'
    case 'BAD_SCALAR_START':
      return 'a value that begins so must stand in quotes'
    default:
      return `is not YAML here (${message}); compare it with what hearsay init writes`
  }
}

/** A key that a map has twice: which of the two values should hold cannot be known. */
function repeatedKey(document: Document.Parsed): { key: string; at: number } | undefined {
  let found: { key: string; at: number } | undefined
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>()
      for (const { key } of items) {
        const value = isScalar(key) ? String(key.value) : key
        if (keys.has(value) && isScalar(key)) {
          found = { key: String(value), at: key.range?.[0] ?? 0 }
          return visit.BREAK
        }
        keys.add(value)
      }
      return undefined
    },
  })
  return found
}
