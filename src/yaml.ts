import { readFile, stat } from 'node:fs/promises'
import { LineCounter, parseDocument } from 'yaml'
import { type ErrorCode, HearsayError } from './errors.js'
import { whyNot } from './system-errors.js'
import type { Locate } from './validation.js'

/** A manifest or a topology is a page or two; more is a mistake, or a file meant to fill the memory. */
export const yamlLimitBytes = 1 << 20

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
    const { size } = await stat(path)
    if (size > yamlLimitBytes) {
      throw new HearsayError(code, `${path}: ${size} bytes; at most ${yamlLimitBytes} are read`)
    }
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof HearsayError) throw error
    throw new HearsayError(code, `${path}: ${whyNot(error)}`, { cause: error })
  }
  return parseYaml(text, path, code)
}

/** The same for a text that is already here; `source` is what errors call it. */
export function parseYaml(text: string, source: string, code: ErrorCode): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${line}:${col}`
  }
  const broken = document.errors[0]
  if (broken !== undefined) {
    const what = broken.code === 'MULTIPLE_DOCS' ? 'a second document begins here ("---"); keep one' : broken.message
    throw new HearsayError(code, `${source}:${place(broken.pos[0])}: ${what}`)
  }
  let value: unknown
  try {
    // Aliases multiply: a few lines can stand for gigabytes ("billion laughs"). No manifest needs more than a few.
    value = document.toJS({ maxAliasCount: 50 })
  } catch (error) {
    throw new HearsayError(code, `${source}: ${(error as Error).message}`, { cause: error })
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
