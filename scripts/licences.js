import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The package of a bundled file, by its path; undefined for a file of ours. */
function packageOf(file) {
  return file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]
}

/**
 * The licences of bundled packages as one text: they ask that it go with what is made from them.
 *
 * @param {Iterable<string>} files - paths of bundled files, ours among them
 * @throws where a package has no licence's text
 */
export function licencesOf(files) {
  const folders = new Map()
  for (const file of files) {
    const name = packageOf(file)
    if (name !== undefined) folders.set(file.slice(0, file.lastIndexOf(`/${name}/`) + name.length + 1), name)
  }
  const texts = [...folders].sort().map(([folder, name]) => {
    const found = readdirSync(folder).filter(entry => /^licen[cs]e/i.test(entry))
    const texts = found.map(entry => readFileSync(join(folder, entry), 'utf8').trim())
    return `${name}\n\n${texts.length > 0 ? texts.join('\n\n') : inReadme(folder)}\n`
  })
  return texts.join(`\n${'-'.repeat(72)}\n\n`)
}

/** What a package without a file for it says of its licence. */
function inReadme(folder) {
  const section = readFileSync(join(folder, 'README.md'), 'utf8').match(/^#+ License\n+([^#]+)/m)
  if (section === null) throw new Error(`${folder} is bundled, and has no licence`)
  return section[1].trim()
}
