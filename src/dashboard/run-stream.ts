import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeadline, inTime } from '../deadline.js'
import { asPageJson, type KeptSummary, readAbout } from '../report/index.js'
import { whenRefused } from '../system-errors.js'
import type { WatchedPeer } from './peer-view.js'
import { type Piece, type Place, pieceBehind } from './pieces.js'

/** From one look at the folder to the next, while a browser watches: soon enough for a person. */
const lookMs = 250
/** From one view of the peer to the next. */
const peerMs = 1000
/** From a browser's loss of its connection to its next attempt. */
const retryMs = 1000
/** Browsers pass on no event without data. */
const nothing = '-'

export interface RunStreamInit {
  readonly folder: string
  /** What is known of the run before its summary is there. */
  readonly known?: KeptSummary
  readonly peer?: WatchedPeer
  /** Aborted when the stream is to end, with all that is in the folder then. */
  readonly ending: AbortSignal
}

/**
 * A run as Server-Sent Events, for one browser: the lines of its metrics.jsonl, many a message, each with the place
 * behind it as its id, so that a browser that was cut off goes on where it was, and one that comes late has all.
 * `again` forgets the lines before, `run` has what other files hold, `peer` the peer's view, and `end` is the last.
 *
 * Nothing is kept for a browser: the file is read when its socket has room, so that one that stalls costs nothing.
 *
 * @param gone - aborted when the browser is: who waits for a run's next line would not notice, and look for ever
 */
export async function* runStream(
  init: RunStreamInit,
  lastId: string | undefined,
  gone: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { folder, known, peer, ending } = init
  let place = placeIn(lastId)
  let told: string | undefined
  let seenAt = Number.NEGATIVE_INFINITY
  yield `retry: ${retryMs}\n\n`
  const until = createDeadline(ending, gone)
  try {
    for (;;) {
      // Looked at before the files: what is written until then is read.
      const isLast = ending.aborted
      const summary = await versionOf(join(folder, 'summary.json'))
      if (summary !== told) {
        yield message('run', asPageJson(await readAbout(folder, known)))
        told = summary
      }
      for (;;) {
        const piece = await pieceBehind(join(folder, 'metrics.jsonl'), place)
        if (piece === undefined) break
        if (piece.isFirst && place !== undefined) yield message('again', nothing)
        place = piece.place
        yield messageOf(piece)
      }
      if (peer !== undefined && (isLast || performance.now() - seenAt >= peerMs)) {
        seenAt = performance.now()
        yield message('peer', asPageJson(await peer.view()))
      }
      if (isLast) return yield message('end', nothing)
      // A new one each time: what waits for a promise that never settles is kept as long as that is.
      await inTime(new Promise<never>(() => {}), lookMs, until.signal)
      if (gone.aborted) return
    }
  } finally {
    until.clear()
  }
}

/** Changes when the file does. */
async function versionOf(path: string): Promise<string> {
  const found = await stat(path).catch(whenRefused())
  return found === undefined ? 'none' : `${found.ino} ${found.mtimeMs} ${found.size}`
}

function message(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`
}

/** A return within a line would end it for a browser, and what follows would be a field of the stream. */
function messageOf({ text, place: { file, offset } }: Piece): string {
  return `id: ${file}.${offset}\ndata: ${text.replaceAll('\r', ' ').replaceAll('\n', '\ndata: ')}\n\n`
}

/** The place that an id names; undefined, which is the file's beginning, for any other text. */
function placeIn(id: string | undefined): Place | undefined {
  const [, file, offset] = /^(\d{1,20})\.(\d{1,15})$/.exec(id ?? '') ?? []
  return file === undefined ? undefined : { file, offset: Number(offset) }
}
