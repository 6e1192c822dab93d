import type { PeerView } from '../src/dashboard/peer-view.js'
import { shown } from '../src/foreign.js'
import type { RunAbout } from '../src/report/data.js'
import { createRecord } from '../src/watch/record/record.js'
import type { RunRecord } from '../src/watch/record/shape.js'

/** A run as far as it has come to this page. */
export interface Followed {
  readonly about: RunAbout | undefined
  readonly record: RunRecord
  /** The view of the peer in the field whose run it is. */
  readonly peer: PeerView | undefined
  /** `ended`: nothing more comes. */
  readonly state: 'connecting' | 'following' | 'lost' | 'ended'
}

/** The least time from one redraw to the next. */
const redrawMs = 250
/** A redraw may take this share of the time, so that scrolling and pointing stay smooth beside it. */
const drawingShare = 0.25

/** Follows the run of this page's server. @param draw - called at most every {@link redrawMs}, in a frame */
export function follow(draw: (followed: Followed) => void): void {
  let record = createRecord()
  let about: RunAbout | undefined
  let peer: PeerView | undefined
  let state: Followed['state'] = 'connecting'
  let isPlanned = false
  let nextAt = 0

  const changed = (): void => {
    if (isPlanned) return
    isPlanned = true
    setTimeout(() => requestAnimationFrame(redraw), Math.max(0, nextAt - performance.now()))
  }
  const redraw = (): void => {
    isPlanned = false
    const startedAt = performance.now()
    draw({ about, record: harmless(record.record()), peer, state })
    nextAt = startedAt + Math.max(redrawMs, (performance.now() - startedAt) / drawingShare)
  }

  const source = new EventSource('events')
  const on = (name: string, take: (data: string) => void): void =>
    source.addEventListener(name, event => {
      take((event as MessageEvent<string>).data)
      changed()
    })
  on('message', lines => {
    for (const line of lines.split('\n')) record.addLine(line)
  })
  on('again', () => {
    record = createRecord()
  })
  on('run', data => {
    about = JSON.parse(data) as RunAbout
  })
  on('peer', data => {
    peer = JSON.parse(data) as PeerView
  })
  on('end', () => {
    state = 'ended'
    source.close()
  })
  source.addEventListener('open', () => {
    state = 'following'
    changed()
  })
  source.addEventListener('error', () => {
    if (state !== 'ended') state = 'lost'
    changed()
  })
}

/** What peers call themselves may hide or turn other text. */
function harmless(record: RunRecord): RunRecord {
  return { ...record, members: record.members.map(({ name, ...member }) => ({ ...member, name: shown(name) })) }
}
