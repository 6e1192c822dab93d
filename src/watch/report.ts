import Table from 'cli-table3'
import pc from 'picocolors'
import type { RunSummary } from './summary.js'
import { byteCount, count, duration, percent, small } from './text.js'

/** The summary for people: a table of peers, then what the run amounts to. */
export function report(summary: RunSummary): string {
  return [peerTable(summary), '', outcome(summary), '', figures(summary), ...rejections(summary)].join('\n')
}

function peerTable({ perPeer }: RunSummary): string {
  const alone = perPeer.some(peer => peer.localOnly !== null)
  const table = plainTable(['peer', 'name', 'samples', 'accuracy', ...(alone ? ['alone', 'gain'] : [])])
  for (const { peer, name, samples, accuracy, localOnly, failed } of perPeer) {
    table.push([
      peer,
      name,
      count(samples),
      failed ? `${percent(accuracy)} (killed)` : percent(accuracy),
      ...(alone ? [percent(localOnly), gain(accuracy, localOnly)] : []),
    ])
  }
  return table.toString()
}

function outcome({ accuracy }: RunSummary): string {
  const table = plainTable(['', 'accuracy'])
  if (accuracy.localOnly !== null) table.push(['local only (mean)', percent(accuracy.localOnly)])
  table.push(
    [pc.bold('Hearsay (mean)'), pc.bold(pc.green(percent(accuracy.mean)))],
    ['Hearsay (lowest to highest)', `${percent(accuracy.min)} to ${percent(accuracy.max)}`],
    ['Hearsay (averaged model)', percent(accuracy.ofMean)],
  )
  if (accuracy.centralised !== null) table.push(['centralised (all data in one place)', percent(accuracy.centralised)])
  return table.toString()
}

function figures(summary: RunSummary): string {
  const { bytes, model } = summary
  const rows: [string, string][] = [
    ['consensus distance', small(summary.consensusDistance)],
    ['spectral gap', small(summary.spectralGap)],
    ['sent', `${byteCount(bytes.sent)}, ${byteCount(bytes.perPeerPerRound)} per peer and round`],
    ['shared', `${count(model.shared)} of ${count(model.parameters)} parameters`],
    ['time', `${duration(summary.seconds)}, ${count(Math.round(summary.samplesPerSecond))} samples/s`],
    ['memory', `${count(summary.peakRssMB)} MB at most`],
  ]
  if (summary.absent > 0) rows.push(['heads that did not come', count(summary.absent)])
  return rows.map(([name, value]) => `${pc.dim(name.padEnd(24))}${value}`).join('\n')
}

function rejections({ rejected }: RunSummary): string[] {
  const reasons = Object.entries(rejected).filter(([, times]) => times > 0)
  if (reasons.length === 0) return []
  return [`${pc.dim('rejected'.padEnd(24))}${reasons.map(([reason, times]) => `${reason} ${count(times)}`).join(', ')}`]
}

function gain(accuracy: number | null, localOnly: number | null): string {
  if (accuracy === null || localOnly === null) return '–'
  const points = (accuracy - localOnly) * 100
  const text = `${points >= 0 ? '+' : ''}${points.toFixed(1)}`
  return points >= 0 ? pc.green(text) : pc.red(text)
}

/** A table in which only the head is ruled off. */
export function plainTable(head: string[]): Table.Table {
  return new Table({
    head: head.map(name => pc.dim(name)),
    style: { head: [], border: [], compact: true },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
  })
}
