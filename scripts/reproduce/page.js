import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const begin = '<!-- made by npm run reproduce: from here on it is written anew -->'
const end = '<!-- made by npm run reproduce: up to here -->'

/** A table in Markdown; the first row is its head. */
export function table([head, ...rows]) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Puts the text in place of what was made before; what else stands on the page stays. */
export function writePage(path, title, text) {
  const made = `${begin}\n\n${text}\n\n${end}`
  const old = existsSync(path) ? readFileSync(path, 'utf8') : `# ${title}\n\n${begin}\n${end}\n`
  const [from, to] = [old.indexOf(begin), old.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} has lost the lines that say where tables go; move it away`)
  writeFileSync(path, `${old.slice(0, from)}${made}${old.slice(to + end.length)}`)
}
