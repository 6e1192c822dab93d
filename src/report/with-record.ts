import { shown } from '../foreign.js'
import { typed } from '../shell.js'
import type { RunRecord } from '../watch/record/shape.js'
import { countOf } from '../watch/text.js'
import type { ReportData, RunAbout } from './data.js'
import { environmentOf, outcomeOf } from './facts.js'

/** Joins what a run folder holds with the run's events. Knows no Node: a browser that follows a run has it too. */
export function withRecord(about: RunAbout, record: RunRecord): ReportData {
  const { name, measure, primary, manifest, classes, contraction, figures, weights, paper, version } = about
  const { peers, graph, summary } = about
  return {
    ...{ name, measure, primary, manifest, classes, contraction, figures, weights, paper, version },
    says: saysOf(about, record),
    environment: environmentOf(summary, record),
    outcome: outcomeOf(about, record),
    rejected: Object.entries(summary.rejected ?? {}).flatMap(([reason, times]) =>
      times > 0 ? [[shown(reason), times] as const] : [],
    ),
    peers: peersOf(record, about),
    untested: untestedOf(about, record),
    // A topology places the peers that its manifest counts; others come and go.
    arrangement: graph !== null && record.members.length !== peers ? 'force' : about.arrangement,
    again: againOf(about, record),
    record,
  }
}

/** Was the run a simulation? Its first event says so. */
export function isSimulation({ run }: RunRecord): boolean {
  return run !== null
}

function saysOf({ method, set, graph, peers, rounds }: RunAbout, record: RunRecord): string {
  const where = graph === null ? 'each with all others' : `on ${graph}`
  const many = isSimulation(record) ? peers : record.members.length
  return `${method} on ${set}: ${countOf(many, 'peer')}, ${where}, ${countOf(rounds, 'round')}`
}

/** By its name: in a simulation peers of a table's column may be named alike by the summary and by events. */
function peersOf({ members }: RunRecord, { summary }: RunAbout): ReportData['peers'] {
  const byName = new Map((summary.perPeer ?? []).map(peer => [peer.name, peer]))
  return members.map(({ peer, name }) => {
    const isOwn = members.length === 1 || peer === summary.id
    const { samples, confusion } = byName.get(name) ?? (isOwn ? summary : {})
    return { samples: samples ?? null, confusion: confusion ?? null }
  })
}

/** A run that was interrupted may have ended behind its last test, or before its first. */
function untestedOf({ summary, measure }: RunAbout, { rounds }: RunRecord): string | null {
  const { interrupted, rounds: done = 0 } = summary
  if (interrupted !== true || measure !== 'accuracy') return null
  const tested = rounds.findLast(({ columns }) => columns.accuracy.some(value => value !== null))
  if (tested === undefined) return 'The run was interrupted before its first test.'
  if (tested.round + 1 >= done) return null
  return `Of the test after round ${tested.round + 1}; the run was interrupted after round ${done}, which was not tested.`
}

function againOf({ folder, mode }: RunAbout, record: RunRecord): ReportData['again'] {
  const path = typed(folder)
  const manifest = typed(`${folder.replace(/\/$/, '')}/manifest.yaml`)
  const { name } = record.members[0] ?? { name: '' }
  const peer = isSimulation(record) ? ` --peer ${typed(name)}` : ''
  return [
    [
      `npx hearsay simulate ${manifest}`,
      isSimulation(record) && mode === 'sync' ? 'the same numbers again' : 'all its peers on one machine',
    ],
    ...(isSimulation(record) ? [] : [[`npx hearsay start ${manifest}`, 'open such a run to others'] as const]),
    [`npx hearsay predict ${path}${peer}`, 'ask a trained model'],
    [`npx hearsay report ${path}`, 'make this report again'],
  ]
}
