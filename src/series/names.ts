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

/** A name as that of a folder: no part of a path, no way up, and nothing hidden. */
export function folderOf(name: string): string {
  return fileOf(name).replace(/^\.+|[. ]+$/g, text => text.replaceAll('.', '%2e').replaceAll(' ', '%20')) || '%'
}
