import { orNothing } from '../bug.js'
import { AgreementStatement } from '../generated/agreement.js'
import { agreementProtocol } from './protocol.js'

const { limits } = agreementProtocol

/** What a peer publishes while numbers are added up. */
export type Statement =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | {
      readonly kind: 'masked'
      readonly group: Uint8Array
      /** SHA-256 of its seed for the group. */
      readonly commitment: Uint8Array
      readonly part: number
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'seeds'
      readonly group: Uint8Array
      readonly transcript: Uint8Array
      readonly seeds: readonly Uint8Array[]
    }

/** Why a statement was refused. */
export type StatementRejection =
  | 'MALFORMED' // a part with an impossible number or another length; a key that is none
  | 'CONFLICT' // contradicts what its author has published for the same group
  | 'TOO_OFTEN' // more new keys than an honest peer has

export function encodeStatement(statement: Statement): Uint8Array {
  const none = new Uint8Array(0)
  const empty = { key: none, group: none, commitment: none, part: 0, masked: none, seeds: [], transcript: none }
  const bytes = (value: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(value)
  switch (statement.kind) {
    case 'key':
      return AgreementStatement.encode({ ...empty, key: bytes(statement.key) })
    case 'masked': {
      const { group, commitment, part, bytes: masked } = statement
      return AgreementStatement.encode({
        ...empty,
        group: bytes(group),
        commitment: bytes(commitment),
        part,
        masked: bytes(masked),
      })
    }
    case 'seeds': {
      const { group, transcript, seeds } = statement
      const opening = { group: bytes(group), transcript: bytes(transcript), seeds: seeds.map(bytes) }
      return AgreementStatement.encode({ ...empty, ...opening })
    }
  }
}

/** `undefined` for whatever no honest peer publishes. */
export function decodeStatement(data: Uint8Array): Statement | undefined {
  const decoded = orNothing(() => AgreementStatement.decode(data, { limits: { seeds: limits.seeds } }))
  if (decoded === undefined) return undefined
  const { key, group, commitment, part, masked, seeds, transcript } = decoded
  if (key.length > 0) return key.length === 32 && group.length === 0 ? { kind: 'key', key } : undefined
  if (group.length !== 32) return undefined
  if (seeds.length > 0) {
    const fits = transcript.length === 32 && seeds.every(({ length }) => length === 32)
    return fits ? { kind: 'seeds', group, transcript, seeds } : undefined
  }
  return commitment.length === 32 ? { kind: 'masked', group, commitment, part, bytes: masked } : undefined
}
