import { shown } from '../foreign.js'
import { leastSenders, methodOf } from '../methods/index.js'
import { type Manifest, planOf } from '../node/index.js'
import { headSection, layoutOf } from '../tensors/index.js'
import { countOf, graphNames, wideTable } from '../watch/index.js'

const everyPeer = 'every peer of the run'

/** Whether anything is handed over does not depend on what. */
const noHead = headSection(layoutOf([]))

type Row = readonly [what: string, toWhom: string]

/**
 * What a peer reveals by taking part in a run, and to whom: docs/security.md, of one manifest. `start` prints it, and
 * `join` before it asks.
 *
 * @param isClosed - a network key or a list of peers keeps others out, beside what the manifest says
 */
export function revealedTable(manifest: Manifest, isClosed: boolean): string {
  const rows: Row[] = [
    ['your records', 'nobody'],
    ...modelRows(manifest),
    ...ownRows(manifest),
    ['name, peer id, addresses, pace', everyPeer],
    ['sizes and times of messages', 'who sees the network; their contents are encrypted'],
  ]
  const cells = rows.map(row => row.map(cell => shown(cell, 100)))
  return `${wideTable(['revealed', 'to whom'], cells)}\n${entrance(manifest, isClosed)}`
}

/** What is trained on the records, and what it tells of them. */
function modelRows(manifest: Manifest): Row[] {
  const { merge, share, topology, privacy, masks } = manifest
  const isPublished = methodOf(merge).road !== 'neighbours'
  if (!isPublished && planOf(manifest, noHead).steps === 0) return [['your model', 'nobody']]
  const summed = masks === undefined ? '' : `, in a sum with ${countOf(leastSenders(masks) - 1, 'other')} or more`
  const what =
    methodOf(merge).road === 'log' ? 'slopes of the loss on your records' : `${partOf(share)}${summed}, each round`
  const asking = masks === undefined ? '; any other peer on request' : ''
  const whom = isPublished
    ? `${everyPeer}, after you have left too`
    : `neighbours on ${graphNames[topology.kind]}${asking}`
  return [
    [what, whom],
    [
      privacy?.of === 'contribution' ? '  what it tells of all of them' : '  what it tells of one record',
      privacy === undefined ? 'is not bounded (docs/privacy.md)' : boundOf(privacy),
    ],
  ]
}

function partOf(share: string): string {
  if (share === 'all') return 'your whole model'
  if (share === 'head') return 'the head of your model'
  return share === 'body' ? 'your model without its head' : `your model from the layer "${share}" on`
}

function boundOf({ budget, delta }: NonNullable<Manifest['privacy']>): string {
  return `is at most ε ${budget} at ${delta === undefined ? 'a δ of 1e-5 or less' : `δ ${delta}`}`
}

/** What else the records decide. */
function ownRows({ data, task, privacy }: Manifest): Row[] {
  const agrees = data.standardise === 'agreed' || (task?.ranges ?? []).length > 0
  return [
    ['number of records', everyPeer],
    ...(privacy === undefined ? [['loss and accuracy', everyPeer] as const] : []),
    ...(agrees ? [[columnsText(task), everyPeer] as const] : []),
    ...(task === undefined ? [] : [['columns, classes of who began', everyPeer] as const]),
  ]
}

function columnsText(task: Manifest['task']): string {
  const columns = task?.ranges?.length
  return `sums of ${columns === undefined ? 'columns' : countOf(columns, 'column')}, over all peers`
}

/** Who can be such a peer. */
function entrance({ access }: Manifest, isClosed: boolean): string {
  if (isClosed || access !== undefined) return 'Only peers that are let in take part.'
  return 'The run is open: whoever has its address can be such a peer. A key, a list or invitations close it.'
}
