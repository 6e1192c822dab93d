import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')

/** Folders of src with files in them, as "src/gossip/host". */
const folders = [
  ...new Set(
    readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, '.').slice(root.length).replaceAll('\\', '/').replace(/\/$/, '')),
  ),
].sort()
const rooms = folders.filter(folder => dirname(folder) === 'src').map(folder => folder.slice('src/'.length))

/** By room, those that it may import from: its line in lint/rooms.grit. */
function knownToLint(): Map<string, Set<string>> {
  const rules = readFileSync(join(root, 'lint/rooms.grit'), 'utf8')
  const lines = rules.matchAll(/src\/([a-z]+)\/\.\*",\s+\$source <: not r"\.\*\/(?:\(\?:)?([a-z|]+)\)?\/\.\*"/g)
  const known = new Map([...lines].map(([, room, names]) => [room!, new Set(names!.split('|'))]))
  // Above all others, it has no line.
  return known.set('cli', new Set(rooms))
}

/** By room, those to which an arrow of the picture goes. */
function arrowsOfPicture(): Map<string, string[]> {
  const arrows = new Map(rooms.map(room => [room, [] as string[]]))
  for (const [, from, to] of page.matchAll(/^ {2}([a-z]+) --> ([a-z &]+)$/gm))
    arrows.get(from!)!.push(...to!.split(' & '))
  return arrows
}

it('docs/architecture.md has every folder of src, and no other', () => {
  const named = [...page.matchAll(/^(src[a-z/]*)\/ {2,}\S/gm)].map(([, folder]) => folder!)
  expect([...named].sort()).toEqual(folders)
})

it('its picture shows who may import from whom, as lint has it', () => {
  const known = knownToLint()
  const arrows = arrowsOfPicture()
  const reached = (room: string): string[] => [room, ...arrows.get(room)!.flatMap(reached)]
  expect(rooms.filter(room => !known.has(room))).toEqual([])
  for (const room of rooms) {
    const forbidden = arrows.get(room)!.filter(other => !known.get(room)!.has(other))
    const along = new Set(reached(room))
    const hidden = [...known.get(room)!].filter(other => rooms.includes(other) && !along.has(other))
    expect({ room, forbidden, hidden }).toEqual({ room, forbidden: [], hidden: [] })
  }
})
