import { createHash } from 'node:crypto'
import { fileOf } from '../disk/index.js'
import { shown } from '../foreign.js'
import type { MemberRecord } from '../watch/index.js'

/**
 * What each peer is called in series, by its place: its name, harmless and no longer than 200 characters. Of peers that
 * are called alike, letters small or large, all but the first have the end of their id behind it: they must not share a
 * series or, on a disk that ignores case, a folder.
 */
export function seriesNames(members: readonly Pick<MemberRecord, 'peer' | 'name'>[]): string[] {
  const taken = new Set<string>()
  return members.map(({ peer, name }, place) => {
    const plain = shown(name)
    let free = plain
    for (let number = place; taken.has(free.toLowerCase()); number++) {
      free = free === plain ? `${plain} ${shown(peer.slice(-6))}` : `${plain} ${number}`
    }
    taken.add(free.toLowerCase())
    return free
  })
}

/** The longest name of a folder on the usual disks, in bytes. */
const longestName = 255

/**
 * A name as that of a folder: no part of a path, no way up, nothing hidden, and no longer than disks allow. Of one that is
 * cut the digest stands at the end, so that no two are alike.
 */
export function folderOf(name: string): string {
  const folder = fileOf(name).replace(/^\.+|[. ]+$/g, text => text.replaceAll('.', '%2e').replaceAll(' ', '%20')) || '%'
  if (Buffer.byteLength(folder) <= longestName) return folder
  const end = `~${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
  let begin = ''
  for (const character of folder) {
    if (Buffer.byteLength(begin + character + end) > longestName) break
    begin += character
  }
  return begin + end
}
