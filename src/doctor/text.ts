import pc from 'picocolors'
import { shown } from '../foreign.js'
import { byteCount, count, countOf, deviceText, wideTable } from '../watch/index.js'
import type { Diagnosis } from './diagnosis.js'

/**
 * The diagnosis for people.
 *
 * @param width - of the terminal, in characters; left out, the table may have any width
 */
export function diagnosisText(diagnosis: Diagnosis, width?: number): string {
  const { node, platform, device, cores, usableCores, ports, hosts, folder } = diagnosis
  const used = usableCores === cores ? '' : `, ${usableCores} of them for us`
  const free = folder.freeBytes === undefined ? '' : `, ${byteCount(folder.freeBytes)} free`
  const machine: [string, string][] = [
    ['Node', `${node} on ${platform}`],
    ['machine', `${deviceText(device)}, ${countOf(cores, 'core')}${used}`],
  ]
  const around: [string, string][] = [
    ['ports', mark(ports.loopback)],
    ['', mark(ports.all)],
    ['peers', mark(hosts)],
    ['runs', mark({ ...folder, text: `${folder.text}${free}` })],
  ]
  const rows = (lines: [string, string][]): string =>
    lines.map(([name, value]) => `${pc.dim(name.padEnd(9))}${value}`).join('\n')
  return [rows(machine), '', backendTable(diagnosis, width), ...absent(diagnosis), '', rows(around)].join('\n')
}

/** The star stands in the column of names, which goes on in every block of a table that is too wide. */
function backendTable({ backends, auto }: Diagnosis, width: number | undefined): string {
  const rows = backends.map(test => {
    if (!test.ok) return [`  ${test.name}`, pc.dim('not here'), '', '', '', '']
    const { report, workers, samplesPerSecond } = test
    return [
      test.name === auto ? `${pc.green('*')} ${pc.bold(test.name)}` : `  ${test.name}`,
      deviceText(report.device),
      report.version,
      String(workers),
      report.threads === 0 ? 'its own' : String(report.threads),
      samplesPerSecond === undefined ? 'too slow to measure' : count(Math.round(samplesPerSecond)),
    ]
  })
  return wideTable(['  backend', 'device', 'version', 'workers', 'threads', 'samples/s'], rows, width)
}

/** Lines under the table, whose columns they would break: what the star means, and why other backends are missing. */
function absent({ backends, auto }: Diagnosis): string[] {
  const lines = backends.flatMap(test => (test.ok ? [] : [shown(`${test.name}: ${test.reason}`, 400)]))
  const star = auto === null ? 'No backend works.' : `* what --backend auto takes; the default model, batch 32`
  return ['', pc.dim(star), ...lines]
}

function mark({ ok, text }: { readonly ok: boolean; readonly text: string }): string {
  return ok ? shown(text) : pc.red(`not: ${shown(text)}`)
}
