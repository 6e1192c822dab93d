import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where methods are at home: their room, and the mathematics and worker jobs of the mixture. */
const home = /^src\/(methods|mixture)\//

/** Words that have other meanings in code: they name a method only where a method is spoken of. */
const common = new Set(['none', 'averaging'])

function patternOf(name) {
  if (common.has(name)) return new RegExp(`(method|merge)\\b[^\\n]{0,40}['"]${name}['"]`)
  return new RegExp(`(?<![a-z])${name.replaceAll('-', '[-_]?')}(?![a-z-])`, 'i')
}

/** Comments may name papers. */
const codeOf = source => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')

/** Files of `src` in whose code a method is named, but for the room of the methods. */
export function filesNaming(name) {
  const pattern = patternOf(name)
  return readdirSync(join(root, 'src'), { recursive: true })
    .map(file => `src/${file.replaceAll('\\', '/')}`)
    .filter(file => file.endsWith('.ts') && !home.test(file))
    .filter(file => pattern.test(codeOf(readFileSync(join(root, file), 'utf8'))))
    .sort()
}
