import { methodOf } from '../methods/index.js'
import { planOf } from '../node/index.js'
import type { AuditFindings } from './audit.js'
import type { Audited } from './audited.js'
import { leastOthers } from './membership/roc.js'
import type { AuditOptions } from './options.js'

/** An audit as it is kept: plain data, for its page, its file and the terminal. */
export interface AuditReport extends AuditFindings {
  readonly format: 'hearsay audit 1'
  /** The peer's name. */
  readonly peer: string
  /** The run's data, as its manifest calls them. */
  readonly data: string
  /** Kind of the model, and how many numbers it has. */
  readonly model: { readonly kind: string; readonly parameters: number }
  readonly merge: string
  /** ε of the run; null where nothing is added to what is handed over. */
  readonly budget: number | null
  /** Of its own records. */
  readonly owned: number
  readonly rounds: number
  readonly seed: number
  readonly quick: boolean
  /** What was not attacked, and why, a sentence each. */
  readonly leftOut: readonly string[]
}

/** What was found, with what it was found of. */
export function reportOf(
  audited: Audited,
  { seed = 0, quick = false }: AuditOptions,
  findings: AuditFindings,
): AuditReport {
  const { manifest, name, model, layout, members } = audited
  return {
    format: 'hearsay audit 1',
    peer: name,
    data: manifest.data.set,
    model: { kind: model.model.kind, parameters: layout.size },
    merge: manifest.merge.method,
    budget: manifest.privacy?.budget ?? null,
    owned: members.samples.size,
    rounds: manifest.rounds,
    seed,
    quick,
    ...findings,
    leftOut: leftOut(audited, findings),
  }
}

/** The same without pictures: no record is in it. */
export function figuresOf({ inversions, ...report }: AuditReport): AuditReport {
  return { ...report, inversions: inversions.map(({ pictures: _, ...inversion }) => inversion) }
}

function leftOut(
  { manifest, members, others, head }: Audited,
  { attacks, subjects, inversions, seen, models, records }: AuditFindings,
): string[] {
  const sentences: string[] = []
  if (members.subjects === undefined) {
    sentences.push('Subjects: the data do not say which records are of one subject; data.groupColumn does.')
  } else if (others.subjects === undefined || subjects === undefined) {
    sentences.push('Subjects: there are too few with records that no peer was trained on.')
  }
  if (inversions.length === 0) sentences.push(`Reconstruction: no attack is known here for ${seen}.`)
  if (inversions.some(({ way }) => way === 'search')) {
    sentences.push('A whole round was not searched: the search is for the inputs of one step.')
  }
  const told = subjects === undefined ? attacks : [...attacks, subjects]
  if (told.some(({ found }) => found === undefined)) {
    const fewest = subjects === undefined ? records : Math.min(records, subjects.others)
    sentences.push(
      `Found at 1 % false: of ${fewest} others one is more than 1 %; it takes ${leastOthers} that no peer was trained on.`,
    )
  }
  const { head: _, ...beside } = planOf(manifest, head).says.parts
  if (Object.keys(beside).length > 0) {
    sentences.push(`Beside the model travels, and was not attacked: ${Object.keys(beside).join(', ')}.`)
  }
  const { answers, name } = methodOf(manifest.merge)
  if (answers !== undefined) {
    sentences.push(
      `What a peer answers by the models of others, as ${name} does, was not attacked: the model that it hands over was.`,
    )
  }
  if (manifest.masks !== undefined && models === 1) {
    sentences.push('Masks: a neighbour sees a sum; one model by itself was attacked, which is more.')
  }
  return sentences
}
