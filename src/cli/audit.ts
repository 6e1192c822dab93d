import pc from 'picocolors'
import {
  type AuditOptions,
  type AuditProgress,
  type AuditReport,
  attackNames,
  aucText,
  auditPeer,
  figuresOf,
  foundText,
  inversionText,
  inversionVerdict,
  readAudited,
  reportOf,
  separationVerdict,
  updateText,
  wayNames,
  writeAudit,
} from '../audit/index.js'
import { shown } from '../foreign.js'
import { percent, wideTable } from '../watch/index.js'
import type { Run, Terminal } from './command.js'
import { tellReading } from './reading-line.js'

interface AuditFlags extends Pick<AuditOptions, 'seen' | 'shadows' | 'seed' | 'quick' | 'backend'> {
  readonly peer?: string
  readonly out?: string
  readonly json?: boolean
}

export const run: Run<AuditFlags> = async ([folder], { peer, out = folder!, json, ...options }, terminal) => {
  const { stdout, stderr, signal } = terminal
  const audited = await tellReading(stderr, onRead => readAudited(folder!, peer, { signal, onRead }))
  const findings = await tellProgress(stderr, onProgress => auditPeer(audited, { ...options, signal, onProgress }))
  const report = reportOf(audited, options, findings)
  const paths = await writeAudit(out, report)
  if (json) stdout.write(`${JSON.stringify(figuresOf(report))}\n`)
  else
    stdout.write(`${auditText(report, stdout.columns)}\nwritten   ${paths.map(path => shown(path, 1000)).join(', ')}\n`)
  return 0
}

/** On a terminal one line, which is cleared at the end; elsewhere a line for each kind of step. */
async function tellProgress<T>(
  stderr: Pick<Terminal['stderr'], 'isTTY' | 'write'>,
  work: (onProgress: (progress: AuditProgress) => void) => Promise<T>,
): Promise<T> {
  let last = ''
  try {
    return await work(({ doing, done, of }) => {
      if (stderr.isTTY) stderr.write(`\r\u001b[2Kaudit ${done}/${of}  ${doing}`)
      else if (doing !== last) stderr.write(`audit ${done}/${of}  ${doing}\n`)
      last = doing
    })
  } finally {
    if (stderr.isTTY) stderr.write('\r\u001b[2K')
  }
}

/** An audit for people. */
function auditText(report: AuditReport, width: number | undefined): string {
  const { peer, owned, records, rounds, budget, seen, attacks, subjects, inversions, accuracy, leftOut } = report
  const privacy = budget === null ? 'no budget of privacy' : `privacy of ε ${budget}`
  const line = (name: string, text: string): string => `${pc.dim(name.padEnd(9))} ${text}`
  const told = [
    ...attacks.map(({ attack, ...separation }) => ({ what: attackNames[attack], separation })),
    ...(subjects === undefined
      ? []
      : [{ what: `subjects, ${subjects.members} and ${subjects.others}`, separation: subjects }]),
  ]
  return [
    line('peer', `${shown(peer)}: ${owned} records, ${rounds} rounds, ${privacy}`),
    line('seen', shown(seen, 400)),
    line('records', `${records} of the peer's beside ${records} that no peer was trained on, as many of each class`),
    ...(accuracy === undefined
      ? []
      : [line('accuracy', `${percent(accuracy.members)} on the former, ${percent(accuracy.others)} on the latter`)]),
    '',
    wideTable(
      ['who was there?', 'AUC (95 %)', 'advantage', 'found at 1 % false', ''],
      told.map(({ what, separation }) => [
        what,
        aucText(separation),
        separation.advantage.toFixed(2),
        foundText(separation),
        separationVerdict(separation),
      ]),
      width,
    ),
    ...(inversions.length === 0
      ? []
      : [
          '',
          wideTable(
            ['what do records look like?', 'by', 'found', ''],
            inversions.map(inversion => [
              updateText(inversion),
              wayNames[inversion.way],
              inversionText(inversion),
              inversionVerdict(inversion),
            ]),
            width,
          ),
        ]),
    '',
    ...leftOut.map(sentence => line('left out', shown(sentence, 400))),
  ].join('\n')
}
